//! `login` and `logout`.

use clap::Args;

use super::ask;
use super::context::Context;
use super::output::note;
use super::session::Kept;
use super::trouble::{Doing, Exit, Stop};
use crate::Client;

#[derive(Debug, Args)]
pub struct Wanted {
    #[command(flatten)]
    who: Who,
}

/// An account and its password.
#[derive(Debug, Args)]
pub struct Who {
    /// The account's address
    #[arg(long, env = "LIVEDROPCTL_EMAIL")]
    email: String,
    /// Its password; asked for when absent, which keeps it out of the list of processes
    #[arg(long, env = "LIVEDROPCTL_PASSWORD", hide_env_values = true)]
    password: Option<String>,
}

/// As [`Who`], for commands that use the kept session when it is absent.
#[derive(Debug, Args)]
pub struct MaybeWho {
    /// Signs in as this account for this command only
    #[arg(long, env = "LIVEDROPCTL_EMAIL")]
    email: Option<String>,
    /// The password of --email; asked for when absent
    #[arg(long, env = "LIVEDROPCTL_PASSWORD", hide_env_values = true)]
    password: Option<String>,
}

impl MaybeWho {
    /// A client for the account that the flags name; none when they name none.
    pub async fn client(self, context: &Context) -> Result<Option<Client>, Stop> {
        let Some(email) = self.email else { return Ok(None) };
        let password = ask::password(self.password)?;
        let session = context.client.sign_in(&email, &password).await.doing(format!("{email} cannot sign in"))?;
        Ok(Some(context.client.with_token(session.access_token)))
    }
}

pub async fn sign_in(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let Who { email, password } = wanted.who;
    let password = ask::password(password)?;
    let session = context.client.sign_in(&email, &password).await.doing(format!("{email} cannot sign in"))?;
    let mut endpoints: Vec<String> = context.client.endpoints().iter().map(ToString::to_string).collect();
    // The other nodes of the cluster may be sent the token too, so that a later --endpoints may name them.
    if let Ok(cluster) = context.client.cluster().await {
        endpoints.extend(cluster.nodes.into_iter().map(|node| node.http.trim_end_matches('/').to_owned()));
    }
    endpoints.sort();
    endpoints.dedup();
    let kept = Kept::new(session, endpoints);
    context.keep(&kept)?;
    super::account::show(context, &kept.account)?;
    Ok(Exit::Ok)
}

pub async fn sign_out(context: &Context) -> Result<Exit, Stop> {
    if !context.sign_out().await? {
        note("no session is kept for these nodes");
    }
    Ok(Exit::Ok)
}
