//! Timed sales of limited stock.

mod export;
pub mod orders;
pub mod schedule;
pub mod stats;
pub mod steer;

use axum::extract::{OriginalUri, Path, State};
use http::{HeaderMap, HeaderValue, StatusCode};
use livedrop_domain::drops::{self, Drop, Filter, Item, Stage, Stock};
use livedrop_domain::products::{self, Product};
use livedrop_domain::{AccountId, DropId, Fault, ProductId, Timestamp, View, codec};
use livedrop_proto::rest;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::drops as shape;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Rest;
use super::answer::{Answer, JSON};
use super::body::Params;
use super::caching::{FRESH, STOCK, cacheable, listed, weak_etag};
use super::docs::Problems;
use super::freshness;
use super::page::Wanted;
use super::problem::Problem;
use super::rendered::Rendered;
use super::shop::look;
use super::text;

/// How the JSON of a drop without its time ends: the time is the last of its fields.
const TIMELESS_END: &[u8] = b"\"}";

/// A drop with what belongs to it.
struct Whole {
    drop: Drop,
    stock: Stock,
    product: Product,
}

/// How fresh the read must be.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReadDrop {
    /// `linearizable` when absent.
    #[param(inline)]
    consistency: Option<Consistency>,
}

/// A drop and its stock.
#[utoipa::path(get, path = "/v1/drops/{id}", tag = "drops",
    params(("id" = String, Path, description = "`drp_…`"), ReadDrop), responses(
    (status = 200, description = "The drop.", body = shape::Drop),
    (status = 304, description = "As the caller's `If-None-Match` says."),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn read(
    State(rest): State<Rest>,
    Path(id): Path<String>,
    Params(asked): Params<ReadDrop>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let id = parse(&id)?;
    let get = |view: &dyn View| drops::get(view, id)?.map(|drop| whole(view, drop)).transpose();
    let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Linearizable, get).await?;
    let whole = seen.what.ok_or_else(|| Problem::not_found("drop").at(seen.index))?;
    let policy = if asked.consistency == Some(Consistency::Linearizable) { FRESH } else { STOCK };
    Ok(answer(&rest, &headers, &whole, policy).at(seen.index))
}

/// Drops, newest first.
#[utoipa::path(get, path = "/v1/drops", tag = "drops", params(shape::ListDrops), responses(
    (status = 200, description = "A page.", body = rest::List<shape::Drop>),
    Problems,
))]
pub async fn list(
    State(rest): State<Rest>,
    Params(asked): Params<shape::ListDrops>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let wanted = Wanted::<DropId>::new(asked.limit, asked.cursor.as_deref())?;
    let creator: Option<AccountId> = match &asked.creator_id {
        Some(id) => Some(id.parse().map_err(|_| Problem::field("creator_id", "must be an account's id"))?),
        None => None,
    };
    let stage = asked.status.map(|stage| match stage {
        shape::DropStage::Upcoming => Stage::Upcoming,
        shape::DropStage::Live => Stage::Live,
        shape::DropStage::Ended => Stage::Ended,
    });
    let filter = Filter { stage: stage.or(creator.is_none().then_some(Stage::Live)), creator };
    let get = |view: &dyn View| {
        let drops = drops::list(view, filter, wanted.after, wanted.look_for())?;
        drops.into_iter().map(|drop| whole(view, drop)).collect::<Result<Vec<_>, _>>()
    };
    let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Local, get).await?;
    let now = rest.now();
    let found = seen.what.iter().map(|whole| (whole.drop.id, whole.shape(now))).collect();
    Ok(listed(wanted.answer(&uri, found), asked.consistency, "drops", creator).at(seen.index))
}

pub(super) fn parse(id: &str) -> Result<DropId, Problem> {
    id.parse().map_err(|_| Problem::not_found("drop"))
}

/// A drop that was found, with its counts and its product, which are there when it is.
fn whole(view: &dyn View, drop: Drop) -> Result<Whole, Fault> {
    let product = products::get(view, drop.product_id)?;
    let product = product.ok_or_else(|| Fault::new("reading a drop", format!("{} has no product", drop.id)))?;
    Ok(Whole { stock: drops::stock(view, drop.id)?, drop, product })
}

/// A product that must be there. A node that lags looks again once it has caught up.
async fn product(rest: &Rest, id: ProductId) -> Result<Product, Problem> {
    let get = || look(&*rest.shop, |view| products::get(view, id));
    if let Some(product) = get()?.what {
        return Ok(product);
    }
    rest.shop.linearizable().await?;
    get()?.what.ok_or_else(|| Problem::not_found("product"))
}

fn answer(rest: &Rest, headers: &HeaderMap, whole: &Whole, policy: &'static str) -> Answer {
    let drop = &whole.drop;
    let tags =
        [format!("drop-{}", drop.id), format!("product-{}", drop.product_id), format!("creator-{}", drop.creator_id)];
    let etag = whole.etag();
    cacheable(headers, etag.clone(), policy, &tags, || {
        Answer::written(StatusCode::OK, JSON, whole.body(&rest.rendered, &etag, rest.now()))
    })
}

impl Whole {
    /// Changes with everything that the answer shows, except its time.
    fn etag(&self) -> HeaderValue {
        // Who waits for what is not in the answer.
        let mut parts = codec::encode(&Drop { waited_for: None, ..self.drop.clone() });
        codec::encode_into(&self.stock, &mut parts);
        parts.extend_from_slice(&self.product.version.to_be_bytes());
        weak_etag(self.drop.version, &parts)
    }

    /// The JSON of the drop. All of it but the time of the answer, which stands at its end, is kept by the ETag.
    fn body(&self, rendered: &Rendered, etag: &HeaderValue, now: Timestamp) -> Vec<u8> {
        let timeless = || shape::Drop { server_time: String::new(), ..self.shape(now) };
        let kept = rendered.body(u128::from_be_bytes(self.drop.id.bytes()), etag, timeless);
        let until = kept.len() - TIMELESS_END.len();
        [&kept[..until], text::time(now).as_bytes(), TIMELESS_END].concat()
    }

    fn shape(&self, now: Timestamp) -> shape::Drop {
        let Whole { drop, stock, product } = self;
        shape::Drop {
            id: drop.id.to_string(),
            product: shape::DropProduct {
                id: product.id.to_string(),
                name: product.name.clone(),
                image_url: product.image_url.clone(),
                price: text::money(drop.unit_price),
            },
            creator_id: drop.creator_id.to_string(),
            status: text::drop_status_shape(drop.status()),
            starts_at: text::time(drop.starts_at),
            ends_at: Some(drop.ends_at).filter(|at| *at != Timestamp::NEVER).map(text::time),
            items: stock.0.iter().map(item_shape).collect(),
            per_customer_limit: drop.per_customer_limit,
            hold_seconds: u32::try_from(drop.hold_ms / 1_000).unwrap_or(u32::MAX),
            low_stock_threshold: drop.low_stock_threshold,
            created_at: text::time(drop.created_at),
            server_time: text::time(now),
        }
    }
}

pub fn item_shape(item: &Item) -> shape::Item {
    let Item { sku, stock, available, held, sold } = item;
    shape::Item { sku: sku.clone(), stock: *stock, available: *available, held: *held, sold: *sold }
}
