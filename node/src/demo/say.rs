//! What the demo tells the person who started it: on standard output, a line each.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use crate::demo::certificates;
use crate::demo::plan::Plan;
use crate::demo::seed::{ACCOUNTS, Account, Shop};
use crate::supervise::Event;

/// What `livedropctl` asks when it is told nothing.
const USUAL_ENDPOINTS: &str = "http://127.0.0.1:8081,http://127.0.0.1:8082,http://127.0.0.1:8083";

/// The process id of each node, as last heard.
pub(super) type Pids = BTreeMap<u64, u32>;

/// Says one line. A reader who has gone away is no reason to stop the cluster.
pub(super) fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Tells what happened to a node; its first start is no news.
pub(super) fn event(event: &Event, pids: &mut Pids) {
    match event {
        Event::Started { node, pid } => {
            if pids.insert(*node, *pid).is_some() {
                line(format_args!("node {node} (pid {pid}) was started again"));
            }
        }
        Event::Ended { node, pid, status, .. } => {
            line(format_args!("node {node} (pid {pid}) {}; restarting", ended(*status)));
        }
        Event::GivenUp { node, pid, status } => {
            line(format_args!(
                "node {node} (pid {pid}) refused to start ({status}) and is left alone; its log says why"
            ));
        }
    }
}

fn ended(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(9), _) => "was killed".to_owned(),
        (Some(6), _) => "aborted itself; its log says why".to_owned(),
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (None, Some(0)) => "was stopped".to_owned(),
        (None, code) => format!("failed with exit code {}; its log says why", code.unwrap_or(-1)),
    }
}

/// Addresses, process ids, sign-ins, and three commands to try.
pub(super) fn everything(plan: &Plan, pids: &Pids, shop: Option<&Shop>) {
    line("");
    for node in &plan.nodes {
        let id = node.node.id;
        let pid = pids.get(&id).map_or_else(|| "-".to_owned(), u32::to_string);
        line(format_args!("  node {id}  {}  pid {pid:<8} log {}", node.own().http, shown(&plan.log(id))));
    }
    if let Some(shop) = shop {
        line("\nSign-ins");
        for Account { role, email, password, .. } in &ACCOUNTS {
            line(format_args!("  {:<9} {email:<22} {password}", format!("{role:?}").to_lowercase()));
        }
        line("\nDrops");
        for drop in &shop.drops {
            line(format_args!("  {:<9} {}  {}", drop.status, drop.id, drop.name));
        }
    }
    line("\nTry");
    for command in commands(plan, shop) {
        line(format_args!("  {command}"));
    }
    line("");
}

/// The line that scripts wait for.
pub(super) fn ready(plan: &Plan, after: Duration) {
    let addresses: Vec<&str> = plan.nodes.iter().map(|node| node.own().http.as_str()).collect();
    line(format_args!("ready after {:.1} s: {}; Ctrl-C stops it", after.as_secs_f64(), addresses.join(" ")));
}

/// To copy and paste: see the cluster, buy, look at it as an operator, kill the leader.
fn commands(plan: &Plan, shop: Option<&Shop>) -> Vec<String> {
    let tool = tool();
    let addresses: Vec<&str> = plan.nodes.iter().map(|node| node.own().http.as_str()).collect();
    // The tool asks the usual ports by itself.
    let endpoints = match addresses.join(",") {
        usual if usual == USUAL_ENDPOINTS => String::new(),
        other => format!(" --endpoints {other}"),
    };
    let mut commands = vec![format!("{tool}{endpoints} status")];
    if let Some(shop) = shop {
        let buyer = Account::buyer();
        commands.push(format!(
            "{tool}{endpoints} buy {} --email {} --password {}",
            shop.drop_to_buy().id,
            buyer.email,
            buyer.password
        ));
    }
    let (authority, certificate) = certificates::of_operator(&plan.directory);
    if certificate.exists() {
        let (authority, certificate) = (shown(&authority), shown(&certificate));
        commands.push(format!("{tool}{endpoints} --authority {authority} --certificate {certificate} member list"));
    }
    commands.push(kill_the_leader(addresses[0], plan.pid_file(0).parent().unwrap_or(Path::new("."))));
    commands
}

/// Asks who leads when it is run, so that it can be run again and again.
fn kill_the_leader(address: &str, directory: &Path) -> String {
    let leader = format!(r#"$(curl -s {address}/v1/cluster | grep -o '"leader":"[0-9]*"' | grep -o '[0-9]*')"#);
    format!("kill -9 $(cat {}/node-{leader}.pid)", shown(directory))
}

/// `livedropctl` when it can be called like this, else its path beside this program.
fn tool() -> String {
    const NAME: &str = "livedropctl";
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|directory| directory.join(NAME).exists()) {
        return NAME.to_owned();
    }
    let beside = std::env::current_exe().ok().map(|program| program.with_file_name(NAME));
    beside.filter(|tool| tool.exists()).map_or_else(|| NAME.to_owned(), |tool| shown(&tool))
}

/// A path as short as it can be written from here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_node_ended_is_said_in_words() {
        let said = [0, 9, 6, 15, 256].map(|raw| ended(ExitStatus::from_raw(raw)));
        assert_eq!(
            said,
            [
                "was stopped",
                "was killed",
                "aborted itself; its log says why",
                "was ended by signal 15",
                "failed with exit code 1; its log says why"
            ]
        );
    }

    #[test]
    fn the_first_start_of_a_node_is_remembered_for_its_next() {
        let mut pids = Pids::default();
        event(&Event::Started { node: 1, pid: 10 }, &mut pids);
        event(&Event::Started { node: 1, pid: 11 }, &mut pids);
        assert_eq!(pids, Pids::from([(1, 11)]));
    }
}
