//! What a new node is invited with: `ID.SECRET`. The cluster keeps a digest of the secret.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use livedrop_domain::members::SECRET_BYTES;

/// A node id, and what shows that it is given to whoever has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    pub node_id: u64,
    pub secret: [u8; SECRET_BYTES],
}

/// A secret must not reach a log line.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("node_id", &self.node_id).finish_non_exhaustive()
    }
}

/// Text that is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no join token; copy the whole of what `livedropctl member add` or `member token` shows")]
pub struct NotAToken;

impl Token {
    /// A secret that nobody can guess, with its digest; the id comes from the cluster.
    pub fn draw() -> Result<([u8; SECRET_BYTES], [u8; 32]), getrandom::Error> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret)?;
        Ok((secret, blake3::hash(&secret).into()))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.node_id, BASE64_URL_SAFE_NO_PAD.encode(self.secret))
    }
}

impl FromStr for Token {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let (node_id, secret) = text.trim().split_once('.').ok_or(NotAToken)?;
        let node_id = node_id.parse().ok().filter(|id| *id > 0).ok_or(NotAToken)?;
        let secret = BASE64_URL_SAFE_NO_PAD.decode(secret).map_err(|_| NotAToken)?;
        Ok(Token { node_id, secret: secret.try_into().map_err(|_| NotAToken)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let (secret, digest) = Token::draw().expect("there is randomness");
        let token = Token { node_id: 4, secret };
        assert!(token.to_string().parse::<Token>() == Ok(token));
        assert_eq!(digest, *blake3::hash(&secret).as_bytes());
    }

    #[test]
    fn a_part_of_a_token_is_none() {
        let token = Token { node_id: 4, secret: [7; SECRET_BYTES] }.to_string();
        for text in ["", "4.", "4", &token[..token.len() - 4], &token[1..], &token.replacen('4', "0", 1)] {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
    }
}
