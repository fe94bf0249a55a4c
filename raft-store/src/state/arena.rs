//! Bytes of rows, end to end in large pieces: keeping a row allocates nothing, and all go at once.

/// A piece, unless a row is larger.
const PIECE: usize = 1 << 20;

/// The value length of a row that is deleted.
const DELETED: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(super) struct Arena {
    pieces: Vec<Vec<u8>>,
    bytes: usize,
}

/// Where a row's key is; its value follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    piece: u32,
    at: u32,
    key: u32,
    value: u32,
}

impl Arena {
    pub(super) fn keep(&mut self, key: &[u8], value: Option<&[u8]>) -> Row {
        let bytes = key.len() + value.map_or(0, <[u8]>::len);
        if self.pieces.last().is_none_or(|piece| piece.capacity() - piece.len() < bytes) {
            self.pieces.push(Vec::with_capacity(PIECE.max(bytes)));
        }
        let number = self.pieces.len() - 1;
        let piece = &mut self.pieces[number];
        let at = piece.len();
        piece.extend_from_slice(key);
        piece.extend_from_slice(value.unwrap_or_default());
        self.bytes += bytes;
        let short = |length: usize| u32::try_from(length).expect("rows and tables are far smaller than 4 GiB");
        let value = value.map_or(DELETED, |value| short(value.len()));
        Row { piece: short(number), at: short(at), key: short(key.len()), value }
    }

    pub(super) fn key(&self, row: &Row) -> &[u8] {
        &self.pieces[row.piece as usize][row.at as usize..][..row.key as usize]
    }

    /// `None` for a row that is deleted.
    pub(super) fn value(&self, row: &Row) -> Option<&[u8]> {
        let start = row.at as usize + row.key as usize;
        (row.value != DELETED).then(|| &self.pieces[row.piece as usize][start..][..row.value as usize])
    }

    /// Of all rows that were kept.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_however_large_they_are() {
        let mut arena = Arena::default();
        let sizes = [0, 1, PIECE / 2, PIECE / 2, PIECE, 3 * PIECE, 7];
        let rows: Vec<_> = (1..).zip(sizes).map(|(n, size)| arena.keep(&[n; 5], Some(&vec![n; size]))).collect();
        let deleted = arena.keep(b"key", None);
        for ((n, size), row) in (1u8..).zip(sizes).zip(&rows) {
            assert_eq!((arena.key(row), arena.value(row)), (&[n; 5][..], Some(&vec![n; size][..])));
        }
        assert_eq!((arena.key(&deleted), arena.value(&deleted)), (&b"key"[..], None));
        assert_eq!(arena.bytes(), 5 * sizes.len() + sizes.iter().sum::<usize>() + 3);
    }
}
