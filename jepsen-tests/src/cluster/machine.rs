//! One cluster at a time on one machine: tests run side by side, and five clusters on two processors would fail for
//! want of processors and not for want of correctness.

use std::fs::File;

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};

/// Held while a cluster runs. The lock is the file's, so it also holds between processes, and ends with them.
pub struct Machine {
    _file: File,
}

impl Machine {
    /// Waits until no other cluster under test runs on this machine.
    pub fn alone() -> Result<Self> {
        let path = std::env::temp_dir().join("livedrop-proof.lock");
        let file = File::create(&path).with_context(|| format!("opening {}", path.display()))?;
        flock(&file, FlockOperation::LockExclusive).with_context(|| format!("locking {}", path.display()))?;
        Ok(Self { _file: file })
    }
}
