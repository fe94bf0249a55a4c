//! Consensus' own words to bytes and back, in a layout of ours that never changes: numbers are big-endian.
//!
//! ```text
//!  leader id    term (8) | node id (8)
//!  log id       leader id (16) | index (8)
//!  optional     0 | 1 …
//!  vote         leader id (16) | committed (1)
//!  string       length (4) | UTF-8
//!  membership   voter sets (4) { count (4) { node id (8) } } | nodes (4) { node id (8) | peer | http }
//!  stored m.    optional log id | membership
//!  entry        kind (1) | log id (24) | payload to the end
//! ```
//!
//! Whoever stores or sends these adds a version and a checksum: see [`seal`].

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::StoreError;
use crate::types::{Entry, EntryPayload, LeaderId, LogId, Member, Membership, Payload, StoredMembership, Vote};

const VERSION: u8 = 1;
/// Version and checksum.
const SEAL: usize = 1 + 4;
/// Kind and log id.
const ENTRY_HEADER: usize = 1 + 24;

const BLANK: u8 = 0;
const NORMAL: u8 = 1;
const MEMBERSHIP: u8 = 2;

/// Puts `version (1) | CRC32C of the rest (4)` in front of what `write` appends. `into` is cleared first.
pub fn seal(into: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    into.clear();
    into.extend_from_slice(&[VERSION, 0, 0, 0, 0]);
    write(into);
    let checksum = crc32c::crc32c(&into[SEAL..]);
    into[1..SEAL].copy_from_slice(&checksum.to_be_bytes());
}

/// What was sealed; `what` names it in the error.
pub fn unseal<'a>(bytes: &'a [u8], what: &str) -> Result<&'a [u8], StoreError> {
    let corrupt = |why: String| Err(StoreError::corrupt(what, why));
    let Some((header, rest)) = bytes.split_at_checked(SEAL) else {
        return corrupt(format!("it has {} bytes", bytes.len()));
    };
    if header[0] != VERSION {
        return corrupt(format!("it has version {}, this program reads {VERSION}", header[0]));
    }
    let stored = u32::from_be_bytes(header[1..].try_into().expect("four bytes of five"));
    match crc32c::crc32c(rest) {
        found if found == stored => Ok(rest),
        found => corrupt(format!("its checksum is {found:08x}, stored was {stored:08x}")),
    }
}

/// Reads a whole sealed value.
pub(crate) fn open<T>(
    bytes: &[u8],
    what: &str,
    read: impl FnOnce(&mut Input<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut input = Input::new(unseal(bytes, what)?, what);
    let value = read(&mut input)?;
    input.end()?;
    Ok(value)
}

pub fn put_log_id(into: &mut Vec<u8>, id: &LogId) {
    put_leader_id(into, &id.leader_id);
    into.extend_from_slice(&id.index.to_be_bytes());
}

pub fn put_optional_log_id(into: &mut Vec<u8>, id: Option<&LogId>) {
    into.push(id.is_some().into());
    if let Some(id) = id {
        put_log_id(into, id);
    }
}

pub fn put_vote(into: &mut Vec<u8>, vote: &Vote) {
    put_leader_id(into, &vote.leader_id);
    into.push(vote.committed.into());
}

pub fn put_membership(into: &mut Vec<u8>, membership: &Membership) {
    let sets = membership.get_joint_config();
    put_count(into, sets.len());
    for set in sets {
        put_count(into, set.len());
        for id in set {
            into.extend_from_slice(&id.to_be_bytes());
        }
    }
    put_count(into, membership.nodes().count());
    for (id, member) in membership.nodes() {
        into.extend_from_slice(&id.to_be_bytes());
        for text in [&member.peer, &member.http] {
            put_count(into, text.len());
            into.extend_from_slice(text.as_bytes());
        }
    }
}

pub fn put_stored_membership(into: &mut Vec<u8>, stored: &StoredMembership) {
    put_optional_log_id(into, stored.log_id().as_ref());
    put_membership(into, stored.membership());
}

pub fn put_entry(into: &mut Vec<u8>, entry: &Entry) {
    let (kind, payload) = match &entry.payload {
        EntryPayload::Blank => (BLANK, None),
        EntryPayload::Normal(payload) => (NORMAL, Some(payload)),
        EntryPayload::Membership(_) => (MEMBERSHIP, None),
    };
    into.reserve(ENTRY_HEADER + payload.map_or(64, |payload| payload.0.len()));
    into.push(kind);
    put_log_id(into, &entry.log_id);
    match &entry.payload {
        EntryPayload::Blank => {}
        EntryPayload::Normal(payload) => into.extend_from_slice(&payload.0),
        EntryPayload::Membership(membership) => put_membership(into, membership),
    }
}

/// An entry whose payload shares `bytes`.
pub fn take_entry(bytes: &Bytes) -> Result<Entry, StoreError> {
    let mut input = Input::new(bytes, "a log entry");
    let kind = input.byte()?;
    let log_id = input.log_id()?;
    let payload = match kind {
        BLANK => EntryPayload::Blank,
        NORMAL => EntryPayload::Normal(Payload(bytes.slice_ref(input.take_rest()))),
        MEMBERSHIP => EntryPayload::Membership(input.membership()?),
        other => return Err(input.corrupt(format!("kind {other} is unknown"))),
    };
    input.end()?;
    Ok(Entry { log_id, payload })
}

fn put_leader_id(into: &mut Vec<u8>, id: &LeaderId) {
    into.extend_from_slice(&id.term.to_be_bytes());
    into.extend_from_slice(&id.node_id.to_be_bytes());
}

pub(crate) fn put_count(into: &mut Vec<u8>, count: usize) {
    into.extend_from_slice(&u32::try_from(count).expect("fewer than four thousand million of anything").to_be_bytes());
}

/// Bytes read from front to back.
#[derive(Debug)]
pub struct Input<'a> {
    bytes: &'a [u8],
    what: &'a str,
}

impl<'a> Input<'a> {
    /// `what` names the whole in errors.
    pub fn new(bytes: &'a [u8], what: &'a str) -> Self {
        Input { bytes, what }
    }

    pub fn log_id(&mut self) -> Result<LogId, StoreError> {
        Ok(LogId { leader_id: self.leader_id()?, index: self.number()? })
    }

    pub fn optional_log_id(&mut self) -> Result<Option<LogId>, StoreError> {
        match self.flag()? {
            true => self.log_id().map(Some),
            false => Ok(None),
        }
    }

    pub fn vote(&mut self) -> Result<Vote, StoreError> {
        Ok(Vote { leader_id: self.leader_id()?, committed: self.flag()? })
    }

    pub fn membership(&mut self) -> Result<Membership, StoreError> {
        let mut sets = Vec::new();
        for _ in 0..self.count()? {
            let mut set = BTreeSet::new();
            for _ in 0..self.count()? {
                set.insert(self.number()?);
            }
            sets.push(set);
        }
        let mut nodes = BTreeMap::new();
        for _ in 0..self.count()? {
            nodes.insert(self.number()?, Member { peer: self.text()?, http: self.text()? });
        }
        if sets.is_empty() && nodes.is_empty() {
            return Ok(Membership::default());
        }
        Membership::new(sets, nodes).map_err(|error| self.corrupt(error.to_string()))
    }

    pub fn stored_membership(&mut self) -> Result<StoredMembership, StoreError> {
        Ok(StoredMembership::new(self.optional_log_id()?, self.membership()?))
    }

    pub fn number(&mut self) -> Result<u64, StoreError> {
        self.array().map(u64::from_be_bytes)
    }

    pub fn text(&mut self) -> Result<String, StoreError> {
        let length = self.count()?;
        let bytes = self.take(length)?;
        match str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(self.corrupt(error.to_string())),
        }
    }

    pub fn count(&mut self) -> Result<usize, StoreError> {
        Ok(u32::from_be_bytes(self.array()?) as usize)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        Ok(self.take(N)?.try_into().expect("as many bytes as were taken"))
    }

    /// Nothing may be left over.
    pub fn end(&self) -> Result<(), StoreError> {
        match self.bytes.len() {
            0 => Ok(()),
            left => Err(self.corrupt(format!("{left} bytes are left over"))),
        }
    }

    fn leader_id(&mut self) -> Result<LeaderId, StoreError> {
        Ok(LeaderId { term: self.number()?, node_id: self.number()? })
    }

    fn flag(&mut self) -> Result<bool, StoreError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.corrupt(format!("{other} is neither yes nor no"))),
        }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, StoreError> {
        Ok(self.take(1)?[0])
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], StoreError> {
        match self.bytes.split_at_checked(count) {
            Some((taken, rest)) => {
                self.bytes = rest;
                Ok(taken)
            }
            None => Err(self.corrupt("it is cut short".to_owned())),
        }
    }

    /// Everything that is left.
    pub(crate) fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.bytes)
    }

    fn corrupt(&self, why: String) -> StoreError {
        StoreError::corrupt(self.what, why)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn log_id(term: u64, node_id: u64, index: u64) -> LogId {
        LogId { leader_id: LeaderId { term, node_id }, index }
    }

    fn membership() -> Membership {
        let member = |n: u64| Member { peer: format!("n{n}:90"), http: format!("http://n{n}") };
        Membership::new(vec![BTreeSet::from([1, 2])], BTreeMap::from([(1, member(1)), (2, member(2)), (3, member(3))]))
            .expect("each voter has a node")
    }

    fn sealed(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        seal(&mut bytes, write);
        bytes
    }

    fn golden(bytes: &[u8], expected: Expect) {
        let text: Vec<String> =
            bytes.chunks(24).map(|line| line.iter().map(|b| format!("{b:02x}")).collect()).collect();
        expected.assert_eq(&text.join("\n"));
    }

    fn entries() -> [Entry; 3] {
        [
            Entry { log_id: log_id(1, 2, 3), payload: EntryPayload::Blank },
            Entry { log_id: log_id(1, 2, 4), payload: EntryPayload::Normal(Payload(Bytes::from_static(b"batch"))) },
            Entry { log_id: log_id(1, 2, 5), payload: EntryPayload::Membership(membership()) },
        ]
    }

    #[test]
    fn a_log_value_keeps_its_bytes_for_ever() {
        let [blank, normal, membership] = entries().map(|entry| sealed(|into| put_entry(into, &entry)));
        golden(
            &blank,
            expect![[r#"
            01bc944a4a00000000000000000100000000000000020000
            000000000003"#]],
        );
        golden(
            &normal,
            expect![[r#"
            01d17d8ba101000000000000000100000000000000020000
            0000000000046261746368"#]],
        );
        golden(
            &membership,
            expect![[r#"
            019489226702000000000000000100000000000000020000
            000000000005000000010000000200000000000000010000
            000000000002000000030000000000000001000000056e31
            3a393000000009687474703a2f2f6e310000000000000002
            000000056e323a393000000009687474703a2f2f6e320000
            000000000003000000056e333a393000000009687474703a
            2f2f6e33"#]],
        );
    }

    #[test]
    fn votes_and_log_ids_keep_their_bytes_for_ever() {
        let vote = Vote { leader_id: LeaderId { term: 7, node_id: 8 }, committed: true };
        golden(&sealed(|into| put_vote(into, &vote)), expect!["01cee96ccb0000000000000007000000000000000801"]);
        golden(&sealed(|into| put_optional_log_id(into, None)), expect!["01527d535100"]);
        let stored = StoredMembership::new(Some(log_id(1, 2, 5)), Membership::default());
        golden(
            &sealed(|into| put_stored_membership(into, &stored)),
            expect![[r#"
            017a6b138e01000000000000000100000000000000020000
            0000000000050000000000000000"#]],
        );
    }

    #[test]
    fn entries_read_back_as_they_were() {
        for entry in entries() {
            let mut bytes = Vec::new();
            put_entry(&mut bytes, &entry);
            assert_eq!(take_entry(&Bytes::from(bytes)).expect("it is whole"), entry);
        }
    }

    #[test]
    fn any_flipped_bit_of_a_sealed_value_is_seen() {
        let good = sealed(|into| put_entry(into, &entries()[1]));
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(unseal(&bad, "a log entry").is_err(), "bit {bit}");
        }
        for end in 0..good.len() {
            assert!(unseal(&good[..end], "a log entry").is_err(), "cut at {end}");
        }
    }

    #[test]
    fn a_membership_cut_short_or_too_long_is_refused() {
        let mut bytes = Vec::new();
        put_entry(&mut bytes, &entries()[2]);
        for end in 0..bytes.len() {
            assert!(take_entry(&Bytes::copy_from_slice(&bytes[..end])).is_err(), "cut at {end}");
        }
        bytes.push(0);
        assert!(take_entry(&Bytes::from(bytes)).is_err());
    }
}
