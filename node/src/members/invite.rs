//! A token for one new node.

use livedrop_domain::By;
use livedrop_domain::members::{Command, Invite, LIVES_MAX_MS, Reply};
use livedrop_proto::operate as pb;
use tonic::Status;

use super::Members;
use super::token::Token;
use super::write::write;

/// Keeps the next id, or the one that is asked for, for whoever shows the token.
pub async fn invite(members: &Members, by: By, request: pb::InviteRequest) -> Result<pb::Invitation, Status> {
    let pb::InviteRequest { peer, http, to_vote, lives_ms, node_id } = request;
    check_addresses(&peer, &http)?;
    let (secret, secret_hash) = Token::draw().map_err(|error| Status::internal(error.to_string()))?;
    let nodes = members.consensus.membership().nodes;
    let command = Command::Invite(Invite {
        secret_hash,
        lives_ms: if lives_ms == 0 { LIVES_MAX_MS } else { lives_ms },
        at_least: nodes.keys().max().map_or(1, |greatest| greatest + 1),
        node_id: Some(node_id).filter(|id| *id != 0),
        peer,
        http,
        to_vote,
    });
    match write(members, Some(by), "invite", command).await? {
        Reply::Invited(invitation) => Ok(pb::Invitation {
            node_id: invitation.node_id,
            token: Token { node_id: invitation.node_id, secret }.to_string(),
            expires_ms: invitation.expires_at.0,
            peers: nodes.into_values().map(|member| member.peer).collect(),
        }),
        other => Err(Status::internal(format!("the state machine answered {other:?}"))),
    }
}

/// Both or none; each a host and a port.
pub fn check_addresses(peer: &str, http: &str) -> Result<(), Status> {
    let host_port = |text: &str| {
        text.rsplit_once(':').is_some_and(|(host, port)| {
            let port = port.parse::<u16>().is_ok_and(|port| port != 0);
            port && !host.is_empty() && !host.contains(|it: char| it == '/' || it.is_whitespace() || it.is_control())
        })
    };
    let url = |text: &str| {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        rest.is_some_and(host_port)
    };
    if peer.is_empty() && http.is_empty() {
        return Ok(());
    }
    if !host_port(peer) {
        return Err(Status::invalid_argument(format!(
            "{peer:?} is no peer address; write host:port, as 10.0.0.4:9090"
        )));
    }
    if !url(http) {
        return Err(Status::invalid_argument(format!("{http:?} is no address for clients; write http://host:port")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_addresses;

    #[test]
    fn addresses_come_in_pairs_that_can_be_reached() {
        assert!(check_addresses("", "").is_ok());
        assert!(check_addresses("10.0.0.4:9090", "http://shop-4.internal:8080").is_ok());
        for (peer, http) in [
            ("10.0.0.4:9090", ""),
            ("", "http://10.0.0.4:8080"),
            ("10.0.0.4", "http://10.0.0.4:8080"),
            ("10.0.0.4:0", "http://10.0.0.4:8080"),
            ("http://10.0.0.4:9090", "http://10.0.0.4:8080"),
            ("10.0.0.4:9090", "10.0.0.4:8080"),
            ("10.0.0.4:9090", "http://10.0.0.4:8080/v1"),
        ] {
            assert!(check_addresses(peer, http).is_err(), "{peer} {http}");
        }
    }
}
