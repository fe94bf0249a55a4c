//! What a search asks for, read from its parameters, and where its pages go on.

use livedrop_proto::rest::search::{FoundStatus, SearchProducts, SearchSort};

use crate::rest::code;
use crate::rest::page;
use crate::rest::problem::Problem;
use crate::search::{Filters, Place, Sort, Status};

/// A search as it was asked.
pub struct Read {
    pub text: String,
    pub filters: Filters,
    pub sort: Sort,
    /// Tells this search from others: a cursor leads on in its own only.
    fingerprint: [u8; 8],
}

/// Where a page of a search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPlace {
    pub place: Place,
    /// Words could have letters wrong.
    pub forgiving: bool,
    fingerprint: [u8; 8],
}

impl Read {
    pub fn new(asked: &SearchProducts, after: Option<&SearchPlace>) -> Result<Self, Problem> {
        let creator = asked.creator_id.as_deref().map(str::parse);
        let creator = creator.transpose().map_err(|_| Problem::field("creator_id", "must be an account's id"))?;
        if let (Some(min), Some(max)) = (asked.price_min, asked.price_max)
            && max < min
        {
            return Err(Problem::field("price_max", "must not be less than price_min"));
        }
        let filters = Filters {
            creator,
            tag: asked.tag.clone(),
            status: asked.status.map(status),
            price_min: asked.price_min,
            price_max: asked.price_max,
            in_stock: asked.in_stock,
        };
        let sort = sort(asked.sort.unwrap_or_default());
        let text = asked.q.clone().unwrap_or_default();
        let digest = blake3::hash(format!("{text:?} {filters:?} {sort:?}").as_bytes());
        let fingerprint = *digest.as_bytes().first_chunk().expect("a digest has 32 bytes");
        if after.is_some_and(|after| after.fingerprint != fingerprint) {
            return Err(Problem::new(&code::BAD_REQUEST, "The cursor is of another search."));
        }
        Ok(Read { text, filters, sort, fingerprint })
    }

    pub fn place(&self, place: Place, forgiving: bool) -> SearchPlace {
        SearchPlace { place, forgiving, fingerprint: self.fingerprint }
    }
}

impl page::Place for SearchPlace {
    const KIND: u8 = b's';

    fn to_bytes(&self) -> Vec<u8> {
        let Place { rank, age } = self.place;
        [&self.fingerprint[..], &[u8::from(self.forgiving)], &rank.to_be_bytes(), &age.to_be_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (fingerprint, rest) = bytes.split_first_chunk()?;
        let (forgiving, rest) = rest.split_first()?;
        let (rank, age) = rest.split_first_chunk()?;
        let place = Place { rank: u64::from_be_bytes(*rank), age: u128::from_be_bytes(age.try_into().ok()?) };
        Some(SearchPlace { place, forgiving: *forgiving == 1, fingerprint: *fingerprint })
    }
}

fn sort(sort: SearchSort) -> Sort {
    match sort {
        SearchSort::Relevance => Sort::Relevance,
        SearchSort::Newest => Sort::Newest,
        SearchSort::Price => Sort::Cheapest,
        SearchSort::PriceDescending => Sort::Dearest,
        SearchSort::StartsAt => Sort::Soonest,
    }
}

fn status(status: FoundStatus) -> Status {
    match status {
        FoundStatus::None => Status::None,
        FoundStatus::Upcoming => Status::Upcoming,
        FoundStatus::Live => Status::Live,
        FoundStatus::Paused => Status::Paused,
        FoundStatus::SoldOut => Status::SoldOut,
        FoundStatus::Ended => Status::Ended,
    }
}

pub fn status_shape(status: Status) -> FoundStatus {
    match status {
        Status::None => FoundStatus::None,
        Status::Upcoming => FoundStatus::Upcoming,
        Status::Live => FoundStatus::Live,
        Status::Paused => FoundStatus::Paused,
        Status::SoldOut => FoundStatus::SoldOut,
        Status::Ended => FoundStatus::Ended,
    }
}

#[cfg(test)]
mod tests {
    use super::page::Place as _;
    use super::*;

    #[test]
    fn a_place_survives_its_cursor_and_belongs_to_one_search() {
        let asked = SearchProducts { q: Some("poster".into()), ..SearchProducts::default() };
        let read = Read::new(&asked, None).unwrap_or_else(|_| panic!("it is well-formed"));
        let place = read.place(Place { rank: 7, age: 1 << 100 }, true);
        assert_eq!(SearchPlace::from_bytes(&place.to_bytes()), Some(place.clone()));
        assert!(Read::new(&asked, Some(&place)).is_ok());
        let other = SearchProducts { q: Some("posters".into()), ..asked };
        assert!(Read::new(&other, Some(&place)).is_err());
        assert_eq!(SearchPlace::from_bytes(&place.to_bytes()[1..]), None);
    }
}
