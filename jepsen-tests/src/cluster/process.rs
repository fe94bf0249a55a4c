//! One `livedropd` process: started, signalled, awaited. It never outlives the value that holds it.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// A node's process and where its words go.
pub struct Process {
    child: Child,
    paused: bool,
    log: PathBuf,
}

impl Process {
    /// Starts `binary --config CONFIG --node-id ID`; both output streams are appended to `log`.
    pub fn start(binary: &Path, config: &Path, id: usize, log: &Path) -> Result<Self> {
        Self::start_with(binary, config, &["--node-id".to_owned(), id.to_string()], log)
    }

    /// As `start`, with whatever tells this node from the others.
    pub fn start_with(binary: &Path, config: &Path, own: &[String], log: &Path) -> Result<Self> {
        let words = OpenOptions::new().create(true).append(true).open(log)?;
        // Only what the test says may configure a node, not what the shell around it happens to hold.
        let inherited = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("LIVEDROP"));
        let mut command = Command::new(binary);
        inherited.for_each(|name| {
            command.env_remove(name);
        });
        command.arg("--config").arg(config).args(own);
        // Should this process be killed, the pipe ends with it, and the node stops.
        command.arg("--exit-with-parent").stdin(Stdio::piped());
        command.stdout(words.try_clone()?).stderr(words);
        let child = command.spawn().with_context(|| format!("starting {}", binary.display()))?;
        Ok(Self { child, paused: false, log: log.to_owned() })
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and waits until it has stopped by itself.
    pub async fn stop(mut self, deadline: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.exited(deadline).await
    }

    /// SIGSTOP: it keeps its connections and answers nothing.
    pub fn pause(&mut self) -> Result<()> {
        self.paused = true;
        self.signal(Signal::STOP)
    }

    pub fn resume(&mut self) -> Result<()> {
        self.paused = false;
        self.signal(Signal::CONT)
    }

    /// Of the system.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until it has ended by itself.
    pub async fn exited(&mut self, deadline: Duration) -> Result<ExitStatus> {
        let what = format!("process {} to end (log: {})", self.child.id(), self.log.display());
        wait::until(&what, deadline, async || match self.child.try_wait()? {
            Some(status) => Ok(status),
            None => bail!("it still runs"),
        })
        .await
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("a child has a process id")?;
        kill_process(pid, signal).with_context(|| format!("signalling process {pid:?}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A paused process dies of SIGKILL too. Both calls fail only for a child that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
