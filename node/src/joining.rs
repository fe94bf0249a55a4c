//! A node that comes into a running cluster: who it is, before anything of it is opened, and how it is let in.
//!
//! ```text
//!  data directory is somebody's ──► that node of that cluster, no token needed
//!                  is empty     ──► the token says the id, the cluster says its own name and the addresses
//! ```

use std::time::Duration;

use anyhow::Context;
use livedrop_config::{ConfigErrors, NodeConfig};
use livedrop_domain::{Command, Rejection, Request, members as known};
use livedrop_proto::join as pb;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::members::{Gone, Token};
use crate::propose::Proposer;
use crate::raft::{self, Consensus, JoinError, NewcomerError, StartError};
use crate::tls::PeerTls;

/// How often a node says who it is until the cluster has written it down.
const REGISTER_EVERY: Duration = Duration::from_millis(500);

/// Why a node cannot join as it was told to.
#[derive(Debug, thiserror::Error)]
pub enum CannotJoin {
    #[error(
        "there is nothing in {directory} yet and no token: ask for one with `livedropctl member add` and start with \
         --join TOKEN; a node that has lost its data comes back as a new one (`livedropctl member replace`)"
    )]
    NeedsToken { directory: String },
    #[error(
        "{directory} belongs to node {found} of cluster {found_cluster:?}, and this is to be node {node} of cluster \
         {cluster:?}; name another directory with --data-dir"
    )]
    OtherDirectory { directory: String, found: u64, found_cluster: String, node: u64, cluster: String },
    #[error("the cluster is {cluster:?}, and cluster.id says {wanted:?}; name members of the right one with --peers")]
    OtherCluster { cluster: String, wanted: String },
    #[error(
        "this node listens on every interface, so it must be told where the others reach it: give its addresses to \
         `livedropctl member add`, or set node.peer_address and node.http_address"
    )]
    NoAddress,
    #[error("a node with certificates must know the cluster that they are of: set cluster.id")]
    NeedsCluster,
    #[error("{0}")]
    Token(#[from] crate::members::NotAToken),
    #[error(transparent)]
    Refused(#[from] NewcomerError),
}

/// A node that has to be let in, unless it was before.
pub struct Newcomer {
    token: Option<Token>,
    peers: Vec<String>,
    directory: String,
    /// Where it is reached.
    peer: String,
    http: String,
    tls: Option<PeerTls>,
}

/// Fills in who this node is, when it joins a cluster. Waits for a member that knows.
pub async fn who_am_i(config: &mut NodeConfig) -> anyhow::Result<Option<Newcomer>> {
    if !config.cluster.joins() {
        return Ok(None);
    }
    let directory = config.node.data_dir.display().to_string();
    let token = Some(config.cluster.join_token.as_str()).filter(|text| !text.is_empty());
    let token: Option<Token> = token.map(str::parse).transpose().map_err(CannotJoin::Token)?;
    let mut peers = config.cluster.join.clone();
    let mut invited = (String::new(), String::new());
    let owner = livedrop_store::owner(&config.node.data_dir)?;
    let (cluster_id, node_id) = match (owner, &token) {
        (Some(owner), _) => (owner.cluster_id, owner.node_id),
        (None, None) => return Err(CannotJoin::NeedsToken { directory }.into()),
        (None, Some(token)) => {
            let request = pb::LookRequest { node_id: token.node_id, secret: token.secret.to_vec().into() };
            let tls = certificates(config)?;
            let seen = raft::look(&peers, tls.as_ref(), request).await.map_err(CannotJoin::Refused)?;
            peers.extend(seen.peers.into_iter().filter(|peer| !config.cluster.join.contains(peer)));
            invited = (seen.peer, seen.http);
            (seen.cluster_id, token.node_id)
        }
    };
    let cluster = &mut config.cluster;
    if !cluster.id.is_empty() && cluster.id != cluster_id {
        return Err(CannotJoin::OtherCluster { cluster: cluster_id, wanted: cluster.id.clone() }.into());
    }
    if config.node.id != 0 && config.node.id != node_id {
        let (found, found_cluster) = (node_id, cluster_id.clone());
        let (node, cluster) = (config.node.id, cluster_id);
        return Err(CannotJoin::OtherDirectory { directory, found, found_cluster, node, cluster }.into());
    }
    config.become_node(cluster_id, node_id);
    let (peer, http) = addresses(config, invited)?;
    let tls = certificates(config)?;
    Ok(Some(Newcomer { token, peers, directory, peer, http, tls }))
}

/// What this node shows to the members, which look at it as soon as it connects.
///
/// Errors: `ConfigErrors`; `NeedsCluster`, since the name of the cluster is part of what certificates say.
fn certificates(config: &NodeConfig) -> anyhow::Result<Option<PeerTls>> {
    if config.peer.tls.is_on() && config.cluster.id.is_empty() {
        return Err(CannotJoin::NeedsCluster.into());
    }
    Ok(PeerTls::of(config).map_err(|mistake| ConfigErrors(vec![mistake]))?)
}

/// As the configuration says, else as it was invited, else where it listens.
fn addresses(config: &NodeConfig, (peer, http): (String, String)) -> Result<(String, String), CannotJoin> {
    let first = |told: &str, invited: String, listens: std::net::SocketAddr, scheme: &str| {
        let listens = (!listens.ip().is_unspecified()).then(|| format!("{scheme}{listens}"));
        [told.to_owned(), invited].into_iter().find(|text| !text.is_empty()).or(listens).ok_or(CannotJoin::NoAddress)
    };
    Ok((
        first(&config.node.peer_address, peer, config.peer.listen, "")?,
        first(&config.node.http_address, http, config.http.listen, if config.http.tls.is_on() { "https://" } else { "http://" })?,
    ))
}

impl Newcomer {
    /// Has the cluster let this node in; one that has any part of the log was let in before.
    pub async fn enter(self, consensus: &Consensus, incarnation: [u8; 16]) -> anyhow::Result<()> {
        let status = consensus.status();
        if status.last_log_index.is_some() || status.snapshot_index.is_some() {
            return Ok(());
        }
        let token = self.token.ok_or(CannotJoin::NeedsToken { directory: self.directory })?;
        let request = pb::EnterRequest {
            cluster_id: consensus.cluster_id().to_owned(),
            node_id: token.node_id,
            secret: token.secret.to_vec().into(),
            incarnation: incarnation.to_vec().into(),
            peer: self.peer,
            http: self.http,
        };
        let entered = raft::enter(&self.peers, self.tls.as_ref(), request).await.map_err(CannotJoin::Refused);
        let leader = entered.context("joining the cluster")?.leader;
        tracing::info!(node = token.node_id, leader, "this node has joined; it gets the log");
        Ok(())
    }
}

/// Makes this node belong to the cluster: let in when it is new, and written down with its data directory.
///
/// Errors: `CannotJoin`; `Wiped`, when its id belongs to another directory; `Gone`, when it was removed.
pub async fn belong(
    newcomer: Option<Newcomer>,
    consensus: Consensus,
    proposer: Proposer,
    incarnation: [u8; 16],
    stop: CancellationToken,
) -> anyhow::Result<()> {
    if let Some(newcomer) = newcomer {
        newcomer.enter(&consensus, incarnation).await?;
    }
    register(consensus.node_id(), incarnation, proposer, stop).await
}

/// Has the cluster write down which data directory this node id belongs to, once for good.
///
/// Errors: `Wiped`, when it belongs to another one; `Gone`, when the node was removed.
async fn register(
    node_id: u64,
    incarnation: [u8; 16],
    proposer: Proposer,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let request = Request {
        request_id: format!("register-{node_id}"),
        idempotency: None,
        command: Command::Members(known::Command::Register(known::Register { node_id, incarnation, secret: None })),
        by: None,
    };
    let mut again = tokio::time::interval(REGISTER_EVERY);
    while stop.run_until_cancelled(again.tick()).await.is_some() {
        match proposer.propose(request.clone()).await.map(|outcome| outcome.answer) {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(Rejection::Members(known::Rejection::OtherIncarnation))) => {
                return Err(StartError::from(JoinError::Wiped { node: node_id, by: node_id }).into());
            }
            Ok(Err(Rejection::Members(known::Rejection::Removed))) => {
                return Err(Gone { node: node_id }.into());
            }
            Ok(Err(rejection)) => tracing::error!(?rejection, "this node could not be registered"),
            Err(unanswered) => tracing::debug!(%unanswered, "this node is not registered yet"),
        }
    }
    Ok(())
}

/// Returns when the cluster refuses this node, and never when it does not.
pub async fn refusal(registering: JoinHandle<anyhow::Result<()>>) -> anyhow::Error {
    match registering.await {
        Ok(Err(refused)) => refused,
        Ok(Ok(())) | Err(_) => std::future::pending().await,
    }
}
