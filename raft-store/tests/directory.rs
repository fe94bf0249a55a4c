//! The data directory: what is refused, with what words, and what an interrupted start leaves.

mod common;

use std::fs;

use common::{directory, identity, names, open, options, refused};
use livedrop_store::{Identity, Options};

#[test]
fn an_empty_directory_is_made_and_found_again() {
    let directory = directory();
    let first = open(&directory);
    assert!(first.fresh);
    let incarnation = first.incarnation;
    drop(first);
    assert_eq!(names(directory.path()), ["CURRENT", "IDENTITY", "LOCK", "log", "snapshots", "state-1"]);
    let again = open(&directory);
    assert!(!again.fresh);
    assert_eq!(again.incarnation, incarnation);
}

#[test]
fn two_directories_have_two_incarnations() {
    let (one, other) = (directory(), directory());
    assert_ne!(open(&one).incarnation, open(&other).incarnation);
}

#[test]
fn a_directory_in_use_is_refused() {
    let directory = directory();
    let store = open(&directory);
    assert!(refused(&directory).contains("in use by another process"));
    // The log alone keeps it locked: its last writes may still be under way.
    let log = store.log.clone();
    drop(store);
    assert!(refused(&directory).contains("in use by another process"));
    drop(log);
    open(&directory);
}

#[test]
fn the_directory_of_another_node_or_cluster_is_refused() {
    let directory = directory();
    drop(open(&directory));
    for other in [Identity { node_id: 2, ..identity() }, Identity { cluster_id: "another".to_owned(), ..identity() }] {
        let refused = livedrop_store::open(directory.path(), &other, options()).err().expect("it is not theirs");
        assert!(refused.to_string().contains("belongs to node 1 of cluster \"test\""), "{refused}");
    }
    open(&directory);
}

#[test]
fn a_directory_with_other_files_is_refused_and_left_alone() {
    let directory = directory();
    fs::write(directory.path().join("thesis.txt"), "the only copy").expect("it is ours");
    let refused = refused(&directory);
    assert!(refused.contains("thesis.txt") && refused.contains("is not a data directory"), "{refused}");
    assert_eq!(names(directory.path()), ["LOCK", "thesis.txt"]);
}

#[test]
fn a_directory_without_its_identity_is_refused() {
    let directory = directory();
    drop(open(&directory));
    fs::remove_file(directory.path().join("IDENTITY")).expect("it is there");
    assert!(refused(&directory).contains("is not a data directory"));
}

#[test]
fn a_missing_part_is_refused() {
    for part in ["CURRENT", "log", "snapshots", "state-1"] {
        let directory = directory();
        drop(open(&directory));
        let path = directory.path().join(part);
        match path.is_dir() {
            true => fs::remove_dir_all(&path),
            false => fs::remove_file(&path),
        }
        .expect("it is there");
        let refused = refused(&directory);
        assert!(refused.contains(part) && refused.contains("is missing"), "{refused}");
    }
}

#[test]
fn a_current_that_names_nothing_is_refused() {
    for (content, expected) in
        [("", "names no state database"), ("state-x", "names no state database"), ("state-7", "missing")]
    {
        let directory = directory();
        drop(open(&directory));
        fs::write(directory.path().join("CURRENT"), content).expect("it is ours");
        let refused = refused(&directory);
        assert!(refused.contains(expected), "{content:?}: {refused}");
        assert!(directory.path().join("state-1").exists(), "nothing is removed by mistake");
    }
}

#[test]
fn an_identity_that_does_not_read_is_refused() {
    let directory = directory();
    drop(open(&directory));
    let path = directory.path().join("IDENTITY");
    let good = fs::read_to_string(&path).expect("it is text");
    for (bad, expected) in [
        (String::new(), "first line"),
        (good.replace("node = 1", "node = one"), "node is not a number"),
        (good.replace("cluster", "clutter"), "no cluster"),
        (good.lines().take(4).collect::<Vec<_>>().join("\n"), "no incarnation"),
        (good.replace("format = 1", "format = 2"), "start the newer program"),
    ] {
        fs::write(&path, &bad).expect("it is ours");
        let refused = refused(&directory);
        assert!(refused.contains(expected), "{bad:?}: {refused}");
    }
    fs::write(&path, good).expect("it is ours");
    open(&directory);
}

#[test]
fn an_interrupted_first_start_is_made_again() {
    let directory = directory();
    drop(open(&directory));
    // As after a crash just before the identity was there, with half a database.
    fs::remove_file(directory.path().join("IDENTITY")).expect("it is there");
    fs::remove_file(directory.path().join("log/CURRENT")).expect("it is there");
    fs::write(directory.path().join("MAKING"), "").expect("it is ours");
    assert!(open(&directory).fresh);
    assert!(!directory.path().join("MAKING").exists());
    assert!(!open(&directory).fresh);
}

#[test]
fn what_nothing_refers_to_is_removed_at_start() {
    let directory = directory();
    drop(open(&directory));
    for name in ["state-2", "snapshots/stage-0"] {
        fs::create_dir(directory.path().join(name)).expect("it is ours");
        fs::write(directory.path().join(name).join("000001.sst"), "half").expect("it is ours");
    }
    drop(open(&directory));
    assert!(!directory.path().join("state-2").exists());
    assert_eq!(names(&directory.path().join("snapshots")), [""; 0]);
}

#[test]
fn a_directory_whose_state_was_found_to_differ_is_refused_for_good() {
    let directory = directory();
    drop(open(&directory));
    livedrop_store::mark_diverged(directory.path(), "at entry 7 it has another hash").expect("there is room");
    for _ in 0..2 {
        let refused = refused(&directory);
        assert!(refused.contains("not that of the cluster: at entry 7 it has another hash;"), "{refused}");
    }
}

#[test]
fn the_ballast_is_there_and_comes_back() {
    let directory = directory();
    let options = || Options { ballast_bytes: 3 << 20, ..options() };
    let ballast = directory.path().join("BALLAST");
    for _ in 0..2 {
        drop(livedrop_store::open(directory.path(), &identity(), options()).expect("it is ours"));
        assert_eq!(fs::metadata(&ballast).expect("it is there").len(), 3 << 20);
        fs::remove_file(&ballast).expect("it is there");
    }
}
