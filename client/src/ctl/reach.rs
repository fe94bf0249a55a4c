//! The peer ports, for the commands that change the cluster itself.

use clap::Args;
use livedrop_proto::rest::cluster::NodeRole;
use secrecy::SecretString;
use tonic::{Code, Status};

use super::context::Context;
use super::trouble::{Doing, Exit, Stop};
use crate::operate::{OperateError, Peers, Wire};

/// Which peer ports are asked.
#[derive(Debug, Clone, Args)]
pub struct Reach {
    /// The peer addresses of members, host:port, separated by commas [default: as the nodes of --endpoints say]
    #[arg(long = "peer", env = "LIVEDROPCTL_PEER", global = true, value_name = "HOST:PORT,…", value_delimiter = ',')]
    peers: Vec<String>,
}

impl Reach {
    /// Calls the members' peer ports with the certificate that the flags name, else with their tokens or that of the kept
    /// session, until one answers.
    pub async fn ask<T>(
        &self,
        context: &Context,
        what: &str,
        call: impl AsyncFn(Wire) -> Result<T, Status>,
    ) -> Result<T, Stop> {
        self.try_ask(context, what, call).await?.map_err(|error| told(&error, what))
    }

    /// As [`Reach::ask`]; what the members say is left to the caller, who may ask again.
    pub async fn try_ask<T>(
        &self,
        context: &Context,
        what: &str,
        call: impl AsyncFn(Wire) -> Result<T, Status>,
    ) -> Result<Result<T, OperateError>, Stop> {
        let addresses = self.addresses(context, what, false).await?;
        self.ask_at(context, what, addresses, call).await
    }

    /// As [`Reach::ask`], the leader last: it has enough to do.
    pub async fn ask_a_follower<T>(
        &self,
        context: &Context,
        what: &str,
        call: impl AsyncFn(Wire) -> Result<T, Status>,
    ) -> Result<T, Stop> {
        let addresses = self.addresses(context, what, true).await?;
        self.ask_at(context, what, addresses, call).await?.map_err(|error| told(&error, what))
    }

    async fn ask_at<T>(
        &self,
        context: &Context,
        what: &str,
        addresses: Vec<String>,
        call: impl AsyncFn(Wire) -> Result<T, Status>,
    ) -> Result<Result<T, OperateError>, Stop> {
        if let Some(certificates) = &context.certificates {
            let peers = Peers::secured(&addresses, certificates).map_err(|error| told(&error, what))?;
            return Ok(peers.ask(&call).await);
        }
        let peers = |tokens: &[SecretString]| Peers::new(&addresses, tokens).map_err(|error| told(&error, what));
        let tokens = context.tokens(what)?;
        match peers(&tokens)?.ask(&call).await {
            Err(error) if error.code() == Code::Unauthenticated && context.flags_give_no_token() => {
                let fresh = context.fresh_token(what).await?;
                Ok(peers(&[fresh])?.ask(&call).await)
            }
            answer => Ok(answer),
        }
    }

    async fn addresses(&self, context: &Context, what: &str, leader_last: bool) -> Result<Vec<String>, Stop> {
        if !self.peers.is_empty() {
            return Ok(self.peers.clone());
        }
        let mut cluster = context.client.cluster().await.doing(what)?;
        if leader_last {
            cluster.nodes.sort_by_key(|node| node.role == NodeRole::Leader);
        }
        // Who answers first: a node that is down costs a while.
        let (near, far): (Vec<_>, Vec<_>) = cluster.nodes.into_iter().partition(|node| node.reachable);
        Ok(near.into_iter().chain(far).map(|node| node.peer).filter(|peer| !peer.is_empty()).collect())
    }
}

/// What is told of a call that came to nothing.
pub fn told(error: &OperateError, what: &str) -> Stop {
    let (exit, advice) = match error.code() {
        Code::Unauthenticated => (Exit::Refused, "`livedropctl login` as an operator, or give --token-file"),
        Code::PermissionDenied => (Exit::Refused, "use the certificate or the account of an operator"),
        Code::InvalidArgument => (Exit::Usage, "see --help"),
        Code::NotFound => (Exit::NotFound, "`livedropctl member list` shows who is there"),
        Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists | Code::ResourceExhausted => (Exit::Refused, ""),
        Code::Unavailable => {
            let advice = "look with `livedropctl status`, then repeat it: what is done is not done again; nodes with \
                          certificates want --authority and --certificate";
            (Exit::Unreachable, advice)
        }
        Code::Unimplemented => (Exit::Failed, "use a livedropctl of the same version as the nodes"),
        _ => (Exit::Failed, "repeat it: what is done is not done again"),
    };
    let why = match error {
        OperateError::Refused { address, .. } if error.code() == Code::Unavailable => format!("{address}: {error}"),
        other => other.to_string(),
    };
    Stop::trouble(exit, what, why, advice)
}
