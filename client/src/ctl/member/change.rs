//! Members come and go.

use clap::Args;
use livedrop_proto::operate as pb;
use livedrop_proto::operate::operate_client::OperateClient;

use super::follow::follow;
use crate::ctl::ask;
use crate::ctl::context::Context;
use crate::ctl::reach::Reach;
use crate::ctl::trouble::{Exit, Stop};

#[derive(Debug, Args)]
pub struct Add {
    /// Where the other nodes will reach the new one, host:port
    peer_address: String,
    /// Where clients will reach it, http://host:port
    #[arg(long, value_name = "URL")]
    http: String,
    /// It stays a learner: a replica for reads, which does not vote
    #[arg(long)]
    learner: bool,
}

#[derive(Debug, Args)]
pub struct Promote {
    /// The learner
    id: u64,
}

#[derive(Debug, Args)]
pub struct Remove {
    /// The member, or who is invited
    id: u64,
    /// Even when too few of the others are up to decide anything afterwards
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub struct Replace {
    /// The member that is lost
    old: u64,
    /// Where the other nodes will reach the new one, host:port
    peer_address: String,
    /// Where clients will reach it, http://host:port
    #[arg(long, value_name = "URL")]
    http: String,
}

/// Invites, waits until the node has joined and caught up, and makes it a voter.
pub async fn add(context: &Context, reach: &Reach, wanted: Add) -> Result<Exit, Stop> {
    let Add { peer_address: peer, http, learner } = wanted;
    let call = async |wire, node_id| {
        let request = pb::AddRequest { peer: peer.clone(), http: http.clone(), learner, node_id };
        Ok(OperateClient::new(wire).add(request).await?.into_inner())
    };
    follow(context, reach, "the node cannot be added", (&peer, &http), call).await
}

pub async fn promote(context: &Context, reach: &Reach, Promote { id }: Promote) -> Result<Exit, Stop> {
    let what = format!("node {id} cannot be promoted");
    let call =
        async |wire, _| Ok(OperateClient::new(wire).promote(pb::PromoteRequest { node_id: id }).await?.into_inner());
    follow(context, reach, &what, ("", ""), call).await
}

pub async fn remove(context: &Context, reach: &Reach, Remove { id, force }: Remove) -> Result<Exit, Stop> {
    ask::confirm(context, &format!("Remove node {id} for good? Its id is never used again."))?;
    let what = format!("node {id} cannot be removed");
    let call = async |wire, _| {
        Ok(OperateClient::new(wire).remove(pb::RemoveRequest { node_id: id, force }).await?.into_inner())
    };
    follow(context, reach, &what, ("", ""), call).await
}

pub async fn replace(context: &Context, reach: &Reach, wanted: Replace) -> Result<Exit, Stop> {
    let Replace { old, peer_address: peer, http } = wanted;
    ask::confirm(context, &format!("Replace node {old} for good? Its id is never used again."))?;
    let what = format!("node {old} cannot be replaced");
    let call = async |wire, node_id| {
        let request = pb::ReplaceRequest { old, peer: peer.clone(), http: http.clone(), node_id };
        Ok(OperateClient::new(wire).replace(request).await?.into_inner())
    };
    follow(context, reach, &what, (&peer, &http), call).await
}

/// Leadership goes to a node, or to the one that lacks least.
pub async fn transfer(context: &Context, reach: &Reach, to: Option<u64>) -> Result<Exit, Stop> {
    let call = async |wire, _| {
        let request = pb::TransferLeaderRequest { to: to.unwrap_or(0) };
        Ok(OperateClient::new(wire).transfer_leader(request).await?.into_inner())
    };
    follow(context, reach, "leadership cannot be transferred", ("", ""), call).await
}
