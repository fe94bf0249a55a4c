//! Deciding a command under an idempotency key.

use http::HeaderValue;
use livedrop_domain::{Command, Idempotency, Reply, Request};

use super::super::Rest;
use super::super::answer::REPLAYED;
use super::super::context::Context;
use super::super::problem::Problem;

/// What a keyed command came to.
pub struct Decided {
    pub reply: Reply,
    /// The log index that decided it.
    pub index: u64,
    /// Whether the state machine had decided the key before.
    pub replayed: bool,
}

/// Has a command decided once, however often it is sent with its key.
pub async fn decide(
    rest: &Rest,
    context: &Context,
    idempotency: Idempotency,
    command: impl Into<Command>,
) -> Result<Decided, Problem> {
    let request_id = context.request_id.as_str().to_owned();
    let request = Request { request_id, idempotency: Some(idempotency), command: command.into(), by: None };
    let outcome = rest.shop.propose_traced(request, context.request_id.traced).await?;
    match outcome.answer {
        Ok(reply) => Ok(Decided { reply, index: outcome.index, replayed: outcome.replayed }),
        Err(rejection) => {
            let problem = Problem::from(rejection).at(outcome.index);
            Err(match outcome.replayed {
                true => problem.with(REPLAYED, HeaderValue::from_static("true")),
                false => problem,
            })
        }
    }
}
