//! What caches may keep: answers that are the same for everybody, named by an ETag and by tags to purge them with.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use livedrop_domain::AccountId;
use livedrop_proto::rest::{Consistency, MIN_INDEX_HEADER};

use super::answer::Answer;
use super::code;
use super::problem::Problem;

const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// What changes with each edit only: a cache in front of the node may answer for a minute.
pub const PAGES: &str = "public, max-age=0, s-maxage=60, stale-while-revalidate=30, stale-if-error=300";
/// What a caller wants as it is at this moment.
pub const FRESH: &str = "no-store";
/// What changes with each purchase; and lists, since nobody tells a cache when something new belongs to one.
pub const STOCK: &str = "public, max-age=0, s-maxage=1, stale-while-revalidate=1";

/// The ETag of something at a version: the log index of its last change.
pub fn etag(version: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("digits are visible ASCII")
}

/// The ETag of something at a version that has parts which change without it, told apart by a digest of them. It is
/// weak, since the time of the answer is in its body.
pub fn weak_etag(version: u64, parts: &[u8]) -> HeaderValue {
    let digest = blake3::hash(parts).to_hex();
    HeaderValue::try_from(format!("W/\"{version}-{}\"", &digest[..16])).expect("digits are visible ASCII")
}

/// Lets caches keep an answer, or says that what the caller has is still good.
pub fn cacheable(
    headers: &HeaderMap,
    etag: HeaderValue,
    policy: &'static str,
    tags: &[String],
    answer: impl FnOnce() -> Answer,
) -> Answer {
    let fresh = headers.get_all(header::IF_NONE_MATCH).iter().any(|given| names(given, &etag));
    let answer = if fresh { Answer::from(not_modified()) } else { answer() };
    kept(answer.with(header::ETAG, etag), policy, tags)
}

/// Lets caches keep a list for a moment, unless the caller wants it as it is now. `what` are the things that are listed,
/// and `whose` they are when all are of one creator.
pub fn listed(answer: Answer, asked: Option<Consistency>, what: &str, whose: Option<AccountId>) -> Answer {
    if asked == Some(Consistency::Linearizable) {
        return answer;
    }
    let whose = whose.map(|creator| format!("creator-{creator}"));
    kept(answer, STOCK, &[Some(what.to_owned()), whose].into_iter().flatten().collect::<Vec<_>>())
}

/// A caller that names an index which it has seen must not be given what a cache has seen.
fn kept(answer: Answer, policy: &'static str, tags: &[String]) -> Answer {
    answer
        .with(header::CACHE_CONTROL, HeaderValue::from_static(policy))
        .with(header::VARY, HeaderValue::from_static(MIN_INDEX_HEADER))
        .with_text(CACHE_TAG, tags.join(","))
        .with_text(SURROGATE_KEY, tags.join(" "))
}

fn not_modified() -> Response {
    let mut response = Body::empty().into_response();
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// Whether a list of ETags has this one in it, weak or not (RFC 9110, section 8.8.3.2).
fn names(list: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(list), Ok(etag)) = (list.to_str(), etag.to_str()) else { return false };
    let plain = |etag: &str| etag.trim().trim_start_matches("W/").to_owned();
    list.trim() == "*" || list.split(',').any(|one| plain(one) == plain(etag))
}

/// What a caller says that it saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// `*`: whatever is there.
    Any,
    Version(u64),
}

/// The precondition of a change. Rejects: an ETag that is none of ours, so that nothing can match it.
pub fn if_match(headers: &HeaderMap) -> Result<Option<Precondition>, Problem> {
    let Some(given) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let version = given.to_str().ok().map(str::trim).and_then(|text| {
        let inner = text.trim_start_matches("W/").strip_prefix('"')?.strip_suffix('"')?;
        inner.split('-').next()?.parse().ok()
    });
    match version {
        _ if given == "*" => Ok(Some(Precondition::Any)),
        Some(version) => Ok(Some(Precondition::Version(version))),
        None => Err(Problem::new(&code::CHANGED_SINCE, "If-Match has no ETag that this could have.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn an_etag_is_found_in_a_list_weak_or_not() {
        let etag = weak_etag(7, b"parts");
        let text = etag.to_str().expect("it is ASCII").to_owned();
        for (list, found) in [
            (format!("\"1\", {text}"), true),
            (text[2..].to_owned(), true),
            ("*".into(), true),
            ("\"7\"".into(), false),
        ] {
            let list = HeaderValue::try_from(list).expect("it is ASCII");
            assert_eq!(names(&list, &etag), found, "{list:?}");
        }
        assert_ne!(weak_etag(7, b"others"), etag);
    }

    #[test]
    fn a_precondition_is_read_back_from_either_etag() {
        let read = |value| if_match(&headers(header::IF_MATCH, value)).ok().flatten();
        assert_eq!(read("\"7\""), Some(Precondition::Version(7)));
        assert_eq!(read("W/\"7-0123456789abcdef\""), Some(Precondition::Version(7)));
        assert_eq!(read("*"), Some(Precondition::Any));
        assert!(if_match(&headers(header::IF_MATCH, "seven")).is_err());
        assert!(if_match(&HeaderMap::new()).is_ok_and(|none| none.is_none()));
    }
}
