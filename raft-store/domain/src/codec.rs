//! Values to bytes and back: CBOR (RFC 8949) with numbered fields.
//!
//! Logs, snapshots and other nodes hold the bytes of older and of newer programs. So:
//!
//! - A number of a field or a variant keeps its meaning for good, and is not used again when the thing is gone.
//! - A field is added under the next number, and as an `Option` or with `#[cbor(default)]`: older bytes do not have it.
//!   Without either they do not decode, and a row that does not decode stops the node.
//! - An older program skips a field that it does not know, and cannot read a variant that it does not know. It must
//!   come to the same rows all the same, so no node may propose a new field or variant before every node knows it.
//! - No field is an `Option` of a derived enum, or of what has one in it: of a variant that it does not know there
//!   minicbor makes `None`, without a word.
//!
//! `tests/golden` holds the bytes of everything, and says when they change.

use std::convert::Infallible;

use minicbor::encode::Write;
use minicbor::{Decode, Encode};

use crate::Fault;

/// The bytes of `value`. Cannot fail: it writes to memory.
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(192);
    encode_into(value, &mut bytes);
    bytes
}

/// Appends the bytes of `value` to `bytes`.
pub fn encode_into<T: Encode<()>>(value: &T, bytes: &mut Vec<u8>) {
    minicbor::encode(value, Memory(bytes)).expect("encoding into memory cannot fail");
}

/// Bytes to write to. Those that minicbor knows are not inlined, and values are written a few bytes at a time.
struct Memory<'a>(&'a mut Vec<u8>);

impl Write for Memory<'_> {
    type Error = Infallible;

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// The value that `bytes` hold; `what` names it in the fault, as in "a drop".
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8], what: &str) -> Result<T, Fault> {
    minicbor::decode(bytes).map_err(|error| Fault::new(format!("decoding {what}"), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of the first program.
    #[derive(Debug, PartialEq, Encode, Decode)]
    struct First {
        #[n(0)]
        name: String,
    }

    /// The same row after two fields were added by the rule.
    #[derive(Debug, PartialEq, Encode, Decode)]
    struct Second {
        #[n(0)]
        name: String,
        #[n(1)]
        color: Option<String>,
        #[cbor(n(2), default)]
        weight: u64,
    }

    /// The same row after a field was added against the rule.
    #[derive(Debug, PartialEq, Encode, Decode)]
    struct Careless {
        #[n(0)]
        name: String,
        #[n(1)]
        weight: u64,
    }

    fn first() -> First {
        First { name: "lamp".into() }
    }

    #[test]
    fn an_older_row_has_defaults_for_newer_fields() {
        let read: Second = decode(&encode(&first()), "a row").expect("the rule was kept");
        assert_eq!(read, Second { name: "lamp".into(), color: None, weight: 0 });
    }

    #[test]
    fn a_newer_row_is_read_without_its_newer_fields() {
        let newer = Second { name: "lamp".into(), color: Some("red".into()), weight: 7 };
        assert_eq!(decode::<First>(&encode(&newer), "a row").ok(), Some(first()));
    }

    #[test]
    fn a_variant_that_is_not_known_is_silently_none_in_an_option() {
        #[derive(Encode, Decode)]
        struct Row {
            #[n(0)]
            answer: Option<crate::Reply>,
        }
        let row: Row = decode(&[0x81, 0x82, 0x18, 99, 0x80], "a row").expect("which is why there is no such field");
        assert!(row.answer.is_none());
    }

    #[test]
    fn a_field_without_a_default_makes_older_rows_faults() {
        let fault = decode::<Careless>(&encode(&first()), "a row").expect_err("the rule was broken");
        assert_eq!(fault.doing, "decoding a row");
    }
}
