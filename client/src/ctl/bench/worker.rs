//! One connection that buys.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use livedrop_proto::rest::problem::code;

use super::keys::Requests;
use super::line::{Broken, Reply};
use super::pace::Pace;
use super::profile::Load;
use super::route::Route;
use super::tally::{Outcome, Shared, Tally, digest};

/// How long one key is asked about before its outcome is left unknown, for the audit to settle.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a connection needs to settle keys.
pub struct Worker {
    load: Arc<Load>,
    requests: Rc<Requests>,
    tally: Rc<RefCell<Tally>>,
    shared: Arc<Shared>,
    pub connection: usize,
    route: Route,
    /// The request under way.
    request: Vec<u8>,
}

/// What an answer means for the key that was asked about, and for the connection.
enum Meaning {
    Settled(Outcome, Next),
    /// Nothing is settled: ask again with the same key.
    Again(Option<Duration>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    LimitReached,
    /// Every further request would get this answer: sold out, or the request itself is wrong.
    Stop,
}

impl Worker {
    /// A connection that begins at its own node.
    pub fn new(
        load: &Arc<Load>,
        requests: &Rc<Requests>,
        tally: &Rc<RefCell<Tally>>,
        shared: &Arc<Shared>,
        connection: usize,
    ) -> Self {
        Worker {
            load: load.clone(),
            requests: requests.clone(),
            tally: tally.clone(),
            shared: shared.clone(),
            connection,
            route: Route::new(load, connection),
            request: Vec::new(),
        }
    }

    /// Buys until the time is over or nothing is left, and says what became of each key, in order.
    pub async fn run(mut self) -> Vec<Outcome> {
        let pace = Pace::new(self.load.rate, self.load.connections, self.connection, self.shared.start);
        let mut outcomes = Vec::new();
        let mut limits_in_a_row = 0;
        loop {
            if self.shared.is_over(pace.due(outcomes.len()).unwrap_or_else(Instant::now)) {
                return outcomes;
            }
            let began = pace.wait(outcomes.len()).await;
            if self.shared.is_over(Instant::now()) {
                self.count_overdue(pace, outcomes.len());
                return outcomes;
            }
            let (outcome, next) = self.settle(outcomes.len()).await;
            if let Outcome::Acknowledged(_) = outcome {
                self.acknowledged(began);
            }
            outcomes.push(outcome);
            limits_in_a_row = if next == Next::LimitReached { limits_in_a_row + 1 } else { 0 };
            if next == Next::Stop || limits_in_a_row >= self.load.tokens.len() {
                return outcomes;
            }
        }
    }

    fn acknowledged(&self, began: Instant) {
        let now = Instant::now();
        self.shared.acknowledge(now);
        if now >= self.shared.measure_from {
            let mut tally = self.tally.borrow_mut();
            tally.acknowledged += 1;
            tally.latencies.record(now - began);
        }
    }

    /// Whoever was due and not served when the time was over had waited at least until then.
    fn count_overdue(&self, pace: Pace, first: usize) {
        let Some(until) = self.shared.until else { return };
        let mut tally = self.tally.borrow_mut();
        for due in (first..).map_while(|sequence| pace.due(sequence)).take_while(|due| *due < until) {
            tally.overdue += 1;
            if due >= self.shared.measure_from {
                tally.latencies.record(until - due);
            }
        }
    }

    /// Asks with one key until an answer settles it.
    async fn settle(&mut self, sequence: usize) -> (Outcome, Next) {
        let began = Instant::now();
        for attempt in 0.. {
            if attempt > 0 {
                if began.elapsed() > PATIENCE || self.shared.stop.load(Ordering::Relaxed) {
                    break;
                }
                self.tally.borrow_mut().repeated += 1;
            }
            let Some((target, line)) = self.route.line(&self.load).await else { continue };
            self.requests.purchase(&mut self.request, &self.load, target, self.connection, sequence);
            self.tally.borrow_mut().sent += 1;
            let asked = match line.call(&self.request).await {
                Ok(reply) => match meaning(&reply, &self.tally) {
                    Meaning::Settled(outcome, next) => {
                        let closes = reply.closes;
                        self.route.succeed(closes);
                        return (outcome, next);
                    }
                    Meaning::Again(asked) => asked,
                },
                Err(broken) => {
                    count(&mut self.tally.borrow_mut(), broken);
                    None
                }
            };
            self.route.fail(&self.load, asked).await;
        }
        (Outcome::Unknown, Next::GoOn)
    }

    /// Settles a key whose outcome is unknown after the load has ended.
    pub async fn settle_late(&mut self, sequence: usize) -> Outcome {
        self.settle(sequence).await.0
    }
}

fn meaning(reply: &Reply<'_>, tally: &RefCell<Tally>) -> Meaning {
    if matches!(reply.status, 200 | 201) {
        let order_id = reply.location.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        return Meaning::Settled(Outcome::Acknowledged(digest(order_id)), Next::GoOn);
    }
    let code = code_of(reply.body);
    tally.borrow_mut().refused(reply.status, code);
    match (reply.status, code) {
        (429 | 502..=504, _) => Meaning::Again(reply.retry_after),
        (_, code::LIMIT_REACHED) => Meaning::Settled(Outcome::Refused, Next::LimitReached),
        _ => Meaning::Settled(Outcome::Refused, Next::Stop),
    }
}

/// The `code` of a problem document, without reading all of it.
fn code_of(body: &[u8]) -> &str {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let after = text.split_once("\"code\":").map_or("", |(_, after)| after);
    after.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"')).map_or("", |(code, _)| code)
}

fn count(tally: &mut Tally, broken: Broken) {
    match broken {
        Broken::Lost => tally.lost += 1,
        Broken::TimedOut => tally.timed_out += 1,
        Broken::Garbled => tally.garbled += 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_problem_is_found() {
        assert_eq!(code_of(br#"{"title":"Sold out","code":"sold_out","detail":""}"#), "sold_out");
        assert_eq!(code_of(br#"{"code": "limit_reached"}"#), "limit_reached");
        assert_eq!(code_of(b"<html>"), "");
        assert_eq!(code_of(b"\xff"), "");
    }
}
