use bytes::Bytes;

use super::{CONTENT, END, FORMAT, MANIFEST, Manifest, RECORD_HEAD, RECORD_MAX, TITLE, hasher};

/// Makes the bytes of a backup file, from front to back: [`Maker::begin`], [`Maker::part`] for each part, [`Maker::end`].
#[derive(Debug)]
pub struct Maker {
    hasher: blake3::Hasher,
    content: u64,
}

impl Maker {
    /// The first bytes of the file.
    pub fn begin(manifest: &Manifest) -> (Self, Bytes) {
        let json = serde_json::to_vec_pretty(manifest).expect("text and numbers are JSON");
        let mut bytes = TITLE.to_vec();
        bytes.extend_from_slice(&FORMAT.to_be_bytes());
        bytes.extend_from_slice(&record(MANIFEST, &json));
        let mut maker = Maker { hasher: hasher(&manifest.cluster_id), content: 0 };
        maker.hasher.update(&bytes);
        (maker, bytes.into())
    }

    /// The bytes for the next part of the state.
    ///
    /// # Panics
    ///
    /// When the part is longer than a mebibyte; the store's are a quarter of that.
    pub fn part(&mut self, part: &[u8]) -> Bytes {
        let bytes = record(CONTENT, part);
        self.hasher.update(&bytes);
        self.content += part.len() as u64;
        bytes.into()
    }

    /// The last bytes: the file is whole with them.
    pub fn end(self) -> Bytes {
        let mut end = self.content.to_be_bytes().to_vec();
        end.extend_from_slice(self.hasher.finalize().as_bytes());
        record(END, &end).into()
    }
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len() + 1;
    assert!(length <= RECORD_MAX, "a record of {length} bytes");
    let mut bytes = Vec::with_capacity(RECORD_HEAD + length);
    bytes.extend_from_slice(&(length as u32).to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.push(kind);
    bytes.extend_from_slice(content);
    let checksum = crc32c::crc32c(&bytes[RECORD_HEAD..]);
    bytes[4..RECORD_HEAD].copy_from_slice(&checksum.to_be_bytes());
    bytes
}
