//! Waiting for an order to change.

use std::time::Duration;

use livedrop_domain::orders::Order;
use livedrop_domain::payments::Payment;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::super::Rest;
use super::super::problem::Problem;
use super::super::shop::look;

/// The longest wait, in seconds.
const SECONDS_MAX: u64 = 30;
/// On a busy node the state changes a thousand times a second; nobody needs to look that often.
const PAUSE: Duration = Duration::from_millis(20);

/// An order and its payment.
type Whole = (Order, Option<Payment>);

/// How long the caller waits: `10s`. Rejects anything else.
pub fn patience(given: Option<&str>) -> Result<Option<Duration>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let digits = given.strip_suffix('s').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|digits| digits.parse().ok()).filter(|seconds| *seconds <= SECONDS_MAX) {
        Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
        None => Err(Problem::field("wait", format!("must be seconds, as in 10s, at most {SECONDS_MAX}s"))),
    }
}

/// The order and its payment after the next change of either, or as they are when the patience ends, and the log index
/// that this reflects.
pub async fn next_change(rest: &Rest, known: Whole, index: u64, patience: Duration) -> Result<(Whole, u64), Problem> {
    let versions = |(order, payment): &Whole| (order.version, payment.as_ref().map(|payment| payment.version));
    let (deadline, mut reflected, id) = (Instant::now() + patience, index, known.0.id);
    while Instant::now() < deadline {
        let pause = sleep_until((Instant::now() + PAUSE).min(deadline));
        // Nothing can have changed before this node has applied another entry.
        let _late = timeout_at(deadline, rest.shop.at_least(reflected + 1)).await;
        pause.await;
        let seen = look(&*rest.shop, |view| super::whole(view, id))?;
        reflected = seen.index;
        if let Some(now) = seen.what.filter(|now| versions(now) != versions(&known)) {
            return Ok((now, reflected));
        }
    }
    Ok((known, reflected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_given_in_seconds_and_has_an_end() {
        assert_eq!(patience(None).ok(), Some(None));
        assert_eq!(patience(Some("10s")).ok(), Some(Some(Duration::from_secs(10))));
        for wrong in ["", "s", "10", "10m", "-1s", "+1s", "31s", "99999999999999999999s"] {
            assert!(patience(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
