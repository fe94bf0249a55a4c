//! The script that adds and removes learners, against a cluster that is played to it: `livedropctl` and `curl` are two
//! lines of shell each, which write down what they are asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// Plays a cluster with so many learners, on whose nodes the metric has one value, and runs the script once. Gives what
/// was done, a line each.
fn run(learners: usize, metric: u32, healthy: bool) -> Vec<String> {
    let folder = tempfile::tempdir().expect("there is room");
    let here = |name: &str| folder.path().join(name);
    let nodes: Vec<String> = (1..=3 + learners)
        .map(|id| {
            let role = if id > 3 { "learner" } else { "follower" };
            format!(r#"{{"id":"{id}","role":"{role}","reachable":true,"http":"http://node-{id}"}}"#)
        })
        .collect();
    fs::write(here("status"), format!(r#"{{"summary":"as played","nodes":[{}]}}"#, nodes.join(","))).expect("written");
    program(
        &here("livedropctl"),
        &format!(
            "case \"$*\" in *status) cat {}; exit {} ;; *add*) echo \"livedropd --join TOKEN\" ;; esac\necho \"livedropctl $*\" >> {}",
            here("status").display(),
            if healthy { 0 } else { 1 },
            here("done").display()
        ),
    );
    program(&here("curl"), &format!("echo 'livedrop_event_streams {metric}'"));
    program(&here("start"), &format!("echo \"start: $(cat)\" >> {}", here("done").display()));
    program(&here("stop"), &format!("echo \"stop $*\" >> {}", here("done").display()));
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap_or_default());
    let Output { status, stderr, .. } = Command::new("autoscale/learners")
        .env("PATH", path)
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("LIVEDROPCTL_ENDPOINTS", "http://node-1")
        .env("DRAIN_SECONDS", "0")
        .env("LEARNERS_MAX", "2")
        .env("NEXT", "echo 10.0.0.9:9090 http://10.0.0.9:8080")
        .env("START", here("start"))
        .env("STOP", here("stop"))
        .output()
        .expect("bash is there");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    fs::read_to_string(here("done")).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn program(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("made a program");
}

#[test]
fn learners_come_when_the_nodes_are_busy_and_go_when_they_are_not() {
    if ["jq", "flock"].iter().any(|tool| Command::new(tool).arg("--version").output().is_err()) {
        eprintln!("==================== SKIPPED: jq or flock is not installed ====================");
        return;
    }
    let added = [
        "livedropctl --yes member add 10.0.0.9:9090 --http http://10.0.0.9:8080 --learner",
        "start: livedropd --join TOKEN",
    ];
    let mut done = run(0, 9_000, true);
    // They are two ends of one pipe.
    done.sort();
    assert_eq!(done, added);
    assert_eq!(run(2, 9_000, true), [""; 0], "there are as many as there may be");
    let removed = ["livedropctl drain 5", "livedropctl --yes member remove 5", "5"];
    let done = run(2, 100, true);
    assert_eq!((done[0].as_str(), done[1].as_str(), done[2].ends_with(removed[2])), (removed[0], removed[1], true));
    assert_eq!(run(1, 5_000, true), [""; 0], "neither busy nor idle");
    assert_eq!(run(0, 100, true), [""; 0], "voters are never touched");
    assert_eq!(run(2, 100, false), [""; 0], "nothing is changed while the cluster is not well");
}
