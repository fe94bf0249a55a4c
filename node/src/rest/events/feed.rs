//! The feed as a list, for operators and for whoever checks that streams told it right.

use axum::extract::State;
use livedrop_domain::{Fault, View, journal};
use livedrop_proto::rest;
use livedrop_proto::rest::events as shape;

use super::super::Rest;
use super::super::answer::Answer;
use super::super::body::Params;
use super::super::code;
use super::super::docs::Problems;
use super::super::identity::Operator;
use super::super::problem::Problem;
use super::super::shop::look;
use crate::feed::Position;
use crate::told;

/// Events of a page when nothing is said.
const LIMIT: u32 = 100;
/// Entries that are read at once: apply waits while their bytes are copied.
const STRETCH: usize = 16;
/// Entries that are looked through for one page: of those with nothing to tell there may be many.
const LOOKED_THROUGH: usize = 10_000;

/// What a node has of the feed after some place.
struct Page {
    items: Vec<serde_json::Value>,
    has_more: bool,
    through: Position,
    oldest_index: u64,
}

/// Everything that is told to anybody, oldest first, as far as this node has applied it.
#[utoipa::path(get, path = "/v1/admin/events", tag = "operations", security(("bearer" = [])), params(shape::ListEvents), responses(
    (status = 200, description = "A page.", body = shape::Events),
    (status = 400, description = "`bad_request`: no event has this id.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn list(
    State(rest): State<Rest>,
    _: Operator,
    Params(asked): Params<shape::ListEvents>,
) -> Result<Answer, Problem> {
    let limit = asked.limit.unwrap_or(LIMIT);
    if !(1..=shape::PAGE_MAX).contains(&limit) {
        return Err(Problem::field("limit", format!("must be 1 to {}", shape::PAGE_MAX)));
    }
    let after = match asked.after.as_deref() {
        None => (0, 0),
        Some(id) => told::parse_id(id).ok_or_else(|| {
            Problem::new(&code::BAD_REQUEST, "`after` must be the id of an event: `<index>-<ordinal>`.")
        })?,
    };
    let index = rest.shop.applied();
    let read = tokio::task::spawn_blocking(move || page(&rest, after, limit as usize)).await;
    let page = read.unwrap_or_else(|error| Err(Fault::new("reading the feed", error)))?;
    Ok(Answer::ok(&shape::Events {
        items: page.items,
        has_more: page.has_more,
        next_after: told::id(page.through),
        oldest_index: page.oldest_index.into(),
    })
    .at(index))
}

fn page(rest: &Rest, after: Position, limit: usize) -> Result<Page, Fault> {
    let (mut page, mut from) = (Page { items: Vec::new(), has_more: true, through: after, oldest_index: 0 }, after.0);
    for _ in 0..LOOKED_THROUGH / STRETCH {
        // Of the entry that was read last, a part may be left.
        let stretch = |view: &dyn View| {
            let rows = journal::stored_after(view, from.saturating_sub(1), STRETCH)?;
            Ok((journal::floor(view)?, rows))
        };
        let (floor, rows) = look(&*rest.shop, stretch)?.what;
        page.oldest_index = floor;
        let last = rows.len() < STRETCH;
        for (index, stored) in rows {
            let entry = journal::decode(&stored)?;
            for (ordinal, event) in entry.events.iter().enumerate() {
                let position = (index, u32::try_from(ordinal).unwrap_or(u32::MAX));
                if position <= after || told::kind(event).is_none() {
                    continue;
                }
                if page.items.len() == limit {
                    return Ok(page);
                }
                page.items.push(told::data(position, entry.at, event));
                page.through = position;
            }
            let ordinal = u32::try_from(entry.events.len().saturating_sub(1)).unwrap_or(u32::MAX);
            page.through = page.through.max((index, ordinal));
            from = index + 1;
        }
        if last {
            page.has_more = false;
            break;
        }
    }
    Ok(page)
}
