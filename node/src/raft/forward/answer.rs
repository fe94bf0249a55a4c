//! Outcomes of batches as they cross the wire, and the traces that their requests belong to.

use livedrop_domain::{Outcome, codec};
use livedrop_proto::forward as pb;

use super::{ForwardOutcome, Refusal};
use crate::telemetry::Place;

/// An answer that does not say what became of the batch leaves it unknown.
pub(super) fn from_pb(answer: pb::Answer, requests: usize) -> ForwardOutcome {
    match answer.result {
        Some(pb::answer::Result::Answered(answered)) => {
            let outcomes = answered.outcomes.iter().map(|bytes| codec::decode(bytes, "an outcome"));
            match outcomes.collect::<Result<Vec<Outcome>, _>>() {
                Ok(outcomes) if outcomes.len() == requests => ForwardOutcome::Answered(outcomes),
                Ok(outcomes) => {
                    tracing::error!(
                        requests,
                        outcomes = outcomes.len(),
                        "the leader answered another number of requests"
                    );
                    ForwardOutcome::Unknown
                }
                Err(error) => {
                    tracing::error!(%error, "the leader's answer cannot be read");
                    ForwardOutcome::Unknown
                }
            }
        }
        Some(pb::answer::Result::Refused(refused)) => ForwardOutcome::Refused(refusal_from_pb(refused)),
        Some(pb::answer::Result::Unknown(_)) | None => ForwardOutcome::Unknown,
    }
}

pub(super) fn to_pb(sequence: u64, outcome: ForwardOutcome) -> pb::Answer {
    let result = match outcome {
        ForwardOutcome::Answered(outcomes) => pb::answer::Result::Answered(pb::Answered {
            outcomes: outcomes.iter().map(|outcome| codec::encode(outcome).into()).collect(),
        }),
        ForwardOutcome::Refused(refusal) => pb::answer::Result::Refused(refusal_to_pb(refusal)),
        ForwardOutcome::Unknown => pb::answer::Result::Unknown(pb::Unknown {}),
    };
    pb::Answer { sequence, result: Some(result) }
}

fn refusal_to_pb(refusal: Refusal) -> pb::Refused {
    use pb::refused::Reason;
    let (reason, leader) = match refusal {
        Refusal::NotLeader { leader } => (Reason::NotLeader, leader.unwrap_or(0)),
        Refusal::NoQuorum => (Reason::NoQuorum, 0),
        Refusal::Overloaded => (Reason::Overloaded, 0),
        Refusal::Expired => (Reason::Expired, 0),
        Refusal::Stopping => (Reason::Stopping, 0),
        Refusal::TooLarge => (Reason::TooLarge, 0),
        // The one hop is taken: to the caller, whoever this node cannot reach is not its concern.
        Refusal::Unreachable => (Reason::NotLeader, 0),
    };
    pb::Refused { reason: reason.into(), leader }
}

/// A reason that this version does not know is a refusal all the same, but says nothing more.
fn refusal_from_pb(refused: pb::Refused) -> Refusal {
    use pb::refused::Reason;
    match refused.reason() {
        Reason::NotLeader => Refusal::NotLeader { leader: (refused.leader != 0).then_some(refused.leader) },
        Reason::NoQuorum => Refusal::NoQuorum,
        Reason::Overloaded => Refusal::Overloaded,
        Reason::Expired => Refusal::Expired,
        Reason::Stopping => Refusal::Stopping,
        Reason::TooLarge => Refusal::TooLarge,
        Reason::Unspecified => Refusal::NotLeader { leader: None },
    }
}

pub(super) fn traced_to_pb((request, place): (usize, Place)) -> pb::Traced {
    let trace_id = place.trace.to_be_bytes().to_vec().into();
    pb::Traced { request: request as u32, trace_id, span_id: place.span }
}

/// A trace that cannot be read is nobody's loss but the trace's.
pub(super) fn traced_from_pb(traced: pb::Traced) -> Option<(usize, Place)> {
    let trace = u128::from_be_bytes(traced.trace_id[..].try_into().ok()?);
    let known = trace != 0 && traced.span_id != 0;
    known.then_some((traced.request as usize, Place { trace, span: traced.span_id, parent: 0 }))
}
