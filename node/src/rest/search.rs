//! Search: the index says which products to look at, the rows say what is true of them now.

mod asked;
mod join;

use std::time::Duration;

use axum::extract::{OriginalUri, State};
use http::{HeaderMap, header};
use livedrop_domain::{AccountId, View, accounts, products};
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::search as shape;

use super::Rest;
use super::answer::Answer;
use super::body::Params;
use super::code;
use super::docs::Problems;
use super::freshness;
use super::page::{Wanted, next_link};
use super::problem::Problem;
use super::shop::look;
use super::text;
use crate::search::{Asked, Facets, PRICE_RANGES, Search, Unavailable};
use asked::{Read, SearchPlace};
use join::join;

/// How long a question waits for the index to reflect what its caller has seen.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a page is filled up with products that are as they were indexed, before it is given as it is.
const FILLS_MAX: usize = 5;
/// The most suggestions, and among how many products they are looked for: several may have one name.
const SUGGESTIONS: usize = 10;
const SUGGESTED_FROM: usize = 20;

/// Products that match, with their current or next drop as it is now.
#[utoipa::path(get, path = "/v1/search", tag = "products", params(shape::SearchProducts), responses(
    (status = 200, description = "A page.", body = shape::SearchPage),
    (status = 503, description = "`search_rebuilding`", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn find(
    State(rest): State<Rest>,
    Params(asked): Params<shape::SearchProducts>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let search = open(&rest)?;
    let wanted = Wanted::<SearchPlace>::new(asked.limit, asked.cursor.as_deref())?;
    let read = Read::new(&asked, wanted.after.as_ref())?;
    reflect(&rest, search, &headers, asked.consistency).await?;
    let mut items = Vec::with_capacity(wanted.limit);
    let (mut after, mut first) = (wanted.after.clone(), None);
    let mut reflects = u64::MAX;
    let mut more = true;
    for _ in 0..FILLS_MAX {
        let question = Asked {
            text: read.text.clone(),
            filters: read.filters.clone(),
            sort: read.sort,
            after: after.as_ref().map(|after| (after.place, after.forgiving)),
            limit: wanted.limit - items.len(),
        };
        let found = search.find(question).await?;
        let seen = join(&rest, &read, &found)?;
        reflects = reflects.min(seen.index);
        items.extend(seen.what);
        more = found.more;
        if let Some(place) = found.places.last() {
            after = Some(read.place(*place, found.forgiving));
        }
        first.get_or_insert((found.index, found.total, found.facets));
        if !more || items.len() >= wanted.limit {
            break;
        }
    }
    let (indexed, total, facets) = first.expect("a page is asked for once at least");
    let next_cursor = after.filter(|_| more).map(|after| wanted.cursor_at(&after));
    let link = next_cursor.as_deref().map(|cursor| next_link(&uri, cursor));
    let page = shape::SearchPage {
        items,
        has_more: more,
        next_cursor,
        indexed_index: indexed.into(),
        total,
        facets: facets.map(|facets| facets_shape(&rest, facets)).transpose()?,
        server_time: text::time(rest.now()),
    };
    // The rows may be newer, but a product that they have may not be found yet.
    let answer = Answer::ok(&page).at(reflects.min(indexed));
    Ok(match link {
        Some(link) => answer.with_text(header::LINK, link),
        None => answer,
    })
}

/// Names that begin as what was typed.
#[utoipa::path(get, path = "/v1/search/suggest", tag = "products", params(shape::SuggestNames), responses(
    (status = 200, description = "At most 10 names, the best first.", body = shape::Suggestions),
    (status = 503, description = "`search_rebuilding`", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn suggest(
    State(rest): State<Rest>,
    Params(asked): Params<shape::SuggestNames>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let search = open(&rest)?;
    reflect(&rest, search, &headers, None).await?;
    let (found, indexed) = search.suggest(asked.q, SUGGESTED_FROM).await?;
    let names = |view: &dyn View| {
        let mut names: Vec<shape::Suggestion> = Vec::new();
        for id in found {
            let Some(product) = products::get(view, id)?.filter(|product| !product.retired) else { continue };
            if names.len() < SUGGESTIONS && names.iter().all(|one| one.name != product.name) {
                names.push(shape::Suggestion { name: product.name, product_id: id.to_string() });
            }
        }
        Ok(names)
    };
    let seen = look(&*rest.shop, names)?;
    let suggestions = shape::Suggestions { items: seen.what, indexed_index: indexed.into() };
    Ok(Answer::ok(&suggestions).at(seen.index.min(indexed)))
}

fn open(rest: &Rest) -> Result<&Search, Problem> {
    rest.search.as_ref().ok_or_else(|| Problem::new(&code::NOT_FOUND, "This node was told not to search."))
}

/// Waits until the index reflects what the caller has seen, or what was acknowledged before a linearizable read.
async fn reflect(rest: &Rest, search: &Search, headers: &HeaderMap, asked: Option<Consistency>) -> Result<(), Problem> {
    let mut index = freshness::min_index(headers)?.unwrap_or(0);
    if asked == Some(Consistency::Linearizable) {
        index = index.max(rest.shop.linearizable().await?);
    }
    if index > search.indexed() + freshness::FAR {
        freshness::must_exist(rest, index).await?;
    }
    if search.indexed() >= index || search.reaches(index, PATIENCE).await {
        return Ok(());
    }
    match search.indexed() {
        0 => Err(Unavailable::Rebuilding.into()),
        indexed => Err(Problem::new(&code::BEHIND, format!("The search index reflects {indexed}, not yet {index}."))),
    }
}

fn facets_shape(rest: &Rest, facets: Facets) -> Result<shape::Facets, Problem> {
    let named = |view: &dyn View| {
        let name = |(id, count): &(AccountId, u64)| {
            let name = accounts::get(view, *id)?.map(|creator| creator.display_name).unwrap_or_default();
            Ok(shape::CreatorCount { id: id.to_string(), name, count: *count })
        };
        facets.creators.iter().map(name).collect()
    };
    let price = |(range, count): (usize, u64)| shape::PriceCount {
        min: PRICE_RANGES[range],
        max: PRICE_RANGES.get(range + 1).map(|next| next - 1),
        count,
    };
    Ok(shape::Facets {
        creator: look(&*rest.shop, named)?.what,
        tag: facets.tags.into_iter().map(|(tag, count)| shape::TagCount { tag, count }).collect(),
        status: facets
            .statuses
            .into_iter()
            .map(|(status, count)| shape::StatusCount { status: asked::status_shape(status), count })
            .collect(),
        price: facets.prices.into_iter().map(price).collect(),
    })
}

impl From<Unavailable> for Problem {
    fn from(why: Unavailable) -> Self {
        match why {
            Unavailable::Rebuilding => Problem::new(&code::SEARCH_REBUILDING, "The search index is being made."),
            Unavailable::Failed => Problem::new(&code::INTERNAL, "The fault was logged."),
            Unavailable::Overloaded => {
                Problem::new(&code::OVERLOADED, "Too many searches wait already; this one was not begun.")
            }
        }
    }
}
