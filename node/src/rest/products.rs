//! What creators sell.

use axum::extract::{OriginalUri, Path, State};
use http::{HeaderMap, StatusCode, header};
use livedrop_domain::products::{
    self, Create, DESCRIPTION_MAX, Edit, IMAGE_URL_MAX, NAME_MAX, Product, Retire, TAGS_MAX, Which, is_tag,
};
use livedrop_domain::{AccountId, Fault, ProductId, Reply, View};
use livedrop_proto::rest;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::products as shape;

use super::Rest;
use super::answer::{Answer, JSON};
use super::body::{Json, Params};
use super::caching::{PAGES, Precondition, cacheable, etag, if_match, listed};
use super::checks::Checks;
use super::code;
use super::context::Context;
use super::docs::Problems;
use super::freshness;
use super::identity::Seller;
use super::mint;
use super::page::Wanted;
use super::problem::Problem;
use super::text;

/// Puts a product into the shop.
#[utoipa::path(post, path = "/v1/products", tag = "products", security(("bearer" = [])), request_body = shape::CreateProduct, responses(
    (status = 201, description = "The product; `Location` and `ETag` name it.", body = shape::Product),
    Problems,
))]
pub async fn create(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    context: Context,
    Json(body): Json<shape::CreateProduct>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::default();
    checks.length(&body.name, 1..=NAME_MAX, "/name");
    checks.length(&body.description, 0..=DESCRIPTION_MAX, "/description");
    picture(&mut checks, body.image_url.as_deref().unwrap_or("https://"));
    tags(&mut checks, &body.tags);
    let price = checks.money(&body.price, "/price");
    checks.done()?;
    let command = products::Command::Create(Create {
        product_id: mint::product(rest.now()),
        creator_id,
        name: body.name,
        description: body.description,
        image_url: body.image_url,
        price: price.expect("a price that could not be read was rejected"),
        tags: body.tags,
    });
    match rest.decide(&context.request_id, command).await? {
        (Reply::Products(products::Reply::Created(product)), index) => {
            let answer = Answer::json(StatusCode::CREATED, &product_shape(&product)).at(index);
            let answer = answer.with(header::ETAG, etag(product.version));
            Ok(answer.with_text(header::LOCATION, format!("/v1/products/{}", product.id)))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// A product, retired or not.
#[utoipa::path(get, path = "/v1/products/{id}", tag = "products", params(("id" = String, Path, description = "`prd_…`")), responses(
    (status = 200, description = "The product.", body = shape::Product),
    (status = 304, description = "As the caller's `If-None-Match` says."),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn read(State(rest): State<Rest>, Path(id): Path<String>, headers: HeaderMap) -> Result<Answer, Problem> {
    let id = parse(&id)?;
    let seen = freshness::read(&rest, &headers, None, Consistency::Local, |view| products::get(view, id)).await?;
    let product = seen.what.ok_or_else(|| Problem::not_found("product").at(seen.index))?;
    let tags = [format!("product-{id}"), format!("creator-{}", product.creator_id)];
    let answer = cacheable(&headers, etag(product.version), PAGES, &tags, || {
        let body =
            rest.rendered.body(u128::from_be_bytes(id.bytes()), &etag(product.version), || product_shape(&product));
        Answer::written(StatusCode::OK, JSON, body)
    });
    Ok(answer.at(seen.index))
}

/// Products that are for sale, newest first.
#[utoipa::path(get, path = "/v1/products", tag = "products", params(shape::ListProducts), responses(
    (status = 200, description = "A page.", body = rest::List<shape::Product>),
    Problems,
))]
pub async fn list(
    State(rest): State<Rest>,
    Params(asked): Params<shape::ListProducts>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let wanted = Wanted::<ProductId>::new(asked.limit, asked.cursor.as_deref())?;
    let creator: Option<AccountId> = match &asked.creator_id {
        Some(id) => Some(id.parse().map_err(|_| Problem::field("creator_id", "must be an account's id"))?),
        None => None,
    };
    let which = match (creator, &asked.tag) {
        (Some(creator), _) => Which::OfCreator(creator),
        (None, Some(tag)) => Which::Tagged(tag),
        (None, None) => Which::All,
    };
    if let (Some(_), Some(tag)) = (creator, &asked.tag) {
        let get = |view: &dyn View| tagged(view, which, tag, &wanted);
        let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Local, get).await?;
        let (found, next) = seen.what;
        let page = wanted.answer_until(&uri, found.iter().map(product_shape).collect(), next);
        return Ok(listed(page, asked.consistency, "products", creator).at(seen.index));
    }
    let get = |view: &dyn View| products::list(view, which, wanted.after, wanted.look_for());
    let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Local, get).await?;
    let found = seen.what.iter().map(|product| (product.id, product_shape(product))).collect();
    Ok(listed(wanted.answer(&uri, found), asked.consistency, "products", creator).at(seen.index))
}

/// Changes a product, if it is still as the caller saw it.
#[utoipa::path(patch, path = "/v1/products/{id}", tag = "products", security(("bearer" = [])),
    params(("id" = String, Path, description = "`prd_…`"), ("If-Match" = String, Header, description = "The `ETag` that was read.")),
    request_body = shape::EditProduct, responses(
    (status = 200, description = "The product as it is now.", body = shape::Product),
    (status = 412, description = "`changed_since`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 428, description = "`if_match_required`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn edit(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    context: Context,
    headers: HeaderMap,
    Json(body): Json<shape::EditProduct>,
) -> Result<Answer, Problem> {
    let product_id = parse(&id)?;
    let expected_version = match if_match(&headers)? {
        Some(Precondition::Version(version)) => version,
        Some(Precondition::Any) => version(&rest, &headers, product_id).await?,
        None => return Err(Problem::new(&code::IF_MATCH_REQUIRED, "Send the ETag of the product as you saw it.")),
    };
    let mut checks = Checks::default();
    checks.length(body.name.as_deref().unwrap_or("-"), 1..=NAME_MAX, "/name");
    checks.length(body.description.as_deref().unwrap_or_default(), 0..=DESCRIPTION_MAX, "/description");
    picture(&mut checks, body.image_url.as_deref().filter(|url| !url.is_empty()).unwrap_or("https://"));
    tags(&mut checks, body.tags.as_deref().unwrap_or_default());
    let price = body.price.as_ref().and_then(|price| checks.money(price, "/price"));
    checks.done()?;
    let command = products::Command::Edit(Edit {
        product_id,
        creator_id,
        expected_version,
        name: body.name,
        description: body.description,
        image_url: body.image_url,
        price,
        tags: body.tags,
    });
    match rest.decide(&context.request_id, command).await? {
        (Reply::Products(products::Reply::Edited(product)), index) => {
            Ok(Answer::ok(&product_shape(&product)).at(index).with(header::ETAG, etag(product.version)))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// Takes a product out of the shop; its drops and orders stay as they are.
#[utoipa::path(delete, path = "/v1/products/{id}", tag = "products", security(("bearer" = [])),
    params(("id" = String, Path, description = "`prd_…`")), responses(
    (status = 204, description = "Retired."),
    Problems,
))]
pub async fn retire(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    context: Context,
) -> Result<Answer, Problem> {
    let command = products::Command::Retire(Retire { product_id: parse(&id)?, creator_id });
    let (_, index) = rest.decide(&context.request_id, command).await?;
    Ok(Answer::no_content().at(index))
}

/// A creator's products with a tag, and where to go on: after a thousand of them a page ends, full or not, so that none
/// takes long.
fn tagged(
    view: &dyn View,
    which: Which,
    tag: &str,
    wanted: &Wanted<ProductId>,
) -> Result<(Vec<Product>, Option<ProductId>), Fault> {
    const STEP: usize = 100;
    let (mut found, mut after) = (Vec::new(), wanted.after);
    for _ in 0..10 {
        let looked_at = products::list(view, which, after, STEP)?;
        let more = looked_at.len() == STEP;
        for product in looked_at {
            after = Some(product.id);
            if product.tags.iter().any(|one| one == tag) {
                found.push(product);
                if found.len() == wanted.limit {
                    return Ok((found, after));
                }
            }
        }
        if !more {
            return Ok((found, None));
        }
    }
    Ok((found, after))
}

async fn version(rest: &Rest, headers: &HeaderMap, id: ProductId) -> Result<u64, Problem> {
    let read = freshness::read(rest, headers, None, Consistency::Linearizable, |view| products::get(view, id));
    Ok(read.await?.what.ok_or_else(|| Problem::not_found("product"))?.version)
}

fn picture(checks: &mut Checks, url: &str) {
    let good = (url.starts_with("https://") || url.starts_with("http://"))
        && !url.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    let detail = format!("must be an http or https address of at most {IMAGE_URL_MAX} bytes");
    checks.ensure(good && url.len() <= IMAGE_URL_MAX, "/image_url", detail);
}

fn tags(checks: &mut Checks, tags: &[String]) {
    checks.ensure(tags.len() <= TAGS_MAX, "/tags", format!("must be at most {TAGS_MAX}"));
    for (place, tag) in tags.iter().enumerate() {
        checks.ensure(is_tag(tag), &format!("/tags/{place}"), "must be 1 to 64 bytes without control characters");
    }
}

fn parse(id: &str) -> Result<ProductId, Problem> {
    id.parse().map_err(|_| Problem::not_found("product"))
}

fn product_shape(product: &Product) -> shape::Product {
    shape::Product {
        id: product.id.to_string(),
        creator_id: product.creator_id.to_string(),
        name: product.name.clone(),
        description: product.description.clone(),
        image_url: product.image_url.clone(),
        price: text::money(product.price),
        tags: product.tags.clone(),
        retired: product.retired,
        created_at: text::time(product.created_at),
    }
}
