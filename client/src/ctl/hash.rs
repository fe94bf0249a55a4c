//! `hash`: do all nodes hold the same shop?

use clap::Args;
use futures_util::future::try_join_all;
use serde::Serialize;

use super::context::Context;
use super::output::note;
use super::trouble::{Exit, Stop};
use crate::{Endpoint, Policy};

#[derive(Debug, Args)]
pub struct Wanted {
    /// The log index; what every node has applied when absent
    #[arg(long)]
    index: Option<u64>,
}

#[derive(Serialize)]
struct Report {
    /// The log index that the hashes are of.
    index: String,
    equal: bool,
    nodes: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    endpoint: String,
    hash: String,
}

/// Asks every node of `--endpoints`: one that does not answer makes the comparison worthless, so it fails.
pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let endpoints = context.client.endpoints();
    let index = match wanted.index {
        Some(index) => index,
        None => {
            let applied = try_join_all(endpoints.iter().map(|endpoint| read(context, endpoint, None))).await?;
            applied.iter().map(|(index, _)| *index).min().expect("a cluster has a node")
        }
    };
    let hashes = try_join_all(endpoints.iter().map(|endpoint| read(context, endpoint, Some(index)))).await?;
    let equal = hashes.iter().all(|(_, hash)| *hash == hashes[0].1);
    let rows: Vec<Row> = endpoints
        .iter()
        .zip(&hashes)
        .map(|(endpoint, (_, hash))| Row { endpoint: endpoint.to_string(), hash: hash.clone() })
        .collect();
    let table = rows.iter().map(|row| vec![row.endpoint.clone(), index.to_string(), row.hash.clone()]).collect();
    let report = Report { index: index.to_string(), equal, nodes: rows };
    context.output.list(&report, &["NODE", "INDEX", "HASH"], table)?;
    if equal {
        return Ok(Exit::Ok);
    }
    note("the hashes differ: at least one node holds another state than the others");
    Ok(Exit::Failed)
}

async fn read(context: &Context, endpoint: &Endpoint, index: Option<u64>) -> Result<(u64, String), Stop> {
    let what = format!("the state hash of {endpoint} cannot be read");
    let act = async |client: crate::Client| client.with_policy(one_more_try()).state_hash(index).await;
    let answer = context.signed_in_at(Some(endpoint), &what, act).await?;
    Ok((answer.index.0, answer.hash))
}

/// A node that does not answer twice is down, and waiting does not help who wants to compare all.
fn one_more_try() -> Policy {
    Policy { attempts: 2, ..Policy::default() }
}
