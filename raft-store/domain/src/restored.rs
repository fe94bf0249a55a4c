//! What a new cluster that begins with a backup of an old one changes in the rows: who its nodes are, and how far log
//! indices were moved forward. Everything else stays byte by byte: accounts, sessions, signing keys, idempotency keys,
//! orders, payments, webhooks.

use minicbor::{Decode, Encode};

use crate::keys::{self, key};
use crate::overlay::{Key, Overlay};
use crate::view::Order;
use crate::{Fault, View, codec, journal, tx};

/// How far log indices were moved when the cluster began: there is no entry between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Restored {
    /// The last entry of the old cluster that the state reflects.
    #[n(0)]
    pub from: u64,
    /// The entry that the new cluster's log begins after.
    #[n(1)]
    pub to: u64,
}

impl Restored {
    /// How much of the journal is to be kept, so that entries of the old cluster count as if none had been left out.
    pub fn stretch(self, kept: journal::Kept, index: u64) -> journal::Kept {
        match index.saturating_sub(self.to) {
            since if since < kept.entries => journal::Kept { entries: kept.entries + (self.to - self.from), ..kept },
            _ => kept,
        }
    }
}

fn restored_key() -> Vec<u8> {
    key(keys::META, &[&[2]])
}

/// Whether and from where the cluster began with a backup; the last time, if it was so more than once.
pub fn get(view: &dyn View) -> Result<Option<Restored>, Fault> {
    tx::row(view, &restored_key(), "where the cluster was restored from")
}

/// Forgets who the nodes of the old cluster were and writes down the move. How many were forgotten.
pub fn begin(view: &dyn View, overlay: &mut Overlay, restored: Restored) -> Result<usize, Fault> {
    // Members, invitations and which ids were given lie side by side.
    let members = view.scan(&[keys::MEMBER], &[keys::ROSTER + 1], Order::Forward, usize::MAX)?;
    for (row, _) in &members {
        overlay.delete(Key::new(row));
    }
    overlay.put(Key::new(&restored_key()), codec::encode(&restored));
    Ok(members.iter().filter(|(row, _)| row.starts_with(&[keys::MEMBER])).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;
    use crate::members::{self, Command, Register};

    #[test]
    fn only_who_the_nodes_were_and_the_move_are_changed() {
        let mut machine = Machine::with_drop(5);
        let register = |byte| Command::Register(Register { node_id: 2, incarnation: [byte; 16], secret: None });
        machine.run(register(1)).expect("nobody has the id");
        let before = machine.view.clone();
        let restored = Restored { from: machine.index, to: machine.index + 1_000 };
        let mut overlay = Overlay::default();
        assert_eq!(begin(&machine.view, &mut overlay, restored).expect("memory does not fail"), 1);
        machine.view.write(&mut overlay);
        assert_eq!(get(&machine.view).expect("memory does not fail"), Some(restored));
        assert_eq!(members::get(&machine.view, 2).expect("memory does not fail"), None);
        let differing = before.0.iter().filter(|(key, value)| machine.view.0.get(*key) != Some(value)).count();
        assert_eq!((differing, machine.view.0.len()), (1, before.0.len()), "one row went and one came");
        machine.index = restored.to;
        machine.run(register(7)).expect("the id is free in the new cluster");
    }

    #[test]
    fn the_journal_reaches_back_over_the_gap_until_it_is_long_enough_without() {
        let (restored, kept) = (Restored { from: 500, to: 10_500 }, journal::Kept { entries: 2_000, ms: 1 });
        assert_eq!(restored.stretch(kept, 10_600).entries, 12_000);
        assert_eq!(restored.stretch(kept, 12_500), kept);
    }
}
