use super::{LEFT_BEHIND, LeaveBehind, Member, Reply, table};
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Gives up node ids for good: whoever comes back under one is refused, whatever its data directory.
pub(super) fn leave_behind(tx: &mut Tx, entry: &Entry, command: LeaveBehind) -> Result<Reply, Stop> {
    for node_id in &command.node_ids {
        let index = entry.index;
        let known = table::get(tx, *node_id)?;
        let member = Member {
            node_id: *node_id,
            incarnation: LEFT_BEHIND,
            registered_index: known.as_ref().map_or(index, |known| known.registered_index),
            to_vote: known.as_ref().and_then(|known| known.to_vote),
            promoted_index: known.and_then(|known| known.promoted_index),
            removed_index: Some(index),
        };
        table::put(tx, &member);
    }
    Ok(Reply::LeftBehind(command.node_ids.len() as u32))
}

#[cfg(test)]
mod tests {
    use crate::machine::testing::Machine;
    use crate::members::{Command, LEFT_BEHIND, LeaveBehind, Register, Rejection, get};

    #[test]
    fn a_node_that_was_left_behind_is_refused_under_its_id_for_good() {
        let mut machine = Machine::default();
        let register = |node_id, byte| Command::Register(Register { node_id, incarnation: [byte; 16], secret: None });
        machine.run(register(1, 1)).expect("nobody has the id");
        machine.run(register(2, 2)).expect("nobody has the id");
        machine.run(Command::LeaveBehind(LeaveBehind { node_ids: vec![2, 3] })).expect("it is never rejected");
        for node_id in [2, 3] {
            assert_eq!(machine.run(register(node_id, 2)), Err(Rejection::Removed.into()), "node {node_id}");
            let member = get(&machine.view, node_id).expect("memory does not fail").expect("it is there");
            assert_eq!(member.incarnation, LEFT_BEHIND);
        }
        machine.run(register(1, 1)).expect("the survivor is who it was");
    }
}
