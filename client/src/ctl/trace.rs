//! `trace`: what happened to one request, on every node that it touched, in the order of time.

use clap::Args;
use livedrop_proto::rest::admin::{Happened, Moment, MomentKind};

use super::context::Context;
use super::output::note;
use super::trouble::{Exit, Stop};

#[derive(Debug, Args)]
pub struct Wanted {
    /// The id of a request: the `X-Request-Id` of its answer, the `request_id` of its error
    #[arg(value_name = "REQUEST_ID")]
    request_id: String,
}

/// Exit code 4 when no node remembers it: it went well, or it is too long ago.
pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let Wanted { request_id } = wanted;
    let what = format!("the way of {request_id} cannot be shown");
    let happened = context.signed_in(&what, async |client| client.happened(&request_id).await).await?;
    let rows = happened.moments.iter().map(columns).collect();
    context.output.list(&happened, &["AT", "NODE", "TOOK", "WHAT", "DETAILS"], rows)?;
    if !happened.silent.is_empty() {
        note(&format!("no answer from node {}: what it remembers is missing", happened.silent.join(", ")));
    }
    if context.output.is_table() && !happened.moments.is_empty() {
        note(&sentence(&happened));
    }
    Ok(if happened.moments.is_empty() { Exit::NotFound } else { Exit::Ok })
}

fn columns(moment: &Moment) -> Vec<String> {
    let details: Vec<String> = moment.details.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let what = match moment.kind {
        MomentKind::Line => format!("{} {}", moment.level.as_deref().unwrap_or_default(), moment.name),
        MomentKind::Span if moment.failed => format!("{} ✗", moment.name),
        MomentKind::Span => moment.name.clone(),
    };
    // The day is the same for all of them.
    let time = moment.at.split_once('T').map_or(moment.at.as_str(), |(_, time)| time);
    vec![
        time.to_owned(),
        moment.node.clone(),
        moment.took_micros.map_or_else(String::new, took),
        what,
        details.join(" "),
    ]
}

/// `830 µs`, `4.2 ms` or `1.31 s`.
fn took(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.1} ms", micros as f64 / 1e3),
        _ => format!("{:.2} s", micros as f64 / 1e6),
    }
}

fn sentence(happened: &Happened) -> String {
    let mut nodes: Vec<&str> = happened.moments.iter().map(|moment| moment.node.as_str()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let day = happened.moments.first().and_then(|first| first.at.split_once('T')).map_or("", |(day, _)| day);
    let nodes = match &nodes[..] {
        [one] => format!("node {one}"),
        [more @ .., last] => format!("nodes {} and {last}", more.join(", ")),
        [] => String::new(),
    };
    format!("{} moments on {nodes}, {day} UTC", happened.moments.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(node: &str, kind: MomentKind) -> Moment {
        Moment {
            at: "2026-11-24T02:03:04.000005Z".into(),
            node: node.into(),
            kind,
            name: "propose".into(),
            level: Some("WARN".into()).filter(|_| kind == MomentKind::Line),
            took_micros: Some(4_200).filter(|_| kind == MomentKind::Span),
            failed: true,
            trace_id: None,
            span_id: None,
            parent_id: None,
            details: [("leader".to_owned(), "1".to_owned())].into(),
        }
    }

    #[test]
    fn a_moment_is_one_row() {
        assert_eq!(
            columns(&moment("3", MomentKind::Span)),
            ["02:03:04.000005Z", "3", "4.2 ms", "propose ✗", "leader=1"]
        );
        assert_eq!(columns(&moment("3", MomentKind::Line)), ["02:03:04.000005Z", "3", "", "WARN propose", "leader=1"]);
    }

    #[test]
    fn the_nodes_that_a_request_touched_are_named_once() {
        let moments = ["3", "1", "3"].map(|node| moment(node, MomentKind::Span)).into();
        let happened = Happened { moments, silent: vec![] };
        assert_eq!(sentence(&happened), "3 moments on nodes 1 and 3, 2026-11-24 UTC");
    }
}
