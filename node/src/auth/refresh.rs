//! Refresh tokens: the session they belong to and 32 random bytes, of which only a digest is stored.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use livedrop_domain::SessionId;

const PREFIX: &str = "rt_";

/// A refresh token in the hands of its owner.
pub struct RefreshToken {
    pub session_id: SessionId,
    secret: [u8; 32],
}

impl RefreshToken {
    /// # Panics
    ///
    /// When the system has no randomness to give: nothing safe can be done without it.
    pub fn fresh(session_id: SessionId) -> Self {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).expect("the system gives random bytes");
        RefreshToken { session_id, secret }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (session, secret) = bytes.split_first_chunk::<16>()?;
        Some(RefreshToken { session_id: SessionId::from_bytes(*session), secret: secret.try_into().ok()? })
    }

    /// What is stored. The secret is random through and through, so a fast digest keeps it.
    pub fn digest(&self) -> [u8; 32] {
        *blake3::hash(&self.secret).as_bytes()
    }

    /// What its owner is given.
    pub fn text(&self) -> String {
        let bytes = [&self.session_id.bytes()[..], &self.secret].concat();
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_reads_back_what_it_prints() {
        let token = RefreshToken::fresh(SessionId::from_u128(7));
        let read = RefreshToken::parse(&token.text()).expect("it was just printed");
        assert_eq!((read.session_id, read.digest()), (token.session_id, token.digest()));
        assert_ne!(RefreshToken::fresh(SessionId::from_u128(7)).digest(), token.digest());
    }

    #[test]
    fn what_is_not_a_refresh_token_is_not_read() {
        let text = RefreshToken::fresh(SessionId::from_u128(7)).text();
        for wrong in ["", "rt_", "rt_AAAA", &text[..text.len() - 2], &text[3..], &format!("{text}AA")] {
            assert!(RefreshToken::parse(wrong).is_none(), "{wrong}");
        }
    }
}
