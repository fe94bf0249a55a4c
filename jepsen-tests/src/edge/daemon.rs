//! Somebody else's program, run in the foreground for as long as the value lives.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::NotHere;
use crate::wait::Hopeless;

/// Where daemons are that a user's `PATH` does not lead to.
const FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

pub(super) struct Daemon {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

/// The path of a program. Errors: [`NotHere`].
pub(crate) fn find(name: &'static str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.map(PathBuf::from));
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| NotHere(name.to_owned()).into())
}

impl Daemon {
    /// Starts it; what it says goes to a file in `folder`.
    pub fn start(name: &'static str, command: &mut Command, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let words = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(words.try_clone()?).stderr(words);
        let child = command.spawn().with_context(|| format!("starting {name}"))?;
        Ok(Daemon { name, child, log })
    }

    /// Fails, for good, when it has ended.
    pub fn require_running(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            let words = std::fs::read_to_string(&self.log).unwrap_or_default();
            bail!(Hopeless(format!("{} ended with {status}:\n{words}", self.name)));
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both have a child of their own, which SIGTERM lets them end. Calls fail only for a process that is gone.
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}
