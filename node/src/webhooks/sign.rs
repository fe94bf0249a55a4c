//! Signatures as Standard Webhooks has them
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>): HMAC-SHA256 of
//! `<id>.<seconds>.<body>`, once for each secret of the endpoint while it is rotated.

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The same for every try of one delivery: what the receiver knows a repetition by.
pub const ID: &str = "webhook-id";
/// Seconds since the epoch, of this try.
pub const TIMESTAMP: &str = "webhook-timestamp";
pub const SIGNATURE: &str = "webhook-signature";

/// How a secret begins when it is shown.
const SECRET_PREFIX: &str = "whsec_";
/// The fewest and the most bytes of a secret.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Text that is not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is `whsec_` and 24 to 64 bytes in base64")]
pub struct NotASecret;

/// The value of [`SIGNATURE`]: one signature for each secret, in their order. `id` and the time hold no full stop, so
/// nobody can move bytes from one part of what is signed to another.
pub fn signature<'a>(secrets: impl IntoIterator<Item = &'a [u8]>, id: &str, seconds: u64, body: &[u8]) -> String {
    assert!(!id.contains('.'), "ids are made here, of letters and digits");
    let one = |secret: &[u8]| {
        let mut context = Context::with_key(&Key::new(HMAC_SHA256, secret));
        context.update(format!("{id}.{seconds}.").as_bytes());
        context.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(context.sign()))
    };
    secrets.into_iter().map(one).collect::<Vec<_>>().join(" ")
}

/// A secret as it is shown to its owner.
pub fn show_secret(secret: &[u8]) -> String {
    format!("{SECRET_PREFIX}{}", BASE64_STANDARD.encode(secret))
}

/// A secret that its owner has chosen.
pub fn read_secret(text: &str) -> Result<Vec<u8>, NotASecret> {
    let encoded = text.strip_prefix(SECRET_PREFIX).ok_or(NotASecret)?;
    let secret = BASE64_STANDARD.decode(encoded).map_err(|_| NotASecret)?;
    if SECRET_BYTES.contains(&secret.len()) { Ok(secret) } else { Err(NotASecret) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The vector that the specification's own libraries are tested with.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn sign(secrets: &[&[u8]]) -> String {
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        signature(secrets.iter().copied(), id, 1_614_265_330, br#"{"test": 2432232314}"#)
    }

    #[test]
    fn the_signature_is_the_one_of_the_specification() {
        assert_eq!(sign(&[&read_secret(SECRET).unwrap()]), SIGNED);
    }

    #[test]
    fn during_a_rotation_there_is_a_signature_for_each_secret() {
        let old = read_secret(SECRET).unwrap();
        let both = sign(&[&[7; 32], &old]);
        let (new, rest) = both.split_once(' ').unwrap();
        assert!(new.starts_with("v1,") && new != SIGNED);
        assert_eq!(rest, SIGNED);
    }

    #[test]
    fn a_secret_reads_back_what_it_shows() {
        for size in SECRET_BYTES {
            let secret = vec![size as u8; size];
            assert_eq!(read_secret(&show_secret(&secret)), Ok(secret));
        }
        assert_eq!(show_secret(&read_secret(SECRET).unwrap()), SECRET);
    }

    #[test]
    fn a_secret_that_is_short_long_or_otherwise_written_is_none() {
        let (short, long) = (show_secret(&[1; 23]), show_secret(&[1; 65]));
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64!", &short, &long] {
            assert_eq!(read_secret(text), Err(NotASecret), "{text}");
        }
    }
}
