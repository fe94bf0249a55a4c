//! Looks whether the ports are free before anything is started.

use std::net::{SocketAddr, TcpListener};

use anyhow::bail;

use crate::demo::plan::Plan;

/// Errors: every port that cannot be listened on, with what to do.
pub(super) fn check(plan: &Plan) -> anyhow::Result<()> {
    let wanted = plan.nodes.iter().flat_map(|node| {
        [(node.http.listen, node.node.id, "HTTP"), (node.peer.listen, node.node.id, "the other nodes")]
    });
    let taken: Vec<String> = wanted.filter_map(|(address, node, purpose)| complaint(address, node, purpose)).collect();
    if !taken.is_empty() {
        let with = if plan.is_new { "" } else { ", with another --dir" };
        bail!(
            "{}\nstop what listens there, or choose other ports with --http-base and --peer-base{with}",
            taken.join("\n")
        );
    }
    Ok(())
}

fn complaint(address: SocketAddr, node: u64, purpose: &str) -> Option<String> {
    let error = TcpListener::bind(address).err()?;
    let why = match error.kind() {
        std::io::ErrorKind::AddrInUse => "is taken".to_owned(),
        _ => format!("cannot be used: {error}"),
    };
    Some(format!("port {} (node {node}, for {purpose}) {why}", address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_and_a_free_one_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let address = listener.local_addr().expect("it listens");
        let said = complaint(address, 2, "HTTP").expect("it is taken");
        assert_eq!(said, format!("port {} (node 2, for HTTP) is taken", address.port()));
        drop(listener);
        assert_eq!(complaint(address, 2, "HTTP"), None);
    }
}
