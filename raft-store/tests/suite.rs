//! Openraft's own suite for storage, on the real store.

mod common;

use livedrop_store::types::TypeConfig;
use livedrop_store::{Hooks, LogStore, StateMachine};
use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use tempfile::TempDir;

struct Builder;

impl StoreBuilder<TypeConfig, LogStore, StateMachine, TempDir> for Builder {
    async fn build(&self) -> Result<(TempDir, LogStore, StateMachine), StorageError<TypeConfig>> {
        let directory = common::directory();
        let store = common::open_with(&directory, Hooks::default().allowing_gaps());
        Ok((directory, store.log, store.machine))
    }
}

#[tokio::test]
async fn the_store_passes_the_suite_of_openraft() {
    Suite::test_all(Builder).await.expect("each test of the suite passes");
}
