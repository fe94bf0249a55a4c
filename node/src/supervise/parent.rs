//! The child's side: it ends when its parent does.

use std::io::Read;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

/// How long the orderly stop may take before the process ends without it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a thread that stops this process, as SIGTERM does, when standard input ends: then the parent, which
/// holds the other end, is gone.
///
/// The kernel could signal the death of a parent by itself (PR_SET_PDEATHSIG), but only from between fork and
/// exec, which takes unsafe code, and it means the thread that forked, not the process.
pub fn stop_when_standard_input_ends() -> std::io::Result<()> {
    let watch = || {
        let mut nothing = [0; 64];
        let mut input = std::io::stdin().lock();
        // Whatever is written is ignored; an error is as good as the end.
        while input.read(&mut nothing).is_ok_and(|length| length > 0) {}
        // Cannot fail: the process exists, and it may signal itself.
        let _ = kill_process(getpid(), Signal::TERM);
        std::thread::sleep(PATIENCE);
        std::process::abort();
    };
    std::thread::Builder::new().name("parent-watch".to_owned()).spawn(watch).map(drop)
}
