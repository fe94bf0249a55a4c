//! Values to bytes and back: CBOR (RFC 8949) with numbered fields, so that a field added later has a default
//! in older bytes and is skipped by older readers.

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
    minicbor::encode(value, bytes).expect("encoding into memory cannot fail");
}

/// The value that `bytes` hold; `what` names it in the fault, as in "a drop".
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8], what: &str) -> Result<T, Fault> {
    minicbor::decode(bytes).map_err(|error| Fault::new(format!("decoding {what}"), error))
}
