use livedrop_proto::operate as pb;
use livedrop_proto::operate::operate_client::OperateClient;
use serde::Serialize;

use crate::ctl::context::Context;
use crate::ctl::reach::Reach;
use crate::ctl::trouble::{Exit, Stop};

/// What `-o json` shows; 64-bit numbers are text.
#[derive(Serialize)]
struct Report {
    cluster_id: String,
    leader: String,
    term: String,
    members: Vec<Row>,
    /// The change that is under way; null when there is none.
    under_way: Option<String>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    role: String,
    to_vote: bool,
    peer: String,
    http: String,
    lag: Option<String>,
    silent_ms: Option<String>,
}

/// One row a member, as the leader sees them.
pub async fn run(context: &Context, reach: &Reach) -> Result<Exit, Stop> {
    let ask = async |wire| Ok(OperateClient::new(wire).members(pb::MembersRequest {}).await?.into_inner());
    let seen = reach.ask(context, "the members cannot be listed", ask).await?;
    let members: Vec<Row> = seen.members.into_iter().map(row).collect();
    let rows = members.iter().map(columns).collect();
    let under_way = Some(seen.under_way).filter(|text| !text.is_empty());
    let report = Report {
        cluster_id: seen.cluster_id,
        leader: seen.leader.to_string(),
        term: seen.term.to_string(),
        members,
        under_way,
    };
    context.output.list(&report, &["NODE", "ROLE", "PEER", "HTTP", "LACKS", "SILENT"], rows)?;
    if let (true, Some(under_way)) = (context.output.is_table(), &report.under_way) {
        context.output.text(&format!("\nUnder way: {under_way}"))?;
    }
    Ok(Exit::Ok)
}

fn row(member: pb::Member) -> Row {
    Row {
        id: member.id.to_string(),
        role: member.role,
        to_vote: member.to_vote,
        peer: member.peer,
        http: member.http,
        lag: member.lag.map(|lag| lag.to_string()),
        silent_ms: member.silent_ms.map(|ms| ms.to_string()),
    }
}

fn columns(row: &Row) -> Vec<String> {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let silent = row.silent_ms.as_ref().map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    vec![row.id.clone(), row.role.clone(), row.peer.clone(), row.http.clone(), or_none(&row.lag), silent]
}
