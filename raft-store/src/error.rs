//! What can go wrong below the rules of the shop. Every one is a fault: none is an answer to a buyer.

use std::io;
use std::path::{Path, PathBuf};

/// A fault of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused a file operation.
    #[error("{doing} {}: {source}", .path.display())]
    File {
        /// As in "writing".
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },

    /// RocksDB refused.
    #[error("{doing}: {source}")]
    Database {
        /// As in "opening the log database".
        doing: &'static str,
        #[source]
        source: rocksdb::Error,
    },

    /// The rows are not what they must be.
    #[error(transparent)]
    State(#[from] livedrop_domain::Fault),

    /// Another process works in the directory.
    #[error(
        "{} is in use by another process: stop it first, or give this node a directory of its own",
        .0.display()
    )]
    InUse(PathBuf),

    /// There are files in the directory that no node of ours made.
    #[error(
        "{} is not a data directory: it holds {found:?} but no IDENTITY; name an empty directory, or the one that this \
         node used before",
        .directory.display()
    )]
    NotOurs { directory: PathBuf, found: String },

    /// The directory belongs to another node or another cluster.
    #[error(
        "{} belongs to node {found_node_id} of cluster {found_cluster_id:?}, and this is node {node_id} of cluster \
         {cluster_id:?}: correct the configuration, or name this node's own directory",
        .directory.display()
    )]
    Foreign { directory: PathBuf, found_cluster_id: String, found_node_id: u64, cluster_id: String, node_id: u64 },

    /// The node found its state to be another one than that of a majority.
    #[error(
        "the state in {} is not that of the cluster: {why}; keep the directory to find out why, and let a new node take \
         its place with an empty directory and a new node id",
        .directory.display()
    )]
    Diverged { directory: PathBuf, why: String },

    /// A restore into the directory was interrupted.
    #[error(
        "{} is half restored from a backup: run `livedropd restore` again with the same file, or empty the directory",
        .0.display()
    )]
    HalfRestored(PathBuf),

    /// A restore would write over what is there.
    #[error(
        "{} is the data directory of a node already: restore into an empty one; nothing was changed",
        .0.display()
    )]
    NotEmpty(PathBuf),

    /// What was asked for cannot be done with this directory.
    #[error("{0}")]
    CannotRecover(String),

    /// Written by a program that knows a newer layout.
    #[error("{} has format {found}, and this program reads up to {known}: start the newer program again", .path.display())]
    Newer { path: PathBuf, found: u64, known: u64 },

    /// A part of the directory is gone.
    #[error(
        "{} is missing: the data of this node is incomplete; restore the directory as a whole, or remove the node from \
         the cluster and let it join again with an empty directory and a new node id",
        .0.display()
    )]
    Missing(PathBuf),

    /// A stored file or row does not read back as it was written. Nothing is repaired or cut off by itself.
    #[error(
        "{what} is corrupt: {why}; check the disk, then remove the node from the cluster and let it join again with an \
         empty directory and a new node id"
    )]
    Corrupt { what: String, why: String },

    /// A snapshot that is stored or arrives is not whole, not intact, or not for this cluster.
    #[error("snapshot refused: {0}")]
    Snapshot(String),

    /// A write failed before; nothing is written any more.
    #[error("the store stopped after a failed write: {0}")]
    Stopped(String),
}

impl StoreError {
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::File { doing, path, source }
    }

    pub(crate) fn database(doing: &'static str) -> impl FnOnce(rocksdb::Error) -> StoreError {
        move |source| StoreError::Database { doing, source }
    }

    pub(crate) fn corrupt(what: impl Into<String>, why: impl Into<String>) -> StoreError {
        StoreError::Corrupt { what: what.into(), why: why.into() }
    }
}

/// Consensus carries every storage fault as an [`io::Error`], with the cause inside.
impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> io::Error {
        match error {
            StoreError::File { ref source, .. } => io::Error::new(source.kind(), error),
            StoreError::Corrupt { .. } | StoreError::Snapshot(_) => io::Error::new(io::ErrorKind::InvalidData, error),
            other => io::Error::other(other),
        }
    }
}
