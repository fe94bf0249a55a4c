//! Applies committed entries: the rules run over an overlay, everything changes as one, then everyone is answered.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;

use livedrop_domain::view::{Order, Row};
use livedrop_domain::{Applied, Fault, Overlay, View, keys, machine};
use openraft::storage::EntryResponder;

use super::StateMachine;
use super::database::Changes;
use super::row_cache::RowCache;
use super::rows::Rows;
use crate::StoreError;
use crate::fail_stop::Step;
use crate::reader::Facts;
use crate::types::{EntryPayload, LogId, Response, StoredMembership, TypeConfig};

impl StateMachine {
    /// Applies the entries, in order, and leaves `batch` empty. Either all of them are applied or none.
    pub(super) fn apply_batch(&mut self, batch: &mut Vec<EntryResponder<TypeConfig>>) -> Result<(), StoreError> {
        let Some((last, _)) = batch.last() else { return Ok(()) };
        let last = last.log_id;
        let started = Instant::now();
        self.shared.stop.check()?;
        self.expect(batch)?;

        let state = self.shared.current.get();
        let mut overlay = Overlay::default();
        let mut answers = Vec::with_capacity(batch.len());
        let mut facts = Vec::new();
        let mut commands = 0;
        let mut membership = None;
        let view = CachedRows { rows: state.rows(), cache: RefCell::new(&mut self.cache) };
        for (entry, responder) in batch.drain(..) {
            let response = match entry.payload {
                EntryPayload::Blank => Response::default(),
                EntryPayload::Membership(changed) => {
                    membership = Some(StoredMembership::new(Some(entry.log_id), changed));
                    Response::default()
                }
                EntryPayload::Normal(payload) => {
                    let applied = machine::apply(&view, &mut overlay, entry.log_id.index, &payload.0)?;
                    commands += applied.outcomes.len();
                    let Applied { index, at, outcomes, facts: events, .. } = applied;
                    if !events.is_empty() {
                        facts.push(Facts { index, proposed_at: at, events, applied_at: started, resync: false });
                    }
                    Response(outcomes)
                }
            };
            answers.extend(responder.map(|responder| (responder, response)));
        }

        // Holds the rows for reading, and they are about to change.
        drop(view);

        for (key, value) in overlay.rows().filter(|(key, _)| !is_point(key)) {
            self.cache.wrote(key, value);
        }
        self.shared.stop.at(Step::StateWrite).map_err(StoreError::file("writing", self.shared.directory.path()))?;
        state.write(Changes { overlay: &overlay, applied: &last, membership: membership.as_ref() })?;
        self.shared.stop.at(Step::StateWritten).map_err(StoreError::file("writing", self.shared.directory.path()))?;
        self.applied = Some(last);
        self.membership = membership.unwrap_or_else(|| std::mem::take(&mut self.membership));

        self.shared.meter.noted(last.index, started);
        for (responder, response) in answers {
            responder.send(response);
        }
        self.publish(last, facts);
        self.shared.meter.applied(commands, started.elapsed());
        Ok(())
    }

    /// Tells readers and followers of the feed. That nobody listens is fine.
    fn publish(&self, last: LogId, facts: Vec<Facts>) {
        self.shared.applied.send_replace(last.index);
        let applied_at = Instant::now();
        for facts in facts {
            self.shared.facts.send(Arc::new(Facts { applied_at, ..facts })).ok();
        }
    }

    /// An entry that is left out or comes twice would make this state another one than that of the cluster.
    fn expect(&self, batch: &[EntryResponder<TypeConfig>]) -> Result<(), StoreError> {
        let mut before = self.applied.map(|id| id.index);
        for (entry, _) in batch {
            let index = entry.log_id.index;
            if before.is_some_and(|before| index <= before || index > before + 1 && !self.shared.stop.allows_gaps()) {
                let why = format!("entry {index} comes after entry {}", before.unwrap_or_default());
                return Err(StoreError::corrupt("the run of committed entries", why));
            }
            before = Some(index);
        }
        Ok(())
    }
}

fn is_point(key: &[u8]) -> bool {
    key.first().is_some_and(|prefix| keys::POINTS.contains(prefix))
}

/// The state as apply reads it: hot rows from memory.
struct CachedRows<'a> {
    rows: Rows<'a>,
    cache: RefCell<&'a mut RowCache>,
}

impl View for CachedRows<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let mut found = None;
        self.read(key, &mut |value| found = Some(value.to_vec()))?;
        Ok(found)
    }

    /// `with` may not read rows itself.
    fn read(&self, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        // A row of one buyer is hardly ever read twice, and nearly as fast from the newest rows.
        if is_point(key) {
            return self.rows.read(key, with);
        }
        let mut cache = self.cache.borrow_mut();
        if let Some(value) = cache.get(key) {
            with(value);
            return Ok(());
        }
        self.rows.read(key, &mut |value| {
            cache.insert(key, value);
            with(value);
        })
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, limit: usize) -> Result<Vec<Row>, Fault> {
        self.rows.scan(from, to, order, limit)
    }
}
