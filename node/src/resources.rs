//! What the system grants this process.

use std::path::Path;

use rustix::fs::statvfs;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the number of files that may be open to the most that is allowed, since every connection and every table
/// of the databases is one; and forbids core dumps, because memory holds passwords and keys.
///
/// What the system refuses is logged; the server runs with what it has.
pub fn prepare() {
    let files = getrlimit(Resource::Nofile);
    let all = Rlimit { current: files.maximum, maximum: files.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, all) {
        tracing::warn!(%error, allowed = files.current, "cannot raise the number of open files");
    }
    let maximum = getrlimit(Resource::Core).maximum;
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum }) {
        tracing::warn!(%error, "cannot forbid core dumps");
    }
}

/// A disk, as far as this process may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    pub free_bytes: u64,
    pub bytes: u64,
}

/// The disk that a folder is on; None when the system does not say.
pub fn disk(folder: &Path) -> Option<Disk> {
    let told = statvfs(folder).ok()?;
    Some(Disk { free_bytes: told.f_bavail * told.f_frsize, bytes: told.f_blocks * told.f_frsize })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_files_as_allowed_may_be_open_and_memory_is_not_dumped() {
        prepare();
        let files = getrlimit(Resource::Nofile);
        assert_eq!(files.current, files.maximum);
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
    }
}
