//! The orders of a drop, for its creator.

use axum::extract::{Path, State};
use http::{HeaderMap, header};
use livedrop_domain::orders::{self, Position};
use livedrop_domain::{View, drops};
use livedrop_proto::rest;
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::orders as shape;

use super::super::Rest;
use super::super::answer::Answer;
use super::super::docs::Problems;
use super::super::identity::Seller;
use super::super::orders::order_shape;
use super::super::page::Paged;
use super::super::problem::Problem;
use super::steer::must_be_own;
use super::{export, parse};

/// The orders of one of the caller's drops, newest first.
#[utoipa::path(get, path = "/v1/drops/{id}/orders", tag = "drops", security(("bearer" = [])),
    params(("id" = String, Path, description = "`drp_…`"), Page), responses(
    (status = 200, description = "A page; with `Accept: text/csv`, all of them.", content(
        (rest::List<shape::Order> = "application/json"), (String = "text/csv"))),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn list(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    paged: Paged<Position>,
) -> Result<Answer, Problem> {
    let id = parse(&id)?;
    let get = |view: &dyn View| {
        let drop = drops::get(view, id)?;
        Ok((drop, orders::of_drop(view, id, paged.wanted.after, paged.wanted.look_for())?))
    };
    let seen = paged.read(&rest, get).await?;
    let (drop, found) = seen.what;
    must_be_own(drop, creator_id)?;
    if wants_csv(&paged.headers) {
        return Ok(export::csv(&rest, id).at(seen.index));
    }
    let found = found.iter().map(|(place, order)| (*place, order_shape(order, None))).collect();
    Ok(paged.answer(found).at(seen.index))
}

fn wants_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.split([',', ';']).any(|kind| kind.trim().eq_ignore_ascii_case("text/csv")))
}
