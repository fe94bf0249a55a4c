//! Files that are either as before or as after, whatever happens in between.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::StoreError;

/// Writes `bytes` to `path`: a temporary file, synced, renamed over it, and the directory synced.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary).map_err(StoreError::file("creating", &temporary))?;
    file.write_all(bytes).map_err(StoreError::file("writing", &temporary))?;
    file.sync_all().map_err(StoreError::file("syncing", &temporary))?;
    fs::rename(&temporary, path).map_err(StoreError::file("renaming to", path))?;
    sync_directory(parent(path))
}

/// Makes what was created, renamed or removed in `directory` last.
pub(crate) fn sync_directory(directory: &Path) -> Result<(), StoreError> {
    File::open(directory).and_then(|file| file.sync_all()).map_err(StoreError::file("syncing", directory))
}

pub(crate) fn create_directory(path: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(StoreError::file("creating", path))
}

/// Renames a directory, so that afterwards it is there under one name or the other.
pub(crate) fn rename_directory(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(StoreError::file("renaming to", to))?;
    sync_directory(parent(to))
}

/// Removes a directory with all that is in it; that it is gone already is fine.
pub(crate) fn remove_directory(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::file("removing", path)(error)),
        _ => Ok(()),
    }
}

/// What a directory holds, in order. Only names that are text: nothing of ours is not.
pub(crate) fn names_in(directory: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(StoreError::file("listing", directory))? {
        let entry = entry.map_err(StoreError::file("listing", directory))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn parent(path: &Path) -> &Path {
    path.parent().expect("every file of the store is in a directory")
}
