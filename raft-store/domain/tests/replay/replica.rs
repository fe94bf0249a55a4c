//! A replica in memory.

use livedrop_domain::{Applied, MemView, Overlay, apply};

use crate::log::Logged;

/// A row as an apply batch leaves it: its key, and its value or that it is gone.
pub type Written = (Vec<u8>, Option<Vec<u8>>);

#[derive(Debug, Default)]
pub struct Replica {
    pub view: MemView,
    /// What each entry came to.
    pub applied: Vec<Applied>,
}

impl Replica {
    /// Applies a whole log in apply batches of these sizes, over and over.
    pub fn of(log: &[Logged], sizes: &[usize]) -> Replica {
        let (mut replica, mut rest) = (Replica::default(), log);
        let mut sizes = sizes.iter().cycle();
        while !rest.is_empty() {
            let size = *sizes.next().expect("a cycle does not end");
            let (batch, tail) = rest.split_at(size.min(rest.len()));
            replica.apply(batch);
            rest = tail;
        }
        replica
    }

    /// Applies entries that share an overlay, then writes what they left in it. Gives the rows written.
    ///
    /// # Panics
    ///
    /// On a fault: no history of well-formed requests may stop a node.
    pub fn apply(&mut self, batch: &[Logged]) -> Vec<Written> {
        let mut overlay = Overlay::default();
        for entry in batch {
            let applied = apply(&self.view, &mut overlay, entry.index, &entry.payload()).expect("no fault");
            assert_eq!(applied.outcomes.len(), entry.requests.len(), "one outcome for each request");
            self.applied.push(applied);
        }
        let written: Vec<Written> = overlay.take().collect();
        for (key, value) in &written {
            match value {
                Some(value) => self.view.0.insert(key.clone(), value.clone()),
                None => self.view.0.remove(key),
            };
        }
        written
    }
}
