//! What Stripe tells: a hint to look, and nothing more. What it says is asked for again before it is believed.

use axum::extract::State;
use http::{HeaderMap, HeaderName};
use livedrop_domain::payments::{self, Rejection as Refused, Stage};
use livedrop_domain::{OrderId, Rejection, Request};
use livedrop_proto::rest;
use livedrop_proto::rest::payments as shape;

use super::Rest;
use super::answer::Answer;
use super::code;
use super::context::Context;
use super::docs::Problems;
use super::problem::Problem;
use super::shop::look;
use crate::payments::gateway::State as Standing;
use crate::payments::{StripeDoor, steps};

const SIGNATURE: HeaderName = HeaderName::from_static("stripe-signature");

/// Takes a signed event of Stripe's. Events about payments of this shop make it look at the payment; it answers when
/// it has, so that one that could not be seen to is sent again.
#[utoipa::path(post, path = "/v1/webhooks/stripe", tag = "webhooks", request_body = String, responses(
    (status = 200, description = "It was seen to.", body = shape::WebhookTaken),
    (status = 400, description = "`bad_signature`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 503, description = "`no_quorum`, `gateway_unavailable`: send it again.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn take(State(rest): State<Rest>, headers: HeaderMap, context: Context) -> Result<Answer, Problem> {
    let Some(stripe) = &rest.stripe else { return Err(Problem::not_found("webhook: Stripe is not the gateway here")) };
    let signature = headers.get(SIGNATURE).and_then(|header| header.to_str().ok()).unwrap_or_default();
    let told = stripe.verify(signature, &context.body, rest.now()).map_err(|why| {
        tracing::warn!(%why, "a webhook was refused");
        Problem::new(&code::BAD_SIGNATURE, format!("The event is refused: {why}."))
    })?;
    let looked = match told.and_then(|told| told.order_id) {
        Some(order_id) => look_at(&rest, stripe, &context, order_id).await?,
        None => false,
    };
    Ok(Answer::ok(&shape::WebhookTaken { looked }))
}

/// Asks the gateway how a payment stands and tells the log. `false` when it is not one of this shop's, or is not known
/// to the gateway yet.
async fn look_at(rest: &Rest, stripe: &StripeDoor, context: &Context, order_id: OrderId) -> Result<bool, Problem> {
    rest.shop.linearizable().await?;
    let payment = look(&*rest.shop, |view| payments::get(view, order_id))?.what;
    let Some(payment) = payment.filter(|payment| payment.gateway == payments::Gateway::Stripe) else {
        return Ok(false);
    };
    let Some(intent_id) = payment.intent_id.as_deref() else { return Ok(false) };
    if matches!(payment.stage, Stage::Charged | Stage::Closed) {
        // It has ended; what is to go back is the desk's to ask about.
        return Ok(true);
    }
    let intent = stripe.gateway.retrieve(intent_id, &steps::charge(&payment)).await.map_err(|trouble| {
        tracing::warn!(%trouble, %order_id, "a webhook came, and the gateway does not say what of");
        Problem::new(&code::GATEWAY_UNAVAILABLE, "The payment could not be looked at; send the event again.")
    })?;
    if matches!(intent.state, Standing::NotConfirmed | Standing::Processing) {
        return Ok(true);
    }
    let command = steps::report(&payment, steps::outcome(intent.state)).into();
    let request_id = context.request_id.as_str().to_owned();
    match rest.shop.propose(Request { request_id, idempotency: None, command, by: None }).await?.answer {
        // Somebody else has told the log meanwhile.
        Ok(_) | Err(Rejection::Payments(Refused::Stale { .. })) => Ok(true),
        Err(rejection) => Err(rejection.into()),
    }
}
