//! Lists, in pages. A cursor says after which entry the next page begins, so that pages stay where they are while
//! entries are added, and the last page costs what the first one costs.

use axum::extract::{FromRequestParts, OriginalUri};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::request::Parts;
use http::{HeaderMap, Uri, header};
use livedrop_domain::{Fault, View};
use livedrop_proto::rest::list::{LIMIT_DEFAULT, LIMIT_MAX, Page};
use livedrop_proto::rest::{Consistency, List};
use serde::Serialize;

use super::answer::Answer;
use super::body::Params;
use super::problem::Problem;
use super::shop::Seen;
use super::{Rest, code, freshness};

/// The place of an entry in its list.
pub trait Place: Sized {
    /// Which lists it is a place in: a cursor of another list is refused.
    const KIND: u8;

    fn to_bytes(&self) -> Vec<u8>;

    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

macro_rules! place_of_id {
    ($($id:ty = $kind:literal),+ $(,)?) => {
        $(impl Place for $id {
            const KIND: u8 = $kind;

            fn to_bytes(&self) -> Vec<u8> {
                self.bytes().to_vec()
            }

            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self::from_bytes)
            }
        })+
    };
}

place_of_id!(
    livedrop_domain::ProductId = b'p',
    livedrop_domain::DropId = b'd',
    livedrop_domain::OrderId = b'o',
    livedrop_domain::AccountId = b'u',
);

impl Place for livedrop_domain::orders::Position {
    const KIND: u8 = b'i';

    fn to_bytes(&self) -> Vec<u8> {
        [&self.0.to_be_bytes()[..], &self.1.to_be_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (index, ordinal) = bytes.split_first_chunk()?;
        Some((u64::from_be_bytes(*index), u32::from_be_bytes(ordinal.try_into().ok()?)))
    }
}

/// A record of the audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordNumber(pub u64);

impl Place for RecordNumber {
    const KIND: u8 = b'a';

    fn to_bytes(&self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| RecordNumber(u64::from_be_bytes(bytes)))
    }
}

/// Which page is wanted.
pub struct Wanted<P> {
    pub limit: usize,
    pub after: Option<P>,
}

impl<P: Place> Wanted<P> {
    pub fn new(limit: Option<u32>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::field("limit", format!("must be 1 to {LIMIT_MAX}")));
        }
        let after = cursor.map(|cursor| {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
            let (kind, place) = bytes.split_first()?;
            P::from_bytes(place).filter(|_| *kind == P::KIND)
        });
        match after {
            Some(None) => Err(Problem::new(&code::BAD_REQUEST, "The cursor is not one of this list.")),
            after => Ok(Wanted { limit: limit as usize, after: after.flatten() }),
        }
    }

    /// How many entries to look for: one more than are shown says whether there are more.
    pub fn look_for(&self) -> usize {
        self.limit + 1
    }

    /// The page, made of as many entries as were found, with their places.
    pub fn answer<T: Serialize>(&self, uri: &Uri, mut found: Vec<(P, T)>) -> Answer {
        let has_more = found.len() > self.limit;
        found.truncate(self.limit);
        let next = found.last().filter(|_| has_more).map(|(place, _)| place.to_bytes());
        page(uri, found.into_iter().map(|(_, item)| item).collect(), next.map(|place| (P::KIND, place)))
    }

    /// The cursor of a page that begins after `place`.
    pub fn cursor_at(&self, place: &P) -> String {
        cursor(P::KIND, &place.to_bytes())
    }

    /// A page that was put together elsewhere; `next` is the last place that was looked at, if there are more.
    pub fn answer_until<T: Serialize>(&self, uri: &Uri, items: Vec<T>, next: Option<P>) -> Answer {
        page(uri, items, next.map(|place| (P::KIND, place.to_bytes())))
    }
}

/// A list that is asked for by nothing but its page, as this node has it unless the caller wants it fresher.
pub struct Paged<P> {
    pub wanted: Wanted<P>,
    pub headers: HeaderMap,
    consistency: Option<Consistency>,
    uri: Uri,
}

impl<P: Place, S: Send + Sync> FromRequestParts<S> for Paged<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Params(Page { limit, cursor, consistency }) = Params::from_request_parts(parts, state).await?;
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, state).await;
        let wanted = Wanted::new(limit, cursor.as_deref())?;
        Ok(Paged { wanted, headers: parts.headers.clone(), consistency, uri })
    }
}

impl<P: Place> Paged<P> {
    /// Looks at the state as it is here, unless the caller wants it fresher.
    pub async fn read<T>(
        &self,
        rest: &Rest,
        what: impl FnOnce(&dyn View) -> Result<T, Fault>,
    ) -> Result<Seen<T>, Problem> {
        freshness::read(rest, &self.headers, self.consistency, Consistency::Local, what).await
    }

    /// The page, made of as many entries as were found, with their places.
    pub fn answer<T: Serialize>(&self, found: Vec<(P, T)>) -> Answer {
        self.wanted.answer(&self.uri, found)
    }

    /// A page that was put together elsewhere; `next` is the last place that was looked at, if there are more.
    pub fn answer_until<T: Serialize>(&self, items: Vec<T>, next: Option<P>) -> Answer {
        self.wanted.answer_until(&self.uri, items, next)
    }
}

fn page<T: Serialize>(uri: &Uri, items: Vec<T>, next: Option<(u8, Vec<u8>)>) -> Answer {
    let next_cursor = next.map(|(kind, place)| cursor(kind, &place));
    let link = next_cursor.as_deref().map(|cursor| next_link(uri, cursor));
    let answer = Answer::ok(&List { items, has_more: next_cursor.is_some(), next_cursor });
    match link {
        Some(link) => answer.with_text(header::LINK, link),
        None => answer,
    }
}

fn cursor(kind: u8, place: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode([&[kind][..], place].concat())
}

/// The address of this page with another cursor.
pub fn next_link(uri: &Uri, cursor: &str) -> String {
    let others = uri.query().unwrap_or_default().split('&');
    let others = others.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let mut link = format!("<{}?", uri.path());
    for pair in others {
        link.push_str(pair);
        link.push('&');
    }
    format!("{link}cursor={cursor}>; rel=\"next\"")
}

#[cfg(test)]
mod tests {
    use livedrop_domain::orders::Position;
    use livedrop_domain::{DropId, OrderId};

    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_and_to_no_other_list() {
        let place = OrderId::from_u128(7 << 90);
        let cursor = BASE64_URL_SAFE_NO_PAD.encode([&[OrderId::KIND][..], &place.to_bytes()].concat());
        let wanted = Wanted::<OrderId>::new(None, Some(&cursor));
        assert!(wanted.is_ok_and(|wanted| (wanted.limit, wanted.after) == (20, Some(place))));
        assert!(Wanted::<DropId>::new(None, Some(&cursor)).is_err());
        assert!(Wanted::<Position>::new(None, Some("!!")).is_err());
    }

    #[test]
    fn a_limit_is_one_to_a_hundred() {
        for (limit, good) in [(0, false), (1, true), (100, true), (101, false)] {
            assert_eq!(Wanted::<OrderId>::new(Some(limit), None).is_ok(), good, "{limit}");
        }
    }

    #[test]
    fn the_next_page_is_asked_for_as_this_one_was() {
        let uri = Uri::from_static("/v1/drops?status=live&cursor=old&limit=2");
        assert_eq!(next_link(&uri, "new"), "</v1/drops?status=live&limit=2&cursor=new>; rel=\"next\"");
        assert_eq!(next_link(&Uri::from_static("/v1/drops"), "new"), "</v1/drops?cursor=new>; rel=\"next\"");
    }
}
