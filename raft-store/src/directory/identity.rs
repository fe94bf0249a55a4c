//! IDENTITY: whose directory this is. Text, so that a person can read it.
//!
//! ```text
//! livedrop data directory
//! format = 1
//! cluster = 01J…
//! node = 2
//! incarnation = 5f0c…      (32 hexadecimal digits, drawn when the directory was made)
//! ```

use std::fs;
use std::path::Path;

use super::files;
use crate::StoreError;

/// The newest layout of the directory that this program reads and writes.
const FORMAT: u64 = 1;
const TITLE: &str = "livedrop data directory";

/// Which node of which cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub cluster_id: String,
    pub node_id: u64,
}

/// Reads the file and compares it with who we are. The incarnation, when there is a file.
pub(super) fn read(path: &Path, identity: &Identity) -> Result<Option<[u8; 16]>, StoreError> {
    let Some((found, incarnation)) = find(path)? else { return Ok(None) };
    if found == *identity {
        return Ok(Some(incarnation));
    }
    Err(StoreError::Foreign {
        directory: path.parent().unwrap_or(path).to_owned(),
        found_cluster_id: found.cluster_id,
        found_node_id: found.node_id,
        cluster_id: identity.cluster_id.clone(),
        node_id: identity.node_id,
    })
}

/// Reads the file, if there is one: whose directory it is, and the incarnation.
pub(super) fn find(path: &Path) -> Result<Option<(Identity, [u8; 16])>, StoreError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::file("reading", path)(error)),
    };
    let corrupt = |why: &str| StoreError::corrupt(path.display().to_string(), why);
    let mut lines = text.lines();
    if lines.next() != Some(TITLE) {
        return Err(corrupt("its first line is not ours"));
    }
    let mut field = |name: &str| {
        lines
            .next()
            .and_then(|line| line.strip_prefix(name)?.strip_prefix(" = "))
            .ok_or_else(|| corrupt(&format!("it has no {name}")))
    };
    let format = field("format")?.parse().map_err(|_| corrupt("its format is not a number"))?;
    if format > FORMAT {
        return Err(StoreError::Newer { path: path.to_owned(), found: format, known: FORMAT });
    }
    let cluster_id = field("cluster")?.to_owned();
    let node_id = field("node")?.parse().map_err(|_| corrupt("its node is not a number"))?;
    let incarnation = from_hex(field("incarnation")?).ok_or_else(|| corrupt("its incarnation is not hexadecimal"))?;
    Ok(Some((Identity { cluster_id, node_id }, incarnation)))
}

pub(super) fn write(path: &Path, identity: &Identity, incarnation: &[u8; 16]) -> Result<(), StoreError> {
    let Identity { cluster_id, node_id } = identity;
    let incarnation: String = incarnation.iter().map(|byte| format!("{byte:02x}")).collect();
    let text =
        format!("{TITLE}\nformat = {FORMAT}\ncluster = {cluster_id}\nnode = {node_id}\nincarnation = {incarnation}\n");
    files::write_atomically(path, text.as_bytes())
}

fn from_hex(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}
