//! What the way of a batch was like: counted for every batch, and told of those of its requests that failed, were slow or
//! are traced. It is told when the way is over, of times that the batch has anyhow; what goes well costs nothing.
//!
//! ```text
//!  POST /v1/orders ─► propose ─► forward ══► lead ─► entry ─► replicate
//!                     (its node)             (leader)   └───► apply
//! ```
//!
//! Requests of many traces may share one entry: it is a part of the first one's trace, and linked with the others.

use std::time::Duration;

use livedrop_domain::{Outcome, name_of};
use metrics::{Counter, Histogram};
use tokio::time::Instant;

use super::{AnswerTo, Item};
use crate::clock;
use crate::raft::{Consensus, Refusal};
use crate::telemetry::{Kind, Name, Place, Span, Telemetry};

/// Lines of the log that one batch may cause.
const LINES_MAX: usize = 16;

pub struct Teller {
    consensus: Consensus,
    telemetry: Telemetry,
    commands: Counter,
    wait: Histogram,
    /// From leaving to the outcomes: proposed here, and forwarded.
    took: [Histogram; 2],
}

/// One batch on its way, from when it left the queue.
pub struct Trip {
    left: Instant,
    /// When the newest try began, and to which node; none is this one.
    began: Instant,
    to: Option<u64>,
    /// Commands of the batch.
    commands: usize,
    /// The spans on this node that wait for the leader, of what is traced, in order.
    forwarded: Vec<Place>,
    lines: usize,
}

/// How a batch ended without outcomes.
pub enum Ending {
    Refused(Refusal),
    Unknown,
}

impl Teller {
    pub fn new(consensus: Consensus, telemetry: Telemetry) -> Self {
        metrics::describe_counter!(
            "livedrop_propose_commands_total",
            "Commands that left this node's queue in a batch."
        );
        metrics::describe_histogram!(
            "livedrop_propose_wait_seconds",
            "How long the first command of a batch waited for the batch to leave: contention for the log."
        );
        metrics::describe_histogram!(
            "livedrop_propose_duration_seconds",
            "From a batch leaving to its outcomes, by whether it was proposed here or forwarded to the leader."
        );
        let took = |road: &'static str| metrics::histogram!("livedrop_propose_duration_seconds", "road" => road);
        Teller {
            consensus,
            telemetry,
            commands: metrics::counter!("livedrop_propose_commands_total"),
            wait: metrics::histogram!("livedrop_propose_wait_seconds"),
            took: [took("here"), took("forwarded")],
        }
    }

    /// A batch leaves.
    pub fn begin(&self, items: &[Item]) -> Trip {
        let left = Instant::now();
        let commands = items.iter().map(|item| item.requests.len()).sum();
        self.commands.increment(commands as u64);
        if let Some(first) = items.first() {
            self.wait.record(left.saturating_duration_since(first.came).as_secs_f64());
        }
        Trip { left, began: left, to: None, commands, forwarded: Vec::new(), lines: 0 }
    }

    /// The leader has answered a forwarded batch, or will not.
    pub fn forwarded(&self, items: &[Item], trip: &mut Trip) {
        let places = std::mem::take(&mut trip.forwarded);
        let traced = items.iter().flat_map(|item| item.traced.iter().map(move |(at, _)| &item.requests[*at]));
        for (place, request) in places.into_iter().zip(traced) {
            let span = self.span(request, "forward", trip.began).of_kind(Kind::Client).at(Some(place));
            self.telemetry.note(span.with("leader", trip.to.unwrap_or_default()).with("commands", trip.commands));
        }
    }

    /// A batch has its outcomes: as many as its items have requests, in order.
    pub fn answered(&self, items: &[Item], outcomes: &[Outcome], trip: &mut Trip) {
        self.took[usize::from(trip.to.is_some())].record(trip.left.elapsed().as_secs_f64());
        let entry = self.entry(items, outcomes, trip);
        let (mut outcomes, now) = (outcomes.iter(), Instant::now());
        for item in items {
            let slow = self.telemetry.is_slow(now.saturating_duration_since(item.came));
            for (at, request) in item.requests.iter().enumerate() {
                let Some(outcome) = outcomes.next() else { return };
                let place = item.place(at);
                let refused = outcome.answer.as_ref().err();
                let worth = slow || place.is_some() || refused.is_some() && self.telemetry.has_room_for_refusal();
                if !worth {
                    continue;
                }
                let links = entry.filter(|entry| place.is_some_and(|place| place.trace != entry.trace));
                let mut span = self.of_item(item, request, trip).at(place).linked(links.into_iter().collect());
                span = span.with("log_index", outcome.index).failed(slow);
                if let Some(rejection) = refused {
                    span = span.with("rejection", format!("{rejection:?}"));
                }
                if slow {
                    self.say_slow(item, span.request.as_str(), place, outcome.index, trip);
                }
                self.telemetry.note(span);
            }
        }
    }

    /// An item ends without outcomes.
    pub fn ended(&self, item: &Item, ending: &Ending, trip: &mut Trip) {
        let why = match ending {
            Ending::Refused(refusal) => refusal.to_string(),
            Ending::Unknown => "it is not known whether it was or will be applied".to_owned(),
        };
        for (at, request) in item.requests.iter().enumerate() {
            let place = item.place(at);
            let span = self.of_item(item, request, trip).at(place).failed(true).with("why", &why);
            if let AnswerTo::Node(from, _) = item.to
                && trip.may_say()
            {
                let (request_id, trace_id) = (span.request.as_str(), trace_id(place));
                tracing::warn!(request_id, trace_id, from, why, "a forwarded command was not done here");
            }
            self.telemetry.note(span);
        }
    }

    /// The log entry that requests share, when one of them is traced and it was proposed here.
    fn entry(&self, items: &[Item], outcomes: &[Outcome], trip: &Trip) -> Option<Place> {
        let mut traced = items.iter().flat_map(|item| item.traced.iter().map(move |traced| (item, traced)));
        let (item, (at, within)) = traced.next().filter(|_| trip.to.is_none())?;
        let request = item.requests.get(*at)?;
        // A request that was decided before has the index of then.
        let index = outcomes.iter().map(|outcome| outcome.index).max()?;
        let place = within.inside();
        let links = traced.map(|(_, (_, other))| *other).collect();
        let span = self.span(request, "entry", trip.began).at(Some(place)).linked(links);
        self.telemetry.note(span.with("log_index", index).with("commands", trip.commands));
        if let Some(applying) = self.consensus.when_applied(index) {
            let began = clock::epoch_of(applying.began);
            let proposed = clock::epoch_of(trip.began.into_std());
            let name = Name::of(name_of(request).unwrap_or_default());
            let replicate = Span::new(name, "replicate", proposed, began.saturating_sub(proposed));
            self.telemetry.note(replicate.at(Some(place.inside())));
            self.telemetry.note(Span::new(name, "apply", began, applying.took).at(Some(place.inside())));
        }
        Some(place)
    }

    /// The time of a request from when it came to this node's queue until now.
    fn of_item(&self, item: &Item, request: &[u8], trip: &Trip) -> Span {
        let queued = trip.left.saturating_duration_since(item.came);
        let span = match item.to {
            AnswerTo::Caller(_) => self.span(request, "propose", item.came),
            AnswerTo::Node(from, _) => self.span(request, "lead", item.came).of_kind(Kind::Server).with("from", from),
        };
        let span = span.with("queued_ms", millis(queued)).with("commands", trip.commands);
        match trip.to {
            Some(leader) => span.with("leader", leader),
            None => span,
        }
    }

    fn span(&self, request: &[u8], name: &'static str, began: Instant) -> Span {
        let began = began.into_std();
        Span::new(Name::of(name_of(request).unwrap_or_default()), name, clock::epoch_of(began), began.elapsed())
    }

    /// Where the time of a slow request went on this node.
    fn say_slow(&self, item: &Item, request_id: &str, place: Option<Place>, index: u64, trip: &mut Trip) {
        if !trip.may_say() {
            return;
        }
        let applying = self.consensus.when_applied(index).filter(|_| trip.to.is_none());
        let from = match item.to {
            AnswerTo::Caller(_) => None,
            AnswerTo::Node(from, _) => Some(from),
        };
        tracing::warn!(
            request_id,
            trace_id = trace_id(place),
            from,
            leader = trip.to,
            log_index = index,
            ms = item.came.elapsed().as_secs_f64() * 1e3,
            queued_ms = trip.left.saturating_duration_since(item.came).as_secs_f64() * 1e3,
            // Looking for a leader, and tries that came to nothing.
            searched_ms = trip.began.saturating_duration_since(trip.left).as_secs_f64() * 1e3,
            decided_ms = trip.began.elapsed().as_secs_f64() * 1e3,
            applied_ms = applying.map(|applying| applying.took.as_secs_f64() * 1e3),
            "a command was slow"
        );
    }
}

impl Item {
    /// The span of one of its requests, if that is traced.
    fn place(&self, at: usize) -> Option<Place> {
        self.traced.iter().find(|(traced, _)| *traced == at).map(|(_, place)| *place)
    }
}

impl Trip {
    /// A try at this node begins.
    pub fn begins_here(&mut self) {
        (self.began, self.to) = (Instant::now(), None);
    }

    /// A try at another node begins; gives the spans that wait for it, by the place of their request in the batch.
    pub fn begins_to(&mut self, leader: u64, items: &[Item]) -> Vec<(usize, Place)> {
        (self.began, self.to) = (Instant::now(), Some(leader));
        let (mut before, mut traced) = (0, Vec::new());
        for item in items {
            traced.extend(item.traced.iter().map(|(at, place)| (before + at, place.inside())));
            before += item.requests.len();
        }
        self.forwarded = traced.iter().map(|(_, place)| *place).collect();
        traced
    }

    /// Whether there is room for one more line about this batch.
    fn may_say(&mut self) -> bool {
        self.lines += 1;
        self.lines <= LINES_MAX
    }
}

fn millis(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1e3)
}

fn trace_id(place: Option<Place>) -> Option<String> {
    place.map(|place| format!("{:032x}", place.trace))
}
