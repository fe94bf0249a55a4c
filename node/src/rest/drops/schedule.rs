//! Announcing a drop, and changing it before it starts.

use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode, header};
use livedrop_domain::Reply;
use livedrop_domain::drops::{self, Edit, HOLD_MS, ITEMS_MAX, NewItem, SKU_MAX, STOCK_MAX, Schedule};
use livedrop_proto::rest;
use livedrop_proto::rest::drops as shape;

use super::super::Rest;
use super::super::answer::Answer;
use super::super::body::Json;
use super::super::caching::{Precondition, if_match};
use super::super::checks::Checks;
use super::super::context::Context;
use super::super::docs::Problems;
use super::super::identity::Seller;
use super::super::mint;
use super::super::problem::Problem;
use super::{Whole, parse, product};

/// How long units are held when the creator does not say, in seconds.
const HOLD_SECONDS: u32 = 600;

/// Announces a drop of one of the creator's products; live at once unless it starts later.
#[utoipa::path(post, path = "/v1/drops", tag = "drops", security(("bearer" = [])), request_body = shape::CreateDrop, responses(
    (status = 201, description = "The drop; `Location` names it.", body = shape::Drop),
    (status = 404, description = "`not_found`: no such product.", body = rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn create(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    context: Context,
    Json(body): Json<shape::CreateDrop>,
) -> Result<Answer, Problem> {
    let product_id = body.product_id.parse().map_err(|_| Problem::not_found("product"))?;
    let mut checks = Checks::default();
    let starts_at = checks.time(body.starts_at.as_deref(), "/starts_at");
    let ends_at = checks.time(body.ends_at.as_deref(), "/ends_at");
    let items = match (body.items, body.stock) {
        (Some(items), None) => checked_items(&mut checks, items),
        (None, Some(stock)) => {
            checks.ensure((1..=STOCK_MAX).contains(&stock), "/stock", format!("must be 1 to {STOCK_MAX}"));
            vec![NewItem { sku: shape::DEFAULT_SKU.into(), stock }]
        }
        (given, _) => {
            checks.ensure(
                false,
                "/items",
                if given.is_some() { "cannot be given together with stock" } else { "must be given, or stock" },
            );
            Vec::new()
        }
    };
    let hold_ms = checked_hold(&mut checks, body.hold_seconds.unwrap_or(HOLD_SECONDS));
    check_threshold(&mut checks, body.low_stock_threshold);
    checks.done()?;
    // Read before it is sold: the answer shows it, and whoever may not sell it hears so at once.
    let product = product(&rest, product_id).await?;
    let command = drops::Command::Schedule(Schedule {
        drop_id: mint::drop(rest.now()),
        creator_id,
        product_id,
        starts_at,
        ends_at,
        items,
        per_customer_limit: body.per_customer_limit,
        hold_ms,
        low_stock_threshold: body.low_stock_threshold,
    });
    match rest.decide(&context.request_id, command).await? {
        (Reply::Drops(drops::Reply::Scheduled(drop, stock)), index) => {
            let whole = Whole { drop, stock, product };
            let answer = Answer::json(StatusCode::CREATED, &whole.shape(rest.now())).at(index);
            let answer = answer.with(header::ETAG, whole.etag());
            Ok(answer.with_text(header::LOCATION, format!("/v1/drops/{}", whole.drop.id)))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// Changes a drop that has not started.
#[utoipa::path(patch, path = "/v1/drops/{id}", tag = "drops", security(("bearer" = [])),
    params(("id" = String, Path, description = "`drp_…`"), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read.")),
    request_body = shape::EditDrop, responses(
    (status = 200, description = "The drop as it is now.", body = shape::Drop),
    (status = 409, description = "`wrong_status`: it has started.", body = rest::Problem, content_type = "application/problem+json"),
    (status = 412, description = "`changed_since`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn edit(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    context: Context,
    headers: HeaderMap,
    Json(body): Json<shape::EditDrop>,
) -> Result<Answer, Problem> {
    let drop_id = parse(&id)?;
    let expected_version = if_match(&headers)?.and_then(|condition| match condition {
        Precondition::Version(version) => Some(version),
        Precondition::Any => None,
    });
    let mut checks = Checks::default();
    let starts_at = checks.time(body.starts_at.as_deref(), "/starts_at");
    let ends_at = checks.time(body.ends_at.as_deref(), "/ends_at");
    let items = body.items.map(|items| checked_items(&mut checks, items));
    let hold_ms = body.hold_seconds.map(|seconds| checked_hold(&mut checks, seconds));
    check_threshold(&mut checks, body.low_stock_threshold.unwrap_or_default());
    checks.done()?;
    let command = drops::Command::Edit(Edit {
        drop_id,
        creator_id,
        starts_at,
        ends_at,
        items,
        per_customer_limit: body.per_customer_limit,
        hold_ms,
        low_stock_threshold: body.low_stock_threshold,
        expected_version,
    });
    super::steer::changed(&rest, &context.request_id, command).await
}

fn checked_items(checks: &mut Checks, items: Vec<shape::NewItem>) -> Vec<NewItem> {
    checks.ensure((1..=ITEMS_MAX).contains(&items.len()), "/items", format!("must be 1 to {ITEMS_MAX} variants"));
    for (place, item) in items.iter().enumerate() {
        checks.length(&item.sku, 1..=SKU_MAX, &format!("/items/{place}/sku"));
        let once = items[..place].iter().all(|other| other.sku != item.sku);
        checks.ensure(once, &format!("/items/{place}/sku"), "must be named once");
        let stock = (1..=STOCK_MAX).contains(&item.stock);
        checks.ensure(stock, &format!("/items/{place}/stock"), format!("must be 1 to {STOCK_MAX}"));
    }
    items.into_iter().map(|shape::NewItem { sku, stock }| NewItem { sku, stock }).collect()
}

fn checked_hold(checks: &mut Checks, seconds: u32) -> u64 {
    let (ms, range) = (u64::from(seconds) * 1_000, HOLD_MS);
    let detail = format!("must be {} to {}", range.start() / 1_000, range.end() / 1_000);
    checks.ensure(range.contains(&ms), "/hold_seconds", detail);
    ms
}

fn check_threshold(checks: &mut Checks, units: u64) {
    checks.ensure(units <= STOCK_MAX, "/low_stock_threshold", format!("must be 0 to {STOCK_MAX}"));
}
