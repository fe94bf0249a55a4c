//! How fresh a read is, and which state a caller has already seen.

use http::HeaderMap;
use livedrop_domain::{Fault, View};
use livedrop_proto::rest::Consistency;

use super::Rest;
use super::answer::MIN_INDEX;
use super::code;
use super::problem::Problem;
use super::shop::{Seen, look};

/// Entries that a node which is well may be behind. A caller that has seen more is asked about before it is waited for.
pub const FAR: u64 = 10_000;

/// Looks at the state once it is as fresh as the caller wants it: `asked`, or `usual` when nothing was asked, and
/// not before `Livedrop-Min-Index`.
pub async fn read<T>(
    rest: &Rest,
    headers: &HeaderMap,
    asked: Option<Consistency>,
    usual: Consistency,
    what: impl FnOnce(&dyn View) -> Result<T, Fault>,
) -> Result<Seen<T>, Problem> {
    let min_index = min_index(headers)?;
    if asked.unwrap_or(usual) == Consistency::Linearizable {
        rest.shop.linearizable().await?;
    }
    if let Some(index) = min_index.filter(|index| rest.shop.applied() < *index) {
        catch_up(rest, index).await?;
    }
    Ok(look(&*rest.shop, what)?)
}

/// Looks at the state once this node has applied what it proposed itself, which was decided at `index`.
pub async fn read_back<T>(
    rest: &Rest,
    index: u64,
    what: impl FnOnce(&dyn View) -> Result<T, Fault>,
) -> Result<Seen<T>, Problem> {
    if rest.shop.applied() < index {
        catch_up(rest, index).await?;
    }
    Ok(look(&*rest.shop, what)?)
}

/// Waits for this node; if it lags too far, asks the leader how far there is to go, and waits for that.
async fn catch_up(rest: &Rest, index: u64) -> Result<(), Problem> {
    if index - rest.shop.applied().min(index) > FAR {
        must_exist(rest, index).await?;
    }
    if rest.shop.at_least(index).await.is_ok() {
        return Ok(());
    }
    must_exist(rest, index).await?;
    match rest.shop.applied() {
        applied if applied >= index => Ok(()),
        applied => Err(Problem::new(&code::BEHIND, format!("This node has applied {applied}, not yet {index}."))),
    }
}

/// Refuses an index that the log does not have: nobody can have seen it, and nobody waits for it. Where no leader can be
/// asked, it may be there.
pub async fn must_exist(rest: &Rest, index: u64) -> Result<(), Problem> {
    match rest.shop.linearizable().await {
        Ok(end) if end.max(rest.shop.applied()) < index => {
            let detail = format!("Livedrop-Min-Index is {index}, and the log ends at {end}.");
            Err(Problem::new(&code::BAD_REQUEST, detail))
        }
        _ => Ok(()),
    }
}

/// The log index that the caller has seen, if it says so.
pub fn min_index(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(header) = headers.get(MIN_INDEX) else { return Ok(None) };
    let number = header.to_str().ok().and_then(|text| text.parse().ok());
    let number = number.ok_or_else(|| Problem::new(&code::BAD_REQUEST, "Livedrop-Min-Index must be a log index."))?;
    Ok(Some(number))
}
