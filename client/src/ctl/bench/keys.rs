//! Idempotency keys that are told apart by a glance, and the requests that carry them.

use std::io::Write;

use super::profile::Load;
use crate::random;

/// The keys of one run: `<26 random characters>-<connection>-<sequence>`, always of one length.
#[derive(Debug)]
pub struct Keys {
    run: String,
}

impl Keys {
    pub fn random() -> Self {
        Keys { run: random::name() }
    }

    /// Appends a key.
    pub fn write(&self, buffer: &mut Vec<u8>, connection: usize, sequence: usize) {
        buffer.extend_from_slice(self.run.as_bytes());
        buffer.push(b'-');
        hex::<4>(buffer, connection as u64);
        buffer.push(b'-');
        hex::<8>(buffer, sequence as u64);
    }

    pub fn text(&self, connection: usize, sequence: usize) -> String {
        let mut buffer = Vec::with_capacity(40);
        self.write(&mut buffer, connection, sequence);
        String::from_utf8(buffer).expect("a key is ASCII")
    }
}

fn hex<const DIGITS: usize>(buffer: &mut Vec<u8>, number: u64) {
    for digit in (0..DIGITS).rev() {
        buffer.push(b"0123456789abcdef"[(number >> (4 * digit) & 15) as usize]);
    }
}

/// The bytes of requests, made from parts that do not change.
#[derive(Debug)]
pub struct Requests {
    /// For each target: all before the key.
    heads: Vec<Vec<u8>>,
    body: Vec<u8>,
}

impl Requests {
    pub fn new(load: &Load) -> Self {
        let body = format!(r#"{{"drop_id":"{}","quantity":{}}}"#, load.drop_id, load.quantity).into_bytes();
        let head = |target: &super::profile::Target| {
            format!(
                "POST /v1/orders HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nIdempotency-Key: ",
                target.authority,
                body.len()
            )
            .into_bytes()
        };
        Requests { heads: load.targets.iter().map(head).collect(), body }
    }

    /// Replaces `buffer` by a purchase.
    pub fn purchase(&self, buffer: &mut Vec<u8>, load: &Load, target: usize, connection: usize, sequence: usize) {
        buffer.clear();
        buffer.extend_from_slice(&self.heads[target]);
        load.keys.write(buffer, connection, sequence);
        buffer.extend_from_slice(b"\r\nAuthorization: Bearer ");
        buffer.extend_from_slice(load.tokens[load.buyer(connection, sequence)].as_bytes());
        buffer.extend_from_slice(b"\r\n\r\n");
        buffer.extend_from_slice(&self.body);
    }
}

/// Replaces `buffer` by the question what became of a key.
pub fn question(buffer: &mut Vec<u8>, load: &Load, target: usize, connection: usize, sequence: usize) {
    buffer.clear();
    let host = &load.targets[target].authority;
    let token = &load.tokens[load.buyer(connection, sequence)];
    let key = load.keys.text(connection, sequence);
    write!(
        buffer,
        "GET /v1/orders?idempotency_key={key} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    .expect("a vector takes what is written to it");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IdempotencyKey;

    #[test]
    fn keys_are_keys_of_one_length_and_differ() {
        let keys = Keys::random();
        let texts = [keys.text(0, 0), keys.text(65_535, 0), keys.text(0, usize::try_from(u32::MAX).expect("64 bits"))];
        assert!(texts.iter().all(|text| text.len() == texts[0].len() && text.parse::<IdempotencyKey>().is_ok()));
        assert!(texts[0].ends_with("-0000-00000000"));
        assert!(texts[1].ends_with("-ffff-00000000"));
        assert!(texts[2].ends_with("-0000-ffffffff"));
    }
}
