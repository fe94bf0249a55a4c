//! The certificates of a demo: an authority of its own, which nobody else believes, one for each node, and one for who
//! runs it. They last for as long as the demo may.

use std::path::{Path, PathBuf};

use anyhow::Context;
use livedrop_certificates::{Authority, Location, Pair, Period, Role, write_pair};
use livedrop_config::NodeConfig;

use crate::clock;

/// The folder in the demo's directory.
const FOLDER: &str = "certificates";
const AUTHORITY: &str = "authority";
const OPERATOR: &str = "operator-demo";
const DAYS: u32 = 3650;
/// Where the nodes of a demo are reached.
const HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

/// Where the demo in `directory` has its certificates.
pub(super) fn folder(directory: &Path) -> PathBuf {
    directory.join(FOLDER)
}

/// What a person shows and believes at the peer ports: the authority, and a certificate of their own.
pub(super) fn of_operator(directory: &Path) -> (PathBuf, PathBuf) {
    let place = |name| Location::in_directory(&folder(directory), name).certificate;
    (place(AUTHORITY), place(OPERATOR))
}

/// Makes what is missing, so that a start that was cut short is completed by the next. A demo whose configuration names
/// no certificates, or others, is left alone.
pub(super) fn complete(directory: &Path, nodes: &[NodeConfig]) -> anyhow::Result<()> {
    let folder = folder(directory);
    let place = |name: &str| Location::in_directory(&folder, name);
    let ours = place(AUTHORITY);
    if nodes.iter().any(|node| Path::new(&node.peer.tls.authority) != ours.certificate) {
        return Ok(());
    }
    make(directory, &ours, &place, nodes).with_context(|| format!("making the certificates in {}", folder.display()))
}

fn make(
    directory: &Path,
    ours: &Location,
    place: &dyn Fn(&str) -> Location,
    nodes: &[NodeConfig],
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder(directory))?;
    let period = Period::days(clock::now().0 / 1_000, DAYS);
    let authority = match ours.certificate.exists() && ours.key.exists() {
        true => {
            let key = livedrop_certificates::read_private(&ours.key)?;
            Authority::open(&std::fs::read_to_string(&ours.certificate)?, &key)?
        }
        false => {
            let (authority, pair) = Authority::make(&nodes[0].cluster.id, period)?;
            put(ours, &pair)?;
            authority
        }
    };
    let hosts = HOSTS.map(str::to_owned);
    for node in nodes {
        let location = place(&format!("node-{}", node.node.id));
        if !location.certificate.exists() {
            put(&location, &authority.node(None, node.node.id, &hosts, period)?)?;
        }
    }
    let operator = place(OPERATOR);
    if !operator.certificate.exists() {
        put(&operator, &authority.client(None, Role::Operator, "demo", period)?)?;
    }
    Ok(())
}

/// Half a pair is of no use to anybody, and would be in the way.
fn put(location: &Location, pair: &Pair) -> std::io::Result<()> {
    for path in [&location.certificate, &location.key] {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    write_pair(location, pair)
}
