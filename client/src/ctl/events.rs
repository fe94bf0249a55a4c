//! `events`: what happens, as it happens.

use clap::Args;
use livedrop_proto::rest::events::ListEvents;
use livedrop_proto::rest::problem::code;
use serde_json::Value;

use super::context::Context;
use super::trouble::{Doing, Exit, Stop};
use crate::{Error, Events};

/// Events of a page of the feed.
const PAGE: u32 = 1_000;

#[derive(Debug, Args)]
pub struct Wanted {
    /// Follows one drop, and samples of its stock; what concerns your account when absent
    #[arg(long, value_name = "ID")]
    drop: Option<String>,
    /// Begins after the event of this id; only what happens from now on when absent
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// Ends after so many events; never when absent
    #[arg(long, value_name = "EVENTS")]
    count: Option<u64>,
    /// Lists everything that is told to anybody, as far back as it is kept, and ends (operators)
    #[arg(long, conflicts_with_all = ["drop", "count"])]
    all: bool,
}

/// One line an event, until it is interrupted.
pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    if wanted.all {
        return list(context, wanted.after).await;
    }
    let what = "the events cannot be followed";
    let mut events = begin(context, &wanted, wanted.after.clone()).await?;
    let mut left = wanted.count.unwrap_or(u64::MAX);
    while left > 0 {
        match events.next().await {
            Ok(event) => {
                show(context, event.id.as_deref().unwrap_or("-"), &event.kind, &event.data)?;
                left -= 1;
            }
            // A stream ends with its token, and goes on with a fresh one.
            Err(error) if error.code() == Some(code::UNAUTHENTICATED) && wanted.drop.is_none() => {
                events = begin(context, &wanted, events.after().map(str::to_owned)).await?;
            }
            Err(error) => return Err(error).doing(what),
        }
    }
    Ok(Exit::Ok)
}

async fn begin(context: &Context, wanted: &Wanted, after: Option<String>) -> Result<Events, Stop> {
    let what = "the events cannot be followed";
    let connected = async |mut events: Events| -> Result<Events, Error> {
        events.connect().await?;
        Ok(events)
    };
    match &wanted.drop {
        Some(drop) => connected(context.client.drop_events(drop, after)).await.doing(what),
        None => context.signed_in(what, async |client| connected(client.events(after.clone())).await).await,
    }
}

/// The feed, page by page. Whatever happens meanwhile is in it too.
async fn list(context: &Context, mut after: Option<String>) -> Result<Exit, Stop> {
    loop {
        let wanted = ListEvents { after: after.take(), limit: Some(PAGE) };
        let page = context.signed_in("the feed cannot be listed", async |client| client.feed(&wanted).await).await?;
        for event in &page.items {
            let text = |name: &str| event[name].as_str().unwrap_or("-");
            show(context, text("id"), text("type"), event)?;
        }
        if !page.has_more {
            return Ok(Exit::Ok);
        }
        after = Some(page.next_after);
    }
}

/// One event a line: the whole of it as JSON for programs, the same with its id and type in front for people.
fn show(context: &Context, id: &str, kind: &str, data: &Value) -> Result<(), Stop> {
    let line = match context.output.is_table() {
        true => format!("{id:<14}  {kind:<16}  {data}"),
        false if id == "-" => serde_json::json!({ "type": kind, "data": data }).to_string(),
        false => data.to_string(),
    };
    Ok(context.output.text(&line)?)
}
