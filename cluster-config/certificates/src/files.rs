//! Certificates and keys as files: a key is for its owner's eyes only, and nothing is written over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::authority::Pair;

const OWNER_ONLY: u32 = 0o600;
const EVERYBODY_READS: u32 = 0o644;
/// What nobody but the owner may have. The group may read what belongs to root: so orchestrators hand out secrets.
const FORBIDDEN: u32 = 0o077;
const FORBIDDEN_OF_ROOT: u32 = 0o037;

/// Where a certificate and its key are: `DIR/NAME.pem` and `DIR/NAME.key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Location {
    pub fn in_directory(directory: &Path, name: &str) -> Self {
        Location { certificate: directory.join(format!("{name}.pem")), key: directory.join(format!("{name}.key")) }
    }
}

/// A file is there already; a key that is overwritten cannot be had back.
#[derive(Debug, thiserror::Error)]
#[error("{} is there already", .0.display())]
pub struct Exists(pub PathBuf);

/// Writes both files, the key readable by its owner alone; they are on the disk when this returns.
///
/// Errors: `AlreadyExists` (with [`Exists`] inside) when one of them is there already, and then nothing is written;
/// whatever the system says. What was begun and could not be finished is removed.
pub fn write_pair(location: &Location, pair: &Pair) -> io::Result<()> {
    for path in [&location.key, &location.certificate] {
        if path.symlink_metadata().is_ok() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, Exists(path.clone())));
        }
    }
    write_new(&location.key, &pair.key, OWNER_ONLY)?;
    write_new(&location.certificate, &pair.certificate, EVERYBODY_READS).inspect_err(|_| {
        // A key without a certificate is good for nothing, and in the way of the next try.
        let _ = fs::remove_file(&location.key);
    })?;
    let directory = location.key.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

/// Reads a file that others must not be able to read.
///
/// Errors: `PermissionDenied` when they are, with the mode and what to do; whatever the system says.
pub fn read_private(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    let forbidden = if about.uid() == 0 { FORBIDDEN_OF_ROOT } else { FORBIDDEN };
    if about.mode() & forbidden != 0 {
        let mode = about.mode() & 0o777;
        let said =
            format!("others may use it (mode {mode:04o}); `chmod 600 {}` and ask who has seen it", path.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, said));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn pair() -> Pair {
        Pair { certificate: "a certificate".to_owned(), key: "a key".to_owned() }
    }

    #[test]
    fn a_key_is_for_its_owner_and_is_never_written_over() {
        let directory = tempfile::tempdir().expect("a directory");
        let location = Location::in_directory(directory.path(), "node-1");
        write_pair(&location, &pair()).expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&location.key), mode(&location.certificate)), (0o600, 0o644));
        assert_eq!(read_private(&location.key).expect("it is private"), "a key");

        let other = Pair { key: "another key".to_owned(), ..pair() };
        let refused = write_pair(&location, &other).expect_err("it is there");
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        fs::remove_file(&location.key).expect("it is ours");
        write_pair(&location, &other).expect_err("its certificate is there");
        assert!(!location.key.exists(), "nothing was written");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("node-1.key");
        fs::write(&path, "a key").expect("written");
        for mode in [0o604, 0o606, 0o620, 0o644, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
            let refused = read_private(&path).expect_err("others may use it");
            assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied, "{mode:o}");
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
            read_private(&path).expect("nobody else may");
        }
    }
}
