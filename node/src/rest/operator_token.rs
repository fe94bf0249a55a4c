//! The token in the data directory: whoever can read a node's files may operate it, which is how the first operator
//! account is made.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

/// The file of the token, in the data directory.
pub const OPERATOR_TOKEN_FILE: &str = "operator.token";
const PREFIX: &str = "op_";
const OWNER_ONLY: u32 = 0o600;

/// What is kept of the token: a digest.
pub struct OperatorToken([u8; 32]);

impl OperatorToken {
    pub(super) fn of(text: &str) -> Self {
        OperatorToken(blake3::hash(text.as_bytes()).into())
    }

    /// Digests are compared, and in constant time, so that the time says nothing about the token.
    pub fn is(&self, token: &str) -> bool {
        self.0.ct_eq(&OperatorToken::of(token).0).into()
    }
}

/// The token of a data directory, made and written for its owner's eyes only when there is none.
pub fn operator_token(data_dir: &Path) -> io::Result<OperatorToken> {
    let path = data_dir.join(OPERATOR_TOKEN_FILE);
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().len() > PREFIX.len() + 40 => {
            fs::set_permissions(&path, fs::Permissions::from_mode(OWNER_ONLY))?;
            Ok(OperatorToken::of(text.trim()))
        }
        Ok(_) => make(data_dir, &path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(data_dir, &path),
        Err(error) => Err(error),
    }
}

fn make(data_dir: &Path, path: &Path) -> io::Result<OperatorToken> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let text = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(secret));
    let unfinished = path.with_extension("token.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&unfinished)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(data_dir)?.sync_all()?;
    Ok(OperatorToken::of(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_for_its_owners_eyes_and_stays_the_same() {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let token = operator_token(dir.path()).expect("it can be written");
        let path = dir.path().join(OPERATOR_TOKEN_FILE);
        let text = fs::read_to_string(&path).expect("it was written");
        assert!(token.is(text.trim()) && !token.is("op_") && !token.is(""));
        let mode = || fs::metadata(&path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode(), OWNER_ONLY);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
        assert!(operator_token(dir.path()).expect("it can be read").is(text.trim()));
        assert_eq!(mode(), OWNER_ONLY);
    }
}
