//! `drain`: takes one node out of the balancers' rounds while it runs on, and back in.

use clap::Args;

use super::context::Context;
use super::output::note;
use super::trouble::{Doing, Exit, Stop};
use crate::Endpoint;

#[derive(Debug, Args)]
pub struct Wanted {
    /// The id of the node, as `livedropctl status` shows it
    node: String,
    /// Takes it back in
    #[arg(long)]
    undo: bool,
}

/// Asks the node itself, at the address that the others know it by.
pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let Wanted { node, undo } = wanted;
    let what = format!("node {node} cannot be {}", if undo { "taken back in" } else { "drained" });
    let cluster = context.client.cluster().await.doing(&what)?;
    let Some(known) = cluster.nodes.iter().find(|known| known.id == node) else {
        let ids: Vec<&str> = cluster.nodes.iter().map(|known| known.id.as_str()).collect();
        let why = format!("the nodes of this cluster are {}", ids.join(", "));
        return Err(Stop::trouble(Exit::NotFound, what, why, "`livedropctl status` shows them"));
    };
    let endpoint: Endpoint = known.http.parse().map_err(|error| {
        Stop::trouble(Exit::Failed, what.as_str(), format!("its address {}: {error}", known.http), "mend its `http`")
    })?;
    context.signed_in_at(Some(&endpoint), &what, async |client| client.drain(!undo).await).await?;
    note(&match undo {
        true => format!("node {node} takes requests again"),
        false => format!("node {node} says that it is not ready, and leads no more; `livedropctl drain {node} --undo`"),
    });
    Ok(Exit::Ok)
}
