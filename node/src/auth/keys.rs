//! The keys that sign access tokens. They are rows, so every node signs and checks with the same ones.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use livedrop_domain::accounts::SigningKey;

/// The id of a key is so many bytes of a digest, and so many letters.
const KEY_ID_BYTES: usize = 9;
const KEY_ID_LEN: usize = KEY_ID_BYTES / 3 * 4;

/// The keys whose signatures are good. One of them signs.
#[derive(Default)]
pub struct KeyRing {
    keys: Vec<Key>,
}

struct Key {
    id: String,
    signs: bool,
    encoding: EncodingKey,
    decoding: DecodingKey,
    public: Vec<u8>,
}

/// The public half of a key, as a JWK (RFC 8037) says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Public {
    pub id: String,
    /// base64url of the 32 bytes.
    pub x: String,
}

impl KeyRing {
    pub fn new(keys: Vec<SigningKey>) -> Self {
        let keys = keys.into_iter().map(|key| Key {
            signs: key.signs(),
            id: key.id,
            encoding: EncodingKey::from_ed_der(&key.private),
            decoding: DecodingKey::from_ed_der(&key.public),
            public: key.public,
        });
        KeyRing { keys: keys.collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that signs, and its id.
    pub(super) fn signing(&self) -> Option<(&str, &EncodingKey)> {
        self.keys.iter().find(|key| key.signs).map(|key| (&key.id[..], &key.encoding))
    }

    pub(super) fn decoding(&self, id: &str) -> Option<&DecodingKey> {
        self.keys.iter().find(|key| key.id == id).map(|key| &key.decoding)
    }

    /// What may be shown to everybody.
    pub fn public(&self) -> Vec<Public> {
        let public = |key: &Key| Public { id: key.id.clone(), x: BASE64_URL_SAFE_NO_PAD.encode(&key.public) };
        self.keys.iter().map(public).collect()
    }
}

/// Makes an Ed25519 key. It counts when the state machine took it, and not before.
///
/// # Panics
///
/// When the system has no randomness to give: nothing safe can be done without it.
pub fn fresh_signing_key() -> SigningKey {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("the system gives random bytes");
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key that was just made is well-formed");
    let public = pair.public_key().as_ref().to_vec();
    let digest = blake3::hash(&public);
    SigningKey {
        id: BASE64_URL_SAFE_NO_PAD.encode(&digest.as_bytes()[..KEY_ID_BYTES]),
        private: document.as_ref().to_vec(),
        public,
        added_at: None,
        retires_at: None,
    }
}

/// Whether a text has the form of the ids that we give keys. Another one is not worth looking for.
pub(super) fn is_key_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    text.len() == KEY_ID_LEN && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_key_is_its_public_half() {
        let key = fresh_signing_key();
        let ring = KeyRing::new(vec![key.clone()]);
        let [shown] = &ring.public()[..] else { panic!("one key, one public half") };
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(&shown.x).ok(), Some(key.public));
        assert_eq!(shown.id, key.id);
        assert_eq!(shown.x.len(), 43);
        assert!(is_key_id(&shown.id) && !is_key_id("../etc/passw") && !is_key_id(&shown.id[1..]));
    }

    #[test]
    fn the_key_that_does_not_retire_signs_and_all_verify() {
        let (old, new) = (fresh_signing_key(), fresh_signing_key());
        let retires_at = Some(livedrop_domain::Timestamp(1));
        let ring = KeyRing::new(vec![SigningKey { retires_at, ..old.clone() }, new.clone()]);
        assert_eq!(ring.signing().map(|(id, _)| id), Some(&new.id[..]));
        assert!(ring.decoding(&old.id).is_some() && ring.decoding(&new.id).is_some());
        assert_eq!(ring.public().len(), 2);
    }
}
