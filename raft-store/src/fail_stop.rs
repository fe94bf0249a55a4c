//! What happens when a write fails: the node stops at once.
//!
//! A failed write or sync says nothing about what is on the disk, and a second try may falsely succeed. So the first
//! failure is the last: whatever supervises the process starts it again, and it reads what is really there.

use std::io;
use std::sync::{Arc, OnceLock};

/// A place where the store is about to change what is on the disk, or has just done so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A group of the log is about to be written and synced.
    LogWrite,
    /// It is written and synced; nobody was told yet.
    LogWritten,
    /// An apply batch is about to change the rows in memory.
    StateWrite,
    /// It has; nobody was told yet.
    StateWritten,
    /// A table of rows is about to be written to a file.
    TableWrite,
    /// It is written and synced, and not yet a part of the state.
    TableWritten,
    /// It is a part of the state, and a restart finds it.
    StateFlushed,
    SnapshotLinked,
    SnapshotManifested,
    SnapshotPublished,
    ChunkReceived,
    InstallStaged,
    InstallOpened,
    InstallSwapped,
    InstallPublished,
    /// A directory that is restored says so, and holds nothing else.
    RestoreBegun,
    /// The backup's state is in its place, whole.
    RestoreReceived,
    /// It says that it is the new cluster's.
    RestoreRewritten,
    /// The log begins after it.
    RestoreLogged,
    /// The directory is a node's.
    RestoreIdentified,
    /// A recovery is about to be written, and is there after the next step.
    RecoverWrite,
    RecoverWritten,
}

type Probe = dyn Fn(Step) -> io::Result<()> + Send + Sync;
type Stop = dyn Fn(&str) + Send + Sync;

/// How the store stops, and what watches its steps. The default aborts the process and watches nothing.
#[derive(Clone, Default)]
pub struct Hooks {
    stop: Option<Arc<Stop>>,
    probe: Option<Arc<Probe>>,
    gaps: bool,
}

impl Hooks {
    /// For tests: `stop` is called instead of aborting the process.
    pub fn stopping_with(mut self, stop: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.stop = Some(Arc::new(stop));
        self
    }

    /// For tests: `probe` is called at every step; an error of it is that of the write.
    pub fn probing_with(mut self, probe: impl Fn(Step) -> io::Result<()> + Send + Sync + 'static) -> Self {
        self.probe = Some(Arc::new(probe));
        self
    }

    /// For openraft's suite, which applies entries with indices left out; anywhere else that is a fault.
    pub fn allowing_gaps(mut self) -> Self {
        self.gaps = true;
        self
    }
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hooks")
    }
}

/// The latch that the first failure closes for good.
#[derive(Debug, Default, Clone)]
pub(crate) struct FailStop {
    hooks: Hooks,
    stopped: Arc<OnceLock<String>>,
}

impl FailStop {
    pub(crate) fn new(hooks: Hooks) -> Self {
        FailStop { hooks, stopped: Arc::default() }
    }

    /// Why the store stopped, if it did.
    pub(crate) fn stopped(&self) -> Option<&str> {
        self.stopped.get().map(String::as_str)
    }

    /// Fails once anything failed.
    pub(crate) fn check(&self) -> Result<(), crate::StoreError> {
        match self.stopped() {
            Some(reason) => Err(crate::StoreError::Stopped(reason.to_owned())),
            None => Ok(()),
        }
    }

    /// Closes the latch and ends the process, without unwinding and without a last word on the disk.
    pub(crate) fn fail_stop(&self, reason: impl std::fmt::Display) {
        let reason = reason.to_string();
        if self.stopped.set(reason.clone()).is_err() {
            return;
        }
        match &self.hooks.stop {
            Some(stop) => stop(&reason),
            None => abort(&reason),
        }
    }

    pub(crate) fn allows_gaps(&self) -> bool {
        self.hooks.gaps
    }

    pub(crate) fn at(&self, step: Step) -> io::Result<()> {
        match &self.hooks.probe {
            Some(probe) => probe(step),
            None => Ok(()),
        }
    }
}

/// Ends the process at once, for a reason that nothing of it may survive: its memory or its disk is not what it must be.
/// Nothing is unwound, flushed or sent any more.
pub fn fail_stop(reason: &str) -> ! {
    abort(reason)
}

fn abort(reason: &str) -> ! {
    tracing::error!(%reason, "the process stops");
    // The log may be buffered; this is not.
    eprintln!("the process stops: {reason}");
    std::process::abort();
}
