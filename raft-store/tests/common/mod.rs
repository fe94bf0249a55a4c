//! What the tests share: directories, stores without ballast, entries.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::Path;

use livedrop_store::{Hooks, Identity, Options, Store};
use tempfile::TempDir;

pub fn directory() -> TempDir {
    tempfile::tempdir().expect("there is a place for temporary files")
}

pub fn identity() -> Identity {
    Identity { cluster_id: "test".to_owned(), node_id: 1 }
}

pub fn options() -> Options {
    Options { ballast_bytes: 0, write_buffer_bytes: 4 << 20, log_buffer_bytes: 4 << 20, ..Options::default() }
}

pub fn open(directory: impl AsRef<Path>) -> Store {
    open_with(directory, Hooks::default())
}

pub fn open_with(directory: impl AsRef<Path>, hooks: Hooks) -> Store {
    let options = Options { hooks, ..options() };
    livedrop_store::open(directory.as_ref(), &identity(), options).expect("the directory is fine")
}
