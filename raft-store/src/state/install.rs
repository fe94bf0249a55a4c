//! Puts a snapshot in the place of the state.
//!
//! ```text
//!  link its files into state-(n+1) ── open, compare with the label ── CURRENT ── readers follow ── state-n goes
//!                                                                      ▲
//!                                   before: a restart finds the old state; after: the new one
//! ```

use std::fs::{self, File};
use std::sync::Arc;
use std::time::Instant;

use livedrop_domain::journal;

use super::database::StateDatabase;
use super::{Shared, StateMachine};
use crate::StoreError;
use crate::directory::files::{create_directory, remove_directory, sync_directory};
use crate::fail_stop::Step;
use crate::reader::Facts;
use crate::snapshot::SnapshotHandle;
use crate::types::SnapshotMeta;

impl StateMachine {
    pub(super) async fn install(&mut self, meta: &SnapshotMeta, snapshot: SnapshotHandle) -> Result<(), StoreError> {
        self.shared.stop.check()?;
        if *meta != snapshot.meta() {
            return Err(StoreError::Snapshot(format!("it was announced as {meta:?} and is {:?}", snapshot.meta())));
        }
        let shared = self.shared.clone();
        let replaced = tokio::task::spawn_blocking(move || shared.replace(snapshot)).await;
        let facts = replaced.map_err(|error| StoreError::Snapshot(format!("installing it failed: {error}")))??;
        self.cache.clear();
        self.applied = meta.last_log_id;
        self.membership = meta.last_membership.clone();
        self.shared.applied.send_replace(facts.index);
        // That nobody listens is fine.
        self.shared.facts.send(Arc::new(facts)).ok();
        Ok(())
    }
}

impl Shared {
    /// Blocks: it links, copies and opens files.
    fn replace(&self, snapshot: SnapshotHandle) -> Result<Facts, StoreError> {
        let number = self.current.get().number() + 1;
        let state = self.stage(number, &snapshot)?;
        let meta = journal::meta(&state.rows())?;
        self.at(Step::InstallOpened)?;
        self.directory.set_current(number)?;
        self.at(Step::InstallSwapped)?;
        self.current.replace(state);
        let applied = snapshot.meta().last_log_id;
        self.snapshots.publish(snapshot)?;
        self.at(Step::InstallPublished)?;
        let index = applied.map_or(0, |id| id.index);
        Ok(Facts { index, proposed_at: meta.clock, events: Vec::new(), applied_at: Instant::now(), resync: true })
    }

    fn stage(&self, number: u64, snapshot: &SnapshotHandle) -> Result<StateDatabase, StoreError> {
        let path = self.directory.state(number);
        remove_directory(&path)?;
        create_directory(&path)?;
        for file in &snapshot.manifest().files {
            let (from, to) = (snapshot.state_path().join(&file.name), path.join(&file.name));
            if file.name.ends_with(".sst") {
                // Tables are never written again, so both databases may have the same one.
                fs::hard_link(&from, &to).map_err(StoreError::file("linking", &to))?;
            } else {
                fs::copy(&from, &to).map_err(StoreError::file("copying to", &to))?;
                File::open(&to).and_then(|file| file.sync_all()).map_err(StoreError::file("syncing", &to))?;
            }
        }
        sync_directory(&path)?;
        sync_directory(self.directory.path())?;
        self.at(Step::InstallStaged)?;
        let state = StateDatabase::open(path, number, &self.options, self.stop.clone())?;
        if state.label()? != snapshot.manifest().label {
            state.retire();
            return Err(StoreError::Snapshot("its rows are not those of its label".to_owned()));
        }
        Ok(state)
    }

    fn at(&self, step: Step) -> Result<(), StoreError> {
        self.stop.at(step).map_err(StoreError::file("writing", self.directory.path()))
    }
}
