//! How much room there is, and the file that can be given back.

use std::fs;
use std::io;
use std::path::Path;

use livedrop_store::BALLAST;

/// Bytes that this process may still use on the disk of `directory`. Blocks, on a disk that hangs for long.
pub(super) fn free(directory: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(directory)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Gives the room of the ballast back. Whether there was any.
pub(super) fn drop_ballast(directory: &Path) -> bool {
    let path = directory.join(BALLAST);
    let bytes = fs::metadata(&path).map_or(0, |found| found.len());
    if bytes == 0 {
        return false;
    }
    match fs::remove_file(&path) {
        Ok(()) => {
            tracing::warn!(bytes, "the ballast is given back, so that this node can go on for a while");
            true
        }
        Err(error) => {
            tracing::error!(%error, "the ballast cannot be given back");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ballast_is_given_back_once() {
        let directory = tempfile::tempdir().expect("there is a place for temporary files");
        assert!(free(directory.path()).expect("it is there") > 0);
        assert!(!drop_ballast(directory.path()));
        livedrop_store::lay_ballast(directory.path(), 1 << 20).expect("there is room");
        assert!(drop_ballast(directory.path()));
        assert!(!drop_ballast(directory.path()));
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        assert!(free(Path::new("/nowhere/at/all")).is_err());
    }
}
