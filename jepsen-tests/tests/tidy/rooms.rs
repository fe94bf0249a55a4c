//! Which room of the domain may call which.

use std::collections::BTreeSet;

use crate::source::Source;

/// A room and the rooms it may call, by their front doors only.
pub const MAY_CALL: [(&str, &[&str]); 14] = [
    ("accounts", &[]),
    ("audit", &[]),
    ("members", &[]),
    ("products", &["accounts"]),
    ("drops", &["products"]),
    ("orders", &["drops", "accounts"]),
    ("payments", &["drops", "orders"]),
    ("sandbox", &[]),
    ("webhooks", &[]),
    ("cdn", &[]),
    ("follows", &["accounts"]),
    ("waitlist", &["drops", "orders"]),
    ("notifications", &["accounts", "follows", "drops", "orders", "waitlist"]),
    ("clock", &["accounts", "audit", "drops", "orders", "payments", "waitlist", "webhooks", "notifications"]),
];

const ROOMS: &str = "raft-store/domain/src/";

/// The room that a file belongs to.
fn room_of(path: &str) -> Option<&str> {
    path.strip_prefix(ROOMS)?.split_once('/').map(|(room, _)| room)
}

/// Folders of the domain that are no room: what a module keeps beside itself.
const NO_ROOMS: [&str; 2] = ["invariants", "machine"];

/// A room that has no line in [`MAY_CALL`].
pub fn unlisted(file: &Source) -> Option<String> {
    let room = room_of(&file.path)?;
    let listed = NO_ROOMS.contains(&room) || MAY_CALL.iter().any(|(name, _)| *name == room);
    (!listed).then(|| format!("{room} ({})", file.path))
}

/// Calls of rooms that may not be called, and calls past a front door (`drops::table::get`).
pub fn wrong_doors(file: &Source) -> Vec<String> {
    let Some((own, may_call)) = room_of(&file.path).and_then(|own| MAY_CALL.iter().find(|(room, _)| *room == own))
    else {
        return Vec::new();
    };
    if file.is_test() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in file.statements() {
        for (room, _) in MAY_CALL.iter().filter(|(room, _)| room != own) {
            let Some(after) = named(line, room) else { continue };
            if !may_call.contains(room) {
                findings.push(file.finding(number, &format!("{own} may not call {room}")));
            } else if goes_past_the_door(after) {
                findings.push(file.finding(number, &format!("{own} goes past the front door of {room}")));
            }
        }
    }
    findings
}

/// What follows the name of a room where a line names it as a path, if it does.
fn named<'a>(line: &'a str, room: &str) -> Option<&'a str> {
    for (at, _) in line.match_indices(room) {
        let before = line[..at].chars().next_back();
        let after = &line[at + room.len()..];
        let whole = !before.is_some_and(|it| it.is_alphanumeric() || it == '_' || it == '.')
            && !after.starts_with(|it: char| it.is_alphanumeric() || it == '_');
        let is_path = after.starts_with("::") || (line.trim_start().starts_with("use crate") && whole);
        if whole && is_path {
            return Some(after);
        }
    }
    None
}

/// `::lower_case::` after a room's name is a module of it; `::function(` and `::Type` are its front door.
fn goes_past_the_door(after: &str) -> bool {
    let Some(rest) = after.strip_prefix("::") else {
        return false;
    };
    let name: String = rest.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
    name.starts_with(|it: char| it.is_lowercase()) && rest[name.len()..].starts_with("::")
}

/// A room that is called, over others, by a room that it calls; the first circle found.
pub fn circle(graph: &[(&str, &[&str])]) -> Option<String> {
    let mut done = BTreeSet::new();
    while done.len() < graph.len() {
        let is_free =
            |(room, calls): &&(&str, &[&str])| !done.contains(room) && calls.iter().all(|it| done.contains(it));
        let Some((room, _)) = graph.iter().find(is_free) else {
            let stuck: Vec<&str> = graph.iter().map(|(room, _)| *room).filter(|room| !done.contains(room)).collect();
            return Some(stuck.join(", "));
        };
        done.insert(*room);
    }
    None
}

/// What the domain's manifest may name: encoding, hashing, ids, errors, and for its tests two more.
const DOMAIN_MAY_USE: [&str; 6] = ["blake3", "minicbor", "thiserror", "ulid", "proptest", "expect-test"];

pub fn domain_dependencies(file: &Source) -> Vec<String> {
    if file.path != "raft-store/domain/Cargo.toml" {
        return Vec::new();
    }
    let lines = file.text.lines().enumerate().skip_while(|(_, line)| !line.starts_with("[dependencies]"));
    let names = lines.filter(|(_, line)| !line.starts_with(['[', '#']) && !line.is_empty());
    let names = names.map(|(number, line)| (number, line.split(['.', ' ', '=']).next().unwrap_or_default()));
    let foreign = names.filter(|(_, name)| !DOMAIN_MAY_USE.contains(name));
    foreign.map(|(number, name)| file.finding(number + 1, &format!("the domain may not use {name}"))).collect()
}

#[test]
fn wrong_doors_are_found() {
    let file = |line: &str| Source::sample("raft-store/domain/src/drops/hold.rs", line);
    assert_eq!(wrong_doors(&file("    let order = orders::get(tx, id)?;")).len(), 1);
    assert_eq!(wrong_doors(&file("use crate::{Entry, orders};")).len(), 1);
    assert_eq!(wrong_doors(&file("    products::table::get(tx, id)?")).len(), 1);
    assert_eq!(wrong_doors(&file("    products::for_sale_by(tx, id, creator)?")).len(), 0);
    assert_eq!(wrong_doors(&file("    let all = self.orders;")).len(), 0);
    assert_eq!(wrong_doors(&file("// orders::get would be the wrong door")).len(), 0);
}

#[test]
fn circles_are_found() {
    assert_eq!(circle(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &[])]), Some("a, b, c".to_owned()));
}

#[test]
fn a_runtime_in_the_domain_is_found() {
    let manifest = "[package]\nname = \"d\"\n\n[dependencies]\ntokio.workspace = true\nulid.workspace = true\n";
    assert_eq!(domain_dependencies(&Source::sample("raft-store/domain/Cargo.toml", manifest)).len(), 1);
}
