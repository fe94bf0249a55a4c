//! Words that may not stand in a file, or only in some.

use crate::source::Source;

/// These files hold the forbidden words as words.
const ABOUT_WORDS: &str = "jepsen-tests/tests/tidy/";

/// The numbered lines, comments left out, that hold one of `words`.
fn lines_with<'a>(file: &'a Source, words: &'a [&'a str]) -> impl Iterator<Item = (usize, &'a str)> {
    let about_words = file.path.starts_with(ABOUT_WORDS);
    let hits = file.statements().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
    hits.take(if about_words { 0 } else { usize::MAX })
}

pub fn openraft_elsewhere(file: &Source) -> Vec<String> {
    let at_home = file.path.starts_with("raft-store/src/")
        || file.path.starts_with("raft-store/tests/")
        || file.path.starts_with("raft-store/examples/")
        || file.path.starts_with("node/src/raft/")
        || ["Cargo.toml", "raft-store/Cargo.toml", "node/Cargo.toml"].contains(&file.path.as_str());
    if at_home {
        return Vec::new();
    }
    let words: &[&str] = if file.is_rust() { &["openraft::", "use openraft"] } else { &["openraft"] };
    lines_with(file, words).map(|(number, _)| file.finding(number, "openraft is named here")).collect()
}

/// The shop's clock, that of the company that its double stands for, and that of who makes certificates.
const CLOCKS: [&str; 3] = ["node/src/clock.rs", "jepsen-tests/src/gateway/clock.rs", "client/src/ctl/cert/clock.rs"];

pub fn clock_elsewhere(file: &Source) -> Vec<String> {
    if CLOCKS.contains(&file.path.as_str()) {
        return Vec::new();
    }
    let words = ["SystemTime::now", "Timestamp::now", "Zoned::now", "Utc::now"];
    lines_with(file, &words).map(|(number, _)| file.finding(number, "the wall clock is read here")).collect()
}

pub fn stubs(file: &Source) -> Vec<String> {
    let words = ["todo!", "unimplemented!", "dbg!("];
    let in_code = lines_with(file, &words);
    let marked = file.text.lines().enumerate().map(|(number, line)| (number + 1, line)).filter(|(_, line)| {
        let marks = ["FIXME", "XXX", "TODO"];
        marks.iter().any(|mark| line.contains(mark)) && !file.path.starts_with(ABOUT_WORDS)
    });
    in_code.chain(marked).map(|(number, line)| file.finding(number, line.trim())).collect()
}

pub fn unwraps(file: &Source) -> Vec<String> {
    if !file.is_rust() || file.is_test() {
        return Vec::new();
    }
    let hits = lines_with(file, &[".unwrap()", ".unwrap_err()"]);
    hits.map(|(number, _)| file.finding(number, "say why it cannot happen: expect(\"…\")")).collect()
}

/// A loop that asks for a state and waits before it asks again is no longer than this.
const LOOP_LINES: usize = 15;

pub fn sleeping_or_ignored_tests(file: &Source) -> Vec<String> {
    if !file.is_rust() || file.path.starts_with(ABOUT_WORDS) {
        return Vec::new();
    }
    let first_test_line = if file.is_test() { 0 } else { file.code().count() };
    let mut findings = Vec::new();
    let mut asked_at = None;
    for (number, line) in file.text.lines().enumerate().map(|(number, line)| (number + 1, line)) {
        // In a loop that asks for a state it is the gap between two questions.
        if ["while ", "loop {"].iter().any(|word| line.contains(word)) {
            asked_at = Some(number);
        }
        let between_questions = asked_at.is_some_and(|asked| number - asked <= LOOP_LINES);
        if number > first_test_line && line.contains("sleep(") && !between_questions {
            findings.push(file.finding(number, "a test waits for a state, not for a time"));
        }
        if line.contains("#[ignore]") {
            findings.push(file.finding(number, "say why it is ignored and what runs it: #[ignore = \"…\"]"));
        }
    }
    findings
}

/// One idea a file: what is longer has more than one.
const LONGEST: usize = 500;
const LONGEST_CODE: usize = 420;

pub fn too_long(file: &Source) -> Vec<String> {
    if !file.is_rust() {
        return Vec::new();
    }
    let (all, code) = (file.text.lines().count(), file.code().count());
    let code = if file.is_test() { 0 } else { code };
    let long = all > LONGEST || code > LONGEST_CODE;
    long.then(|| format!("{}: {all} lines, {code} of them before its tests", file.path)).into_iter().collect()
}

pub fn empty_names(file: &Source) -> Vec<String> {
    let empty = ["util", "utils", "helper", "helpers", "manager", "common", "misc", "stuff"];
    // `tests/common` is cargo's own name for what the tests of a package share.
    let path = file.path.replace("/tests/common/", "/tests/");
    let parts = path.trim_end_matches(".rs").split('/');
    parts.filter(|part| empty.contains(part)).map(|part| format!("{}: {part} says nothing", file.path)).collect()
}

#[test]
fn each_rule_finds_its_bad_sample() {
    let found = |rule: fn(&Source) -> Vec<String>, path: &str, text: &str| rule(&Source::sample(path, text)).len();
    assert_eq!(found(openraft_elsewhere, "client/src/lib.rs", "use openraft::Raft;"), 1);
    assert_eq!(found(openraft_elsewhere, "client/Cargo.toml", "openraft.workspace = true"), 1);
    assert_eq!(found(openraft_elsewhere, "node/src/raft/network.rs", "use openraft::Raft;"), 0);
    assert_eq!(found(clock_elsewhere, "node/src/rest/orders.rs", "let now = SystemTime::now();"), 1);
    assert_eq!(found(stubs, "node/src/app.rs", "    todo!()"), 1);
    assert_eq!(found(stubs, "node/src/app.rs", "// TODO: later"), 1);
    assert_eq!(found(unwraps, "node/src/app.rs", "let a = b.unwrap();"), 1);
    assert_eq!(found(unwraps, "node/src/app.rs", "#[cfg(test)]\nlet a = b.unwrap();"), 0);
    assert_eq!(found(unwraps, "node/tests/app.rs", "let a = b.unwrap();"), 0);
    assert_eq!(found(sleeping_or_ignored_tests, "node/tests/app.rs", "std::thread::sleep(second)"), 1);
    assert_eq!(found(sleeping_or_ignored_tests, "node/src/app.rs", "#[cfg(test)]\nsleep(second)"), 1);
    assert_eq!(found(sleeping_or_ignored_tests, "node/tests/app.rs", "while lives(pid) {\n    sleep(moment)"), 0);
    assert_eq!(found(sleeping_or_ignored_tests, "node/src/app.rs", "sleep(second)"), 0);
    assert_eq!(found(sleeping_or_ignored_tests, "node/src/app.rs", "#[ignore]"), 1);
    assert_eq!(found(too_long, "node/src/app.rs", &"\n".repeat(501)), 1);
    assert_eq!(found(empty_names, "node/src/utils.rs", ""), 1);
}
