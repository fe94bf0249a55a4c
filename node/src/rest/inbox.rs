//! What an account is told and can read later, and what it does not want to be told.

use axum::extract::State;
use http::HeaderMap;
use livedrop_domain::notifications::{self, Command, Gathering, Inbox, KINDS, Kind, MUTED_MAX, Notice, Position};
use livedrop_domain::{AccountId, Event, Reply, View, drops, orders, waitlist};
use livedrop_proto::rest;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::notifications as shape;

use super::Rest;
use super::answer::Answer;
use super::body::Json;
use super::checks::Checks;
use super::context::Context;
use super::docs::Problems;
use super::freshness;
use super::identity::Caller;
use super::page::{Paged, Place};
use super::problem::Problem;
use super::shop::look;
use super::text;
use crate::told;

/// The caller's notifications, newest first: of its orders, and of drops of the creators whom it follows, since it
/// does. A page may have fewer than `limit` entries and a next one all the same.
#[utoipa::path(get, path = "/v1/me/notifications", tag = "notifications", security(("bearer" = [])), params(Page), responses(
    (status = 200, description = "One page.", body = rest::List<shape::Notification>),
    Problems,
))]
pub async fn list(State(rest): State<Rest>, caller: Caller, paged: Paged<Before>) -> Result<Answer, Problem> {
    let before = paged.wanted.after.as_ref().map(|Before(position)| *position);
    let begin = |view: &dyn View| Gathering::begin(view, caller.account_id(), before, paged.wanted.limit);
    let mut seen = paged.read(&rest, begin).await?;
    let notifications::Page { notices, read_through, next } = loop {
        if let Some(page) = look(&*rest.shop, |view| seen.what.go_on(view))?.what {
            break page;
        }
        // Apply and other requests have their turn between two looks.
        tokio::task::yield_now().await;
    };
    let items = notices.iter().filter_map(|(position, notice)| look_of(*position, notice, read_through)).collect();
    Ok(paged.answer_until::<shape::Notification>(items, next.map(Before)).at(seen.index))
}

/// Says that the caller has read a notification and all before it.
#[utoipa::path(post, path = "/v1/me/notifications/read", tag = "notifications", security(("bearer" = [])), request_body = shape::MarkRead, responses(
    (status = 204, description = "They are read."),
    (status = 422, description = "`invalid_request`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn mark_read(
    State(rest): State<Rest>,
    caller: Caller,
    context: Context,
    Json(body): Json<shape::MarkRead>,
) -> Result<Answer, Problem> {
    let through =
        told::parse_id(&body.through).ok_or_else(|| Problem::field("/through", "must be the id of a notification"))?;
    let command = notifications::MarkRead { account_id: caller.account_id(), through };
    let (_, index) = changed(&rest, &context, Command::MarkRead(command)).await?;
    Ok(Answer::no_content().at(index))
}

/// What the caller does not want to be told.
#[utoipa::path(get, path = "/v1/me/notifications/preferences", tag = "notifications", security(("bearer" = [])), responses(
    (status = 200, description = "The preferences.", body = shape::Preferences),
    Problems,
))]
pub async fn preferences(State(rest): State<Rest>, caller: Caller, headers: HeaderMap) -> Result<Answer, Problem> {
    let get = |view: &dyn View| notifications::inbox(view, caller.account_id());
    let seen = freshness::read(&rest, &headers, None, Consistency::Local, get).await?;
    Ok(Answer::ok(&preferences_of(&seen.what)).at(seen.index))
}

/// Says what the caller does not want to be told, in place of what it said before. What is left out is told.
#[utoipa::path(put, path = "/v1/me/notifications/preferences", tag = "notifications", security(("bearer" = [])), request_body = shape::Preferences, responses(
    (status = 200, description = "The preferences as they are now.", body = shape::Preferences),
    (status = 422, description = "`invalid_request`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn set_preferences(
    State(rest): State<Rest>,
    caller: Caller,
    context: Context,
    Json(body): Json<shape::Preferences>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::default();
    let fits = body.muted_creators.len() <= MUTED_MAX;
    checks.ensure(fits, "/muted_creators", format!("must be at most {MUTED_MAX}"));
    let (mut muted, mut kinds_off) = (Vec::new(), Vec::new());
    for (at, id) in body.muted_creators.iter().enumerate().take(MUTED_MAX) {
        muted.extend(checks.take(id.parse::<AccountId>().ok(), &format!("/muted_creators/{at}"), "must be `usr_…`"));
    }
    let fits = body.types_off.len() <= KINDS.len();
    checks.ensure(fits, "/types_off", format!("must be at most {}", KINDS.len()));
    let names = KINDS.map(name).join(", ");
    for (at, given) in body.types_off.iter().enumerate().take(KINDS.len()) {
        let kind = KINDS.into_iter().find(|kind| name(*kind) == given);
        kinds_off.extend(checks.take(kind, &format!("/types_off/{at}"), format!("must be one of {names}")));
    }
    checks.done()?;
    let command = notifications::SetPreferences { account_id: caller.account_id(), muted, kinds_off };
    let (inbox, index) = changed(&rest, &context, Command::SetPreferences(command)).await?;
    Ok(Answer::ok(&preferences_of(&inbox)).at(index))
}

async fn changed(rest: &Rest, context: &Context, command: Command) -> Result<(Inbox, u64), Problem> {
    match rest.decide(&context.request_id, command).await? {
        (Reply::Notifications(notifications::Reply::Changed(inbox)), index) => Ok((inbox, index)),
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

fn preferences_of(inbox: &Inbox) -> shape::Preferences {
    shape::Preferences {
        muted_creators: inbox.muted.iter().map(ToString::to_string).collect(),
        types_off: inbox.kinds_off.iter().map(|kind| name(*kind).to_owned()).collect(),
    }
}

/// What a kind is called, here and in streams and webhooks.
fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::DropScheduled => "drop.scheduled",
        Kind::DropLive => "drop.live",
        Kind::DropLowStock => "drop.low_stock",
        Kind::DropSoldOut => "drop.sold_out",
        Kind::DropRestocked => "drop.restocked",
        Kind::DropCancelled => "drop.cancelled",
        Kind::OrderConfirmed => "order.confirmed",
        Kind::OrderFailed => "order.failed",
        Kind::OrderExpired => "order.expired",
        Kind::OrderCancelled => "order.cancelled",
        Kind::OrderRefunded => "order.refunded",
        Kind::WaitlistOffered => "waitlist.offered",
        Kind::DropMoved => "drop.edited",
    }
}

/// A notice as its reader sees it; none of an event that nobody is told of.
fn look_of(position: Position, notice: &Notice, read_through: Option<Position>) -> Option<shape::Notification> {
    use drops::Event::*;
    use orders::Event as Order;
    let kind = told::kind(&notice.event)?;
    let (drop_id, order_id, creator_id) = match &notice.event {
        Event::Drops(
            Scheduled { drop_id, creator_id, .. }
            | Live { drop_id, creator_id }
            | LowStock { drop_id, creator_id, .. }
            | SoldOut { drop_id, creator_id }
            | Restocked { drop_id, creator_id, .. }
            | Edited { drop_id, creator_id, .. }
            | Cancelled { drop_id, creator_id },
        ) => (drop_id, None, Some(creator_id)),
        Event::Orders(
            Order::Confirmed(told)
            | Order::Failed(told)
            | Order::Expired(told)
            | Order::Cancelled(told)
            | Order::Refunded(told),
        ) => (&told.drop_id, Some(told.order_id), None),
        Event::Waitlist(waitlist::Event::Offered { drop_id, order_id, .. }) => (drop_id, Some(*order_id), None),
        _ => return None,
    };
    Some(shape::Notification {
        id: told::id(position),
        kind: kind.to_owned(),
        drop_id: drop_id.to_string(),
        order_id: order_id.map(|id| id.to_string()),
        creator_id: creator_id.map(ToString::to_string),
        created_at: text::time(notice.at),
        read: read_through.is_some_and(|through| position <= through),
    })
}

/// Where a page of the inbox ends.
pub struct Before(Position);

impl Place for Before {
    const KIND: u8 = b'n';

    fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Position::from_bytes(bytes).map(Before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_called_as_streams_and_webhooks_call_it() {
        assert!(KINDS.iter().all(|kind| told::KINDS.contains(&name(*kind))));
    }
}
