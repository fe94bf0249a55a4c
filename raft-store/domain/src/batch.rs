//! A log entry's payload: many requests, each encoded once at the node that took it, put end to end by the leader.
//!
//! ```text
//!  version (1 byte) | proposed at, ms (8) | { length (4) | request }*          numbers big-endian
//! ```

use crate::{Fault, Timestamp};

const VERSION: u8 = 1;
const HEADER: usize = 1 + 8;
/// About as many bytes as a purchase has.
const REQUEST: usize = 128;

/// What the leader proposes as one log entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<'a> {
    /// By the leader's clock; what the requests see never goes back.
    pub proposed_at: Timestamp,
    /// As [`crate::codec::encode`] made them: they are large, and one is looked at once.
    pub requests: Vec<&'a [u8]>,
}

/// Gathers encoded requests into a payload without looking into them.
#[derive(Debug)]
pub struct BatchBuilder {
    bytes: Vec<u8>,
    count: usize,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl BatchBuilder {
    pub fn new() -> Self {
        let mut bytes = Vec::with_capacity(4096);
        bytes.push(VERSION);
        bytes.extend_from_slice(&[0; 8]);
        BatchBuilder { bytes, count: 0 }
    }

    /// Adds a request, as [`crate::codec::encode`] made it.
    pub fn push(&mut self, encoded_request: &[u8]) {
        let length = u32::try_from(encoded_request.len()).expect("a request is smaller than its body limit");
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(encoded_request);
        self.count += 1;
    }

    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many bytes the payload has so far.
    pub fn bytes_len(&self) -> usize {
        self.bytes.len()
    }

    pub fn finish(mut self, proposed_at: Timestamp) -> Vec<u8> {
        self.bytes[1..HEADER].copy_from_slice(&proposed_at.0.to_be_bytes());
        self.bytes
    }
}

/// Takes a payload apart without looking into its requests.
pub fn decode(payload: &[u8]) -> Result<Batch<'_>, Fault> {
    let broken = |why: &str| Fault::new("reading a batch of requests", why);
    let (header, mut rest) = payload.split_at_checked(HEADER).ok_or_else(|| broken("it is too short"))?;
    if header[0] != VERSION {
        return Err(broken(&format!("it has version {}, this program reads {VERSION}", header[0])));
    }
    let proposed_at = Timestamp(u64::from_be_bytes(header[1..].try_into().expect("eight bytes of nine")));
    let mut requests = Vec::with_capacity(payload.len() / REQUEST);
    while let Some((length, tail)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        let (part, tail) = tail.split_at_checked(length).ok_or_else(|| broken("a request is cut short"))?;
        requests.push(part);
        rest = tail;
    }
    if !rest.is_empty() {
        return Err(broken("a length is cut short"));
    }
    Ok(Batch { proposed_at, requests })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Tick;
    use crate::codec;
    use crate::words::{Applicable, Command, Request};

    fn request() -> Request {
        Request { request_id: "r".into(), idempotency: None, command: Command::Clock(Tick::of(1)), by: None }
    }

    fn payload() -> Vec<u8> {
        let mut batch = BatchBuilder::new();
        batch.push(&codec::encode(&request()));
        batch.push(&codec::encode(&request()));
        batch.finish(Timestamp(42))
    }

    #[test]
    fn a_batch_reads_back_what_was_put_in() {
        let payload = payload();
        let batch = decode(&payload).expect("it is whole");
        assert_eq!((batch.proposed_at, batch.requests.len()), (Timestamp(42), 2));
        for part in batch.requests {
            assert_eq!(codec::decode::<Request>(part, "a request").expect("it is whole"), request());
            let Applicable { idempotency, command, .. } = codec::decode(part, "a request").expect("it is whole");
            assert_eq!((idempotency, command), (None, request().command));
        }
    }

    #[test]
    fn a_batch_that_is_cut_anywhere_but_between_requests_is_a_fault() {
        let payload = payload();
        let whole = [HEADER, HEADER + (payload.len() - HEADER) / 2, payload.len()];
        for end in 0..payload.len() {
            assert_eq!(decode(&payload[..end]).is_ok(), whole.contains(&end), "cut at {end}");
        }
        assert!(decode(&[&[9], &payload[1..]].concat()).is_err(), "another version");
    }
}
