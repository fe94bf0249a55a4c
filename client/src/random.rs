//! Names that nobody else makes.

use std::fmt;
use std::str::FromStr;

use ulid::Ulid;

/// 26 characters of `[0-9A-Z]`, 128 random bits.
pub(crate) fn name() -> String {
    Ulid::from_bytes(bits().to_be_bytes()).to_string()
}

/// A number below `limit`; 0 when that is 0.
pub(crate) fn below(limit: u64) -> u64 {
    (bits() >> 64) as u64 % limit.max(1)
}

fn bits() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    u128::from_be_bytes(bytes)
}

/// What makes a request safe to repeat: the same key and the same body are done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Text that cannot be sent as an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to 255 visible ASCII characters")]
pub struct NotAKey;

impl IdempotencyKey {
    pub fn random() -> Self {
        IdempotencyKey(name())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=255).contains(&text.len()) { Ok(IdempotencyKey(text.to_owned())) } else { Err(NotAKey) }
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_a_header_cannot_hold_is_refused() {
        assert!("order-7".parse::<IdempotencyKey>().is_ok());
        for text in ["", "two words", "line\nbreak", "schlüssel", &"x".repeat(256)] {
            assert_eq!(text.parse::<IdempotencyKey>(), Err(NotAKey), "{text}");
        }
    }

    #[test]
    fn random_keys_differ_and_are_keys() {
        let (one, other) = (IdempotencyKey::random(), IdempotencyKey::random());
        assert_ne!(one, other);
        assert_eq!(one.as_str().parse(), Ok(one));
    }
}
