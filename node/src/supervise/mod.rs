//! Keeps child processes alive: starts each, starts it again with back-off when it ends, stops it when told to.
//!
//! A child learns of its parent's death by the end of its standard input, which only the parent holds open; so
//! nothing is left behind even when the parent is killed with SIGKILL.
//!
//! ```text
//!            start                ends by itself
//!   (new) ─────────► running ───────────────────► waiting (1 s … 5 s) ──► running …
//!                      │  told to stop │ refused to start (exit 2 or 78)
//!                      ▼               ▼
//!            SIGTERM, patience,      given up: the same start would be refused again
//!            SIGKILL; stopped
//! ```

mod backoff;
mod parent;

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use backoff::Backoff;
pub use parent::stop_when_standard_input_ends;

/// What the server exits with when its arguments or its configuration are wrong.
pub const EXIT_CONFIGURATION: u8 = 2;
/// What the server exits with when it refuses its data directory: it is damaged or belongs to another node.
pub const EXIT_DATA_REFUSED: u8 = 78;

/// What the server exits with when it was removed from its cluster: started again, it would only hear so again.
pub const EXIT_REMOVED: u8 = 79;

/// A child to keep alive.
#[derive(Clone, Debug)]
pub struct Program {
    /// Tells the children apart in events.
    pub node: u64,
    pub executable: PathBuf,
    pub arguments: Vec<OsString>,
    /// Standard output and standard error are appended to this file.
    pub log: PathBuf,
    /// Holds the process id while the child runs.
    pub pid_file: PathBuf,
}

/// What happened to a child.
#[derive(Debug)]
pub enum Event {
    Started {
        node: u64,
        pid: u32,
    },
    /// It ended although nobody told it to, and starts again after `restart_in`.
    Ended {
        node: u64,
        pid: u32,
        status: ExitStatus,
        restart_in: Duration,
    },
    /// It refused to start in a way that the next start would repeat. It is not started again.
    GivenUp {
        node: u64,
        pid: u32,
        status: ExitStatus,
    },
}

/// Keeps one child alive until `stop`; returns when the child is gone.
///
/// `patience` is how long the child may take to end after SIGTERM before it gets SIGKILL.
/// Errors: the program or its files cannot be opened.
pub async fn supervise(
    program: Program,
    patience: Duration,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) -> io::Result<()> {
    let node = program.node;
    let mut backoff = Backoff::default();
    while !stop.is_cancelled() {
        let began = Instant::now();
        let mut child = start(&program)?;
        // Held open until the child is gone: its end is how the child learns that nobody watches it any more.
        // Taken out because waiting would close it.
        let lifeline = child.stdin.take();
        let pid = child.id().expect("a child that was not waited for has a process id");
        std::fs::write(&program.pid_file, format!("{pid}\n"))?;
        // Whoever listened may be gone while the child is being stopped; that changes nothing here.
        let _ = events.send(Event::Started { node, pid }).await;

        let status = tokio::select! {
            status = child.wait() => status?,
            () = stop.cancelled() => {
                end(&mut child, pid, patience).await?;
                break;
            }
        };
        drop(lifeline);
        if status.code().is_some_and(is_refusal) {
            let _ = events.send(Event::GivenUp { node, pid, status }).await;
            break;
        }
        let restart_in = backoff.after_a_life_of(began.elapsed());
        let _ = events.send(Event::Ended { node, pid, status, restart_in }).await;
        // Cut short when told to stop: the loop's condition ends it.
        let _ = timeout(restart_in, stop.cancelled()).await;
    }
    remove_if_there(&program.pid_file)
}

fn start(program: &Program) -> io::Result<Child> {
    let log = open_log(program)?;
    Command::new(&program.executable)
        .args(&program.arguments)
        .stdin(Stdio::piped())
        .stdout(log.try_clone()?)
        .stderr(log)
        // A group of its own, so that Ctrl-C in the terminal reaches the parent alone, which then stops the
        // children in order.
        .process_group(0)
        .spawn()
        .map_err(|error| {
            io::Error::new(error.kind(), format!("cannot start {}: {error}", program.executable.display()))
        })
}

fn open_log(program: &Program) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(&program.log)
}

/// Asks the child to end, and after `patience` no longer asks.
async fn end(child: &mut Child, pid: u32, patience: Duration) -> io::Result<()> {
    let pid = Pid::from_raw(pid.cast_signed()).expect("a process id is not 0");
    // It may have ended this instant; it was not waited for, so the id is still its own.
    let _ = kill_process(pid, Signal::TERM);
    if timeout(patience, child.wait()).await.is_err() {
        child.kill().await?;
    }
    Ok(())
}

fn is_refusal(code: i32) -> bool {
    [EXIT_CONFIGURATION, EXIT_DATA_REFUSED, EXIT_REMOVED].map(i32::from).contains(&code)
}

fn remove_if_there(path: &std::path::Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
