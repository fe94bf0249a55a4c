//! Where the binaries under test are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The path of `name`: what the variable of that name in capitals says (`LIVEDROPD`, `LIVEDROPCTL`), else the file
/// beside this program or in the folder above it, which is where cargo puts the binaries of one build.
pub fn find(name: &str) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(name.to_uppercase()) {
        let path = PathBuf::from(path);
        if !path.is_file() {
            bail!("{} names {}, which is not a file", name.to_uppercase(), path.display());
        }
        return Ok(path);
    }
    let own = std::env::current_exe().context("asking where this program is")?;
    let folders = own.ancestors().skip(1).take(2);
    let found = folders.map(|folder: &Path| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| {
        format!("{name} is not beside {}; build it with `cargo build --release --workspace --bins`", own.display())
    })
}
