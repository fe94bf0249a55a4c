//! A token alone, for nodes that are started by something else than a person.

use clap::Args;
use livedrop_proto::operate as pb;
use livedrop_proto::operate::operate_client::OperateClient;

use super::follow;
use crate::ctl::context::Context;
use crate::ctl::options::seconds;
use crate::ctl::reach::Reach;
use crate::ctl::trouble::{Exit, Stop};

#[derive(Debug, Args)]
pub struct Wanted {
    /// The node is to stay a learner; otherwise it waits for `member promote`, or promotes itself (cluster.auto_promote)
    #[arg(long)]
    learner: bool,
    /// How long the token is good, in seconds; ten minutes is the most
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds)]
    lives: std::time::Duration,
    /// A new token for a node that was invited and did not join
    #[arg(long, value_name = "ID")]
    node: Option<u64>,
}

/// Shows the token and how to start a node with it. Where the node is reached, it says itself when it joins.
pub async fn run(context: &Context, reach: &Reach, wanted: Wanted) -> Result<Exit, Stop> {
    let request = pb::InviteRequest {
        peer: String::new(),
        http: String::new(),
        to_vote: !wanted.learner,
        lives_ms: wanted.lives.as_millis() as u64,
        node_id: wanted.node.unwrap_or(0),
    };
    let call = async |wire| Ok(OperateClient::new(wire).invite(request.clone()).await?.into_inner());
    let invitation = reach.ask(context, "no token can be made", call).await?;
    let start = follow::start(&invitation, "", "");
    let fields = vec![
        ("node", start.node.clone()),
        ("token", start.token.clone()),
        ("start", format!("{} --peer-listen IP:PORT --http-listen IP:PORT", start.command)),
    ];
    context.output.record(&start, fields)?;
    Ok(Exit::Ok)
}
