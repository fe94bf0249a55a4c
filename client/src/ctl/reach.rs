//! The peer ports, for the commands that change the cluster itself.

use clap::Args;
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
    /// Calls the members' peer ports with the tokens of the flags, or of the kept session, until one answers.
    pub async fn ask<T>(
        &self,
        context: &Context,
        what: &str,
        call: impl AsyncFn(Wire) -> Result<T, Status>,
    ) -> Result<T, Stop> {
        self.try_ask(context, what, call).await?.map_err(|error| told(&error, what))
    }

    /// As `ask`; what the members say is left to the caller, who may ask again.
    pub async fn try_ask<T>(
        &self,
        context: &Context,
        what: &str,
        call: impl AsyncFn(Wire) -> Result<T, Status>,
    ) -> Result<Result<T, OperateError>, Stop> {
        let addresses = self.addresses(context, what).await?;
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

    async fn addresses(&self, context: &Context, what: &str) -> Result<Vec<String>, Stop> {
        if !self.peers.is_empty() {
            return Ok(self.peers.clone());
        }
        let cluster = context.client.cluster().await.doing(what)?;
        // Who answers first: a node that is down costs a while.
        let (near, far): (Vec<_>, Vec<_>) = cluster.nodes.into_iter().partition(|node| node.reachable);
        Ok(near.into_iter().chain(far).map(|node| node.peer).filter(|peer| !peer.is_empty()).collect())
    }
}

/// What is told of a call that came to nothing.
pub fn told(error: &OperateError, what: &str) -> Stop {
    let (exit, advice) = match error.code() {
        Code::Unauthenticated => (Exit::Refused, "`livedropctl login` as an operator, or give --token-file"),
        Code::PermissionDenied => (Exit::Refused, "use the account of an operator"),
        Code::InvalidArgument => (Exit::Usage, "see --help"),
        Code::NotFound => (Exit::NotFound, "`livedropctl member list` shows who is there"),
        Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists | Code::ResourceExhausted => (Exit::Refused, ""),
        Code::Unavailable => {
            (Exit::Unreachable, "look with `livedropctl status`, then repeat it: what is done is not done again")
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
