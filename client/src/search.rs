//! Search over the products.

use livedrop_proto::rest::search::{FoundStatus, SearchPage, SearchProducts, SearchSort, Suggestions};

use crate::call::Call;
use crate::{Answer, Client, Error};

impl Client {
    /// One page of the products that match.
    ///
    /// Refused with `search_rebuilding` by a node that is making its index; it is asked again, at other nodes first.
    pub async fn search(&self, wanted: &SearchProducts) -> Result<Answer<SearchPage>, Error> {
        let call = Call::get("/v1/search")
            .with("q", wanted.q.as_ref())
            .with("creator_id", wanted.creator_id.as_ref())
            .with("tag", wanted.tag.as_ref())
            .with("status", wanted.status.map(status_word))
            .with("price_min", wanted.price_min)
            .with("price_max", wanted.price_max)
            .with("in_stock", wanted.in_stock)
            .with("sort", wanted.sort.map(sort_word))
            .page(wanted.limit, wanted.cursor.as_ref(), wanted.consistency);
        self.ask(call).await
    }

    /// Names of products that begin as `typed` does.
    pub async fn suggest(&self, typed: &str) -> Result<Suggestions, Error> {
        Ok(self.ask(Call::get("/v1/search/suggest").with("q", Some(typed))).await?.body)
    }
}

pub(crate) fn status_word(status: FoundStatus) -> &'static str {
    match status {
        FoundStatus::None => "none",
        FoundStatus::Upcoming => "upcoming",
        FoundStatus::Live => "live",
        FoundStatus::Paused => "paused",
        FoundStatus::SoldOut => "sold_out",
        FoundStatus::Ended => "ended",
    }
}

fn sort_word(sort: SearchSort) -> &'static str {
    match sort {
        SearchSort::Relevance => "relevance",
        SearchSort::Newest => "newest",
        SearchSort::Price => "price",
        SearchSort::PriceDescending => "-price",
        SearchSort::StartsAt => "starts_at",
    }
}
