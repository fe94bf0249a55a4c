//! The only door to stored rows.

use std::collections::BTreeMap;

use crate::Fault;
use crate::overlay::Overlay;

/// A stored row: its key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Which way a scan goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Forward,
    Backward,
}

/// Rows as they are at one applied index. Synchronous: whoever implements it has the rows at hand.
pub trait View {
    /// The value stored under `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault>;

    /// Shows the value stored under `key` to `with`, if there is one; without a copy, by a view that has it at hand.
    /// `with` may not read rows itself.
    fn read(&self, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        self.get(key)?.as_deref().map(with);
        Ok(())
    }

    /// At most `limit` rows with `from <= key < to`, lowest key first or, backward, highest first.
    fn scan(&self, from: &[u8], to: &[u8], order: Order, limit: usize) -> Result<Vec<Row>, Fault>;
}

impl<V: View + ?Sized> View for &V {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        (**self).get(key)
    }

    fn read(&self, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        (**self).read(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, limit: usize) -> Result<Vec<Row>, Fault> {
        (**self).scan(from, to, order, limit)
    }
}

/// Rows in memory: for tests, models and doubles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemView(pub BTreeMap<Vec<u8>, Vec<u8>>);

impl MemView {
    /// Writes what an apply batch left in its overlay, as a store would.
    pub fn write(&mut self, overlay: &mut Overlay) {
        for (key, value) in overlay.take() {
            match value {
                Some(value) => self.0.insert(key, value),
                None => self.0.remove(&key),
            };
        }
    }
}

impl View for MemView {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.0.get(key).cloned())
    }

    fn read(&self, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        self.0.get(key).map(Vec::as_slice).map(with);
        Ok(())
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, limit: usize) -> Result<Vec<Row>, Fault> {
        if from >= to {
            return Ok(Vec::new());
        }
        let range = self.0.range(from.to_vec()..to.to_vec()).map(|(key, value)| (key.clone(), value.clone()));
        Ok(match order {
            Order::Forward => range.take(limit).collect(),
            Order::Backward => range.rev().take(limit).collect(),
        })
    }
}
