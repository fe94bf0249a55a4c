//! The session that `login` keeps between commands.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use livedrop_proto::rest::accounts::{Account, Session};
use serde::{Deserialize, Serialize};

use super::trouble::{Exit, Stop};

/// What the file holds. Whoever reads it is the account's owner as far as the nodes know.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    pub access_token: String,
    pub refresh_token: String,
    pub account: Account,
    /// The nodes that may be sent these tokens.
    pub endpoints: Vec<String>,
}

impl Kept {
    pub fn new(session: Session, endpoints: Vec<String>) -> Self {
        let Session { access_token, refresh_token, account, .. } = session;
        Kept { access_token, refresh_token, account, endpoints }
    }
}

/// `livedrop/session.json` in `$XDG_STATE_HOME`, or in `.local/state` of the home folder.
pub fn default_path() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("livedrop/session.json"))
}

/// The kept session; none when there is no file.
pub fn load(path: &Path) -> Result<Option<Kept>, Stop> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(trouble(path, "read", &error.to_string())),
    };
    serde_json::from_str(&text).map(Some).map_err(|error| trouble(path, "read", &error.to_string()))
}

/// Keeps it where only this user can read it. A reader sees the old session or the new one, whole.
pub fn store(path: &Path, kept: &Kept) -> Result<(), Stop> {
    let text = serde_json::to_vec_pretty(kept).expect("a session is JSON");
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let write = || {
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(&text)?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|error: io::Error| trouble(path, "written", &error.to_string()))
}

/// Waits until no other livedropctl changes the session, and keeps it so while the file is open.
pub fn lock(path: &Path) -> Result<File, Stop> {
    let lock = || {
        let file = File::create(path.with_extension("lock"))?;
        file.lock()?;
        Ok(file)
    };
    lock().map_err(|error: io::Error| trouble(path, "locked", &error.to_string()))
}

/// Forgets it. That there is none is fine.
pub fn remove(path: &Path) -> Result<(), Stop> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(trouble(path, "removed", &error.to_string())),
        _ => Ok(()),
    }
}

fn trouble(path: &Path, what: &str, why: &str) -> Stop {
    let advice = "remove the file, or name another with --session-file";
    Stop::trouble(Exit::Failed, format!("the session in {} cannot be {what}", path.display()), why, advice)
}
