//! How a drop sells, for its creator.

use axum::extract::{Path, State};
use http::HeaderMap;
use livedrop_domain::drops::Drop;
use livedrop_domain::orders::{self, Minute, Tally};
use livedrop_domain::{Fault, Money, View, drops, waitlist};
use livedrop_proto::rest;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::drops as shape;

use super::super::Rest;
use super::super::answer::Answer;
use super::super::body::Params;
use super::super::docs::Problems;
use super::super::freshness;
use super::super::identity::Seller;
use super::super::problem::Problem;
use super::super::text;
use super::steer::must_be_own;
use super::{ReadDrop, item_shape, parse};

/// How many minutes are shown.
const MINUTES: usize = 120;
const MINUTE_MS: u64 = 60_000;

/// What one of the caller's drops has sold, what it earned, and how many of its holds were paid.
#[utoipa::path(get, path = "/v1/drops/{id}/stats", tag = "drops", security(("bearer" = [])),
    params(("id" = String, Path, description = "`drp_…`"), ReadDrop), responses(
    (status = 200, description = "The numbers.", body = shape::DropStats),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn read(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    Params(asked): Params<ReadDrop>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let id = parse(&id)?;
    let first = (rest.now().0 / MINUTE_MS).saturating_sub(MINUTES as u64 - 1);
    let get = |view: &dyn View| {
        let drop = drops::get(view, id)?;
        let stock = match &drop {
            Some(drop) => Some(drops::stock(view, drop.id)?),
            None => None,
        };
        let waiting = drop.as_ref().map(|drop| waiting(view, drop)).transpose()?.unwrap_or_default();
        Ok((drop, stock, waiting, orders::tally(view, id)?, orders::minutes(view, id, first, MINUTES)?))
    };
    let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Local, get).await?;
    let (drop, stock, waiting, tally, minutes) = seen.what;
    let currency = drop.as_ref().map(|drop| drop.unit_price.currency);
    must_be_own(drop, creator_id)?;
    let (Some(stock), Some(currency)) = (stock, currency) else { return Err(Problem::not_found("drop")) };
    let money = |amount| text::money(Money { amount, currency });
    let minute = |(minute, sold): (u64, Minute)| shape::SalesMinute {
        minute: text::time(livedrop_domain::Timestamp(minute * MINUTE_MS)),
        orders: sold.confirmed_orders,
        units: sold.confirmed_units,
        revenue: money(sold.revenue),
    };
    let stats = shape::DropStats {
        drop_id: id.to_string(),
        items: stock.0.iter().map(item_shape).collect(),
        waiting,
        confirmed_orders: tally.confirmed_orders,
        failed_orders: tally.failed_orders,
        expired_orders: tally.expired_orders,
        cancelled_orders: tally.cancelled_orders,
        refunded_orders: tally.refunded_orders,
        confirmed_units: tally.confirmed_units,
        refunded_units: tally.refunded_units,
        revenue: vec![money(tally.revenue)],
        refunded: vec![money(tally.refunded)],
        hold_conversion: conversion(&tally),
        per_minute: minutes.into_iter().map(minute).collect(),
    };
    Ok(Answer::ok(&stats).at(seen.index))
}

/// How many wait in the lines of a drop.
fn waiting(view: &dyn View, drop: &Drop) -> Result<u64, Fault> {
    let mut waiting = 0;
    for item in drop.waited_for.iter().flatten() {
        waiting += waitlist::line(view, drop.id, *item)?.waiting;
    }
    Ok(waiting)
}

/// The share of the holds that have ended which were paid.
fn conversion(tally: &Tally) -> Option<f64> {
    let ended = tally.confirmed_orders + tally.failed_orders + tally.expired_orders + tally.cancelled_orders;
    (ended > 0).then(|| tally.confirmed_orders as f64 / ended as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_is_the_paid_share_of_the_holds_that_ended() {
        assert_eq!(conversion(&Tally::default()), None);
        let tally = Tally { confirmed_orders: 3, expired_orders: 1, ..Tally::default() };
        assert_eq!(conversion(&tally), Some(0.75));
    }
}
