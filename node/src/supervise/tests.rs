use std::path::Path;

use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;

/// Far longer than any test; a wait that takes this long has failed.
const LONG: Duration = Duration::from_secs(30);

struct Supervised {
    directory: TempDir,
    events: mpsc::Receiver<Event>,
    stop: CancellationToken,
    task: JoinHandle<io::Result<()>>,
}

fn supervised(script: &str, patience: Duration) -> Supervised {
    let directory = tempfile::tempdir().expect("a directory");
    let program = Program {
        node: 2,
        executable: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        log: directory.path().join("node-2.log"),
        pid_file: directory.path().join("node-2.pid"),
    };
    let (sender, events) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let task = tokio::spawn(supervise(program, patience, sender, stop.clone()));
    Supervised { directory, events, stop, task }
}

impl Supervised {
    async fn event(&mut self) -> Event {
        let event = timeout(LONG, self.events.recv()).await.expect("an event in time");
        event.expect("the supervisor is there")
    }

    async fn started(&mut self) -> u32 {
        match self.event().await {
            Event::Started { node: 2, pid } => pid,
            other => panic!("{other:?} instead of a start"),
        }
    }

    async fn finish(self) {
        timeout(LONG, self.task).await.expect("an end in time").expect("no panic").expect("no error");
    }
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.cast_signed()).expect("not 0"), signal).expect("the child is there");
}

fn lives(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[tokio::test]
async fn a_killed_child_is_announced_and_started_again() {
    let mut child = supervised("read line; exit 7", LONG);
    let first = child.started().await;
    signal(first, Signal::KILL);
    match child.event().await {
        Event::Ended { node: 2, pid, status, restart_in } => {
            use std::os::unix::process::ExitStatusExt;
            assert_eq!((pid, status.signal()), (first, Some(9)));
            assert_eq!(restart_in, Duration::from_secs(1));
        }
        other => panic!("{other:?} instead of an end"),
    }
    let second = child.started().await;
    assert_ne!(first, second);
    let pid_file = std::fs::read_to_string(child.directory.path().join("node-2.pid")).expect("the pid is written");
    assert_eq!(pid_file.trim(), second.to_string());
    child.stop.cancel();
    child.finish().await;
    assert!(!lives(second));
}

#[tokio::test]
async fn a_child_that_refuses_to_start_is_not_started_again() {
    for code in ["2", "78"] {
        let mut child = supervised(&format!("echo refused >&2; exit {code}"), LONG);
        child.started().await;
        match child.event().await {
            Event::GivenUp { node: 2, status, .. } => {
                assert_eq!(status.code().map(|code| code.to_string()).as_deref(), Some(code))
            }
            other => panic!("{other:?} instead of giving up"),
        }
        let log = std::fs::read_to_string(child.directory.path().join("node-2.log")).expect("there is a log");
        assert_eq!(log, "refused\n");
        child.finish().await;
    }
}

#[tokio::test]
async fn a_child_that_does_not_heed_sigterm_is_killed_after_the_patience() {
    let mut child = supervised("trap '' TERM; echo deaf; exec sleep 600", Duration::from_millis(50));
    let pid = child.started().await;
    let log = child.directory.path().join("node-2.log");
    // Once it has spoken, it is deaf.
    while !std::fs::read_to_string(&log).expect("there is a log").contains("deaf") {
        tokio::task::yield_now().await;
    }
    child.stop.cancel();
    child.finish().await;
    assert!(!lives(pid));
}

#[tokio::test]
async fn a_child_sees_its_input_end_when_nobody_watches_it_any_more() {
    let mut child = supervised("read line; exit 7", LONG);
    let pid = child.started().await;
    child.task.abort();
    assert!((&mut child.task).await.is_err_and(|error| error.is_cancelled()));
    while lives(pid) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
