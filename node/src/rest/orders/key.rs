//! Idempotency keys, as draft-ietf-httpapi-idempotency-key-header has them.

use http::HeaderMap;
use livedrop_domain::{AccountId, Idempotency};

use super::super::answer::IDEMPOTENCY_KEY;
use super::super::code;
use super::super::problem::Problem;

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 255;

/// What makes a request safe to repeat: its key, and a digest of what it asks for. Rejects a request without a key.
pub fn required(
    headers: &HeaderMap,
    account: AccountId,
    method: &str,
    path: &str,
    body: &[u8],
) -> Result<Idempotency, Problem> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
        return Err(Problem::new(&code::IDEMPOTENCY_KEY_REQUIRED, "Send a key of your own making with this request."));
    };
    ensure_well_formed(key.as_bytes())?;
    let mut asked = blake3::Hasher::new();
    for part in [method.as_bytes(), path.as_bytes(), body] {
        asked.update(&(part.len() as u64).to_be_bytes()).update(part);
    }
    Ok(Idempotency { account, key_hash: digest(key.as_bytes()), body_hash: half(asked.finalize()) })
}

/// Rejects what is not 1 to 255 visible ASCII characters.
pub fn ensure_well_formed(key: &[u8]) -> Result<(), Problem> {
    let good = (1..=KEY_BYTES_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    match good {
        true => Ok(()),
        false => Err(Problem::new(&code::BAD_REQUEST, "An Idempotency-Key is 1 to 255 visible ASCII characters.")),
    }
}

/// Keys are kept as digests: all of one length, and of no use to whoever reads the log.
pub fn digest(key: &[u8]) -> [u8; 16] {
    half(blake3::hash(key))
}

fn half(digest: blake3::Hash) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest.as_bytes()[..16]);
    half
}
