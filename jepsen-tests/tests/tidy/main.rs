//! The rules of the house that no compiler knows. Each is a function of a file's text, seen failing on a bad sample.

mod rooms;
mod source;
mod words;

use source::{Source, every_file};

/// Fails with every finding of `rule` in every file of the workspace.
fn hold(rule: impl Fn(&Source) -> Vec<String>) {
    let findings: Vec<String> = every_file().iter().flat_map(rule).collect();
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn rooms_of_the_domain_call_only_the_front_doors_they_may() {
    hold(rooms::wrong_doors);
}

#[test]
fn the_rooms_that_may_be_called_form_no_circle() {
    assert_eq!(rooms::circle(&rooms::MAY_CALL), None);
}

#[test]
fn every_room_of_the_domain_is_on_the_list() {
    let unlisted: Vec<String> = every_file().iter().filter_map(rooms::unlisted).collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
}

#[test]
fn the_domain_depends_on_nothing_that_could_open_a_file_or_a_socket() {
    hold(rooms::domain_dependencies);
}

#[test]
fn openraft_is_named_only_in_the_store_and_in_one_module_of_the_node() {
    hold(words::openraft_elsewhere);
}

#[test]
fn only_one_file_reads_the_clock() {
    hold(words::clock_elsewhere);
}

#[test]
fn nothing_is_left_to_be_done() {
    hold(words::stubs);
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    hold(words::unwraps);
}

#[test]
fn no_test_waits_for_a_time_and_none_is_ignored_without_a_reason() {
    hold(words::sleeping_or_ignored_tests);
}

#[test]
fn files_are_short() {
    hold(words::too_long);
}

#[test]
fn names_say_what_a_thing_is() {
    hold(words::empty_names);
}

#[test]
fn the_top_level_holds_only_what_every_project_has_and_the_six_folders() {
    let unknown = source::unknown_at_the_top();
    assert!(unknown.is_empty(), "what is {unknown:?}?");
}
