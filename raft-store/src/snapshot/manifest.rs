//! MANIFEST: what a snapshot is of, and every file of it with its hash.
//!
//! ```text
//!  "LDSNAP01" | cluster id | optional log id | stored membership | state hash (32)
//!  | files (4) { name | bytes (8) | BLAKE3 (32) } | BLAKE3 of all before (32)          texts and counts as in codec.rs
//! ```

use crate::StoreError;
use crate::codec::{self, Input};
use crate::state::Label;
use crate::types::SnapshotMeta;

const TITLE: &[u8; 8] = b"LDSNAP01";
const TRAILER: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub cluster_id: String,
    pub label: Label,
    pub files: Vec<FileEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileEntry {
    pub name: String,
    pub bytes: u64,
    pub hash: [u8; 32],
}

impl Manifest {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut into = TITLE.to_vec();
        put_text(&mut into, &self.cluster_id);
        codec::put_optional_log_id(&mut into, self.label.applied.as_ref());
        codec::put_stored_membership(&mut into, &self.label.membership);
        into.extend_from_slice(&self.label.hash);
        codec::put_count(&mut into, self.files.len());
        for file in &self.files {
            put_text(&mut into, &file.name);
            into.extend_from_slice(&file.bytes.to_be_bytes());
            into.extend_from_slice(&file.hash);
        }
        let trailer = blake3::hash(&into);
        into.extend_from_slice(trailer.as_bytes());
        into
    }

    /// Reads a manifest back; anything that is not exactly what [`Manifest::encode`] gives is refused.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let refuse = |why: &str| StoreError::Snapshot(format!("its manifest {why}"));
        let body = bytes.len().checked_sub(TRAILER).ok_or_else(|| refuse("is cut short"))?;
        let (body, trailer) = bytes.split_at(body);
        if blake3::hash(body) != *<&[u8; TRAILER]>::try_from(trailer).expect("it was cut off at this length") {
            return Err(refuse("does not match its hash"));
        }
        let body = body.strip_prefix(TITLE).ok_or_else(|| refuse("has another format"))?;
        Self::read(&mut Input::new(body, "its manifest")).map_err(|error| StoreError::Snapshot(error.to_string()))
    }

    /// What consensus wants to know of the snapshot.
    pub(crate) fn meta(&self) -> SnapshotMeta {
        SnapshotMeta { last_log_id: self.label.applied, last_membership: self.label.membership.clone() }
    }

    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    fn read(input: &mut Input<'_>) -> Result<Self, StoreError> {
        let cluster_id = input.text()?;
        let applied = input.optional_log_id()?;
        let membership = input.stored_membership()?;
        let hash = input.array()?;
        let mut files = Vec::new();
        for _ in 0..input.count()? {
            let file = FileEntry { name: input.text()?, bytes: input.number()?, hash: input.array()? };
            // A name becomes a path on this machine: only such as RocksDB gives.
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.' || c == '_';
            if file.name.is_empty() || file.name.starts_with('.') || !file.name.chars().all(plain) {
                return Err(StoreError::Snapshot(format!("{:?} is not a file name", file.name)));
            }
            files.push(file);
        }
        input.end()?;
        Ok(Manifest { cluster_id, label: Label { applied, membership, hash }, files })
    }
}

fn put_text(into: &mut Vec<u8>, text: &str) {
    codec::put_count(into, text.len());
    into.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::types::{LeaderId, LogId, StoredMembership};

    fn manifest() -> Manifest {
        let applied = Some(LogId { leader_id: LeaderId { term: 1, node_id: 2 }, index: 3 });
        let file = |name: &str, bytes| FileEntry { name: name.to_owned(), bytes, hash: [7; 32] };
        Manifest {
            cluster_id: "c".to_owned(),
            label: Label { applied, membership: StoredMembership::default(), hash: [9; 32] },
            files: vec![file("CURRENT", 16), file("000012.sst", 4096)],
        }
    }

    #[test]
    fn a_manifest_keeps_its_bytes_for_ever() {
        let bytes = manifest().encode();
        let lines: Vec<String> =
            bytes.chunks(32).map(|line| line.iter().map(|b| format!("{b:02x}")).collect()).collect();
        expect![[r#"
            4c44534e41503031000000016301000000000000000100000000000000020000
            0000000000030000000000000000000909090909090909090909090909090909
            090909090909090909090909090909000000020000000743555252454e540000
            0000000000100707070707070707070707070707070707070707070707070707
            0707070707070000000a3030303031322e737374000000000000100007070707
            0707070707070707070707070707070707070707070707070707070707ee7567
            0a7230c195f071dd0dab66c4be5c2b9638a77154ebbdaf39d5e49d8c"#]]
        .assert_eq(&lines.join("\n"));
        assert_eq!(Manifest::decode(&bytes).expect("it is whole"), manifest());
    }

    #[test]
    fn any_flipped_or_missing_byte_is_refused() {
        let good = manifest().encode();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            assert!(Manifest::decode(&bad).is_err(), "byte {at}");
            assert!(Manifest::decode(&good[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        for name in ["../CURRENT", "/etc/passwd", "", "..", "a/b"] {
            let mut bad = manifest();
            bad.files[0].name = name.to_owned();
            assert!(Manifest::decode(&bad.encode()).is_err(), "{name:?}");
        }
    }
}
