//! `livedropd demo` with real processes: it comes up, brings back what is killed, leaves nothing behind, and finds its
//! shop again.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// Far longer than anything here takes; what is not there by then will not come.
const LONG: Duration = Duration::from_secs(60);

struct Demo {
    child: Child,
    lines: Receiver<String>,
}

impl Demo {
    fn start(directory: &Path, arguments: &[String]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_livedropd"))
            .arg("demo")
            .arg("--dir")
            .arg(directory)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// Waits for a line that begins so; gives the lines up to it.
    fn until(&self, begins: &str) -> Vec<String> {
        let deadline = Instant::now() + LONG;
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.starts_with(begins)) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => said.push(line),
                Err(error) => panic!("no line begins with {begins:?}: {error}; it said {said:#?}"),
            }
        }
        said
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }
}

/// Whatever a failed test leaves is stopped with it: the nodes see their input end.
impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two rows of three free ports, one for clients and one for the nodes; another `test` searches elsewhere.
fn ports(test: u16) -> Vec<String> {
    let free = |base: u16| (base..base + 3).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    // So do other processes that run this file.
    let begin = 20_000 + u16::try_from(std::process::id() % 500).expect("less than 500") * 20 + test * 10;
    let mut bases = (begin..).step_by(20).filter(|base| free(*base));
    let mut next = || bases.next().expect("some ports are free").to_string();
    vec!["--http-base".to_owned(), next(), "--peer-base".to_owned(), next()]
}

fn pid_of_node(directory: &Path, node: u64) -> Pid {
    let text = std::fs::read_to_string(directory.join(format!("node-{node}.pid"))).expect("the node runs");
    Pid::from_raw(text.trim().parse().expect("a number")).expect("not 0")
}

fn wait_until_gone(pids: &[Pid]) {
    let deadline = Instant::now() + LONG;
    while pids.iter().any(|pid| runs(*pid)) {
        assert!(Instant::now() < deadline, "still running: {pids:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process that has ended and that nobody asked about yet is gone too.
fn runs(pid: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    test_kill_process(pid).is_ok() && !status.contains(") Z ")
}

fn drops(said: &[String]) -> Vec<String> {
    let words = said.iter().filter_map(|line| line.split_whitespace().nth(1));
    words.filter(|word| word.starts_with("drp_")).map(str::to_owned).collect()
}

#[test]
fn a_demo_brings_back_what_is_killed_and_leaves_nothing_behind() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("shop");
    let nodes = || [1, 2, 3].map(|node| pid_of_node(&directory, node));

    let mut demo = Demo::start(&directory, &ports(0));
    let shop = drops(&demo.until("ready"));
    assert_eq!(shop.len(), 5);

    let killed = pid_of_node(&directory, 2);
    kill_process(killed, Signal::KILL).expect("it runs");
    let said = demo.until("node 2 is ready again");
    assert_eq!(said[0], format!("node 2 (pid {}) was killed; restarting", killed.as_raw_nonzero()));
    assert_ne!(pid_of_node(&directory, 2), killed);

    let stopped = nodes();
    demo.signal(Signal::TERM);
    let status = demo.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    assert!(!stopped.iter().any(|pid| runs(*pid)), "it waits for its nodes");

    let mut demo = Demo::start(&directory, &[]);
    assert_eq!(drops(&demo.until("ready")), shop, "the second start finds the shop of the first");
    let orphans = nodes();
    demo.child.kill().expect("it runs");
    demo.child.wait().expect("it ends");
    wait_until_gone(&orphans);
}

#[test]
fn a_demo_whose_port_is_taken_starts_nothing() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("shop");
    let ports = ports(1);
    let _taken = TcpListener::bind(format!("127.0.0.1:{}", ports[1])).expect("it was free");
    let output = Command::new(env!("CARGO_BIN_EXE_livedropd"))
        .args(["demo", "--dir"])
        .arg(&directory)
        .args(&ports)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&format!("port {} (node 1, for HTTP) is taken", ports[1])), "{said}");
    assert!(!directory.exists());
}
