//! Taking one node out of the balancers' rounds while it runs on, as before work on its machine.

use axum::extract::State;

use super::super::Rest;
use super::super::answer::Answer;
use super::super::docs::Problems;
use super::super::identity::Operator;

/// Has the node that answers say at `/readyz` that it is not ready, and hand leadership over. It goes on answering
/// whoever asks it. A restart ends it, too.
#[utoipa::path(put, path = "/v1/admin/drain", tag = "operations", security(("bearer" = [])), responses(
    (status = 204, description = "Balancers will send requests elsewhere."),
    Problems,
))]
pub async fn begin(State(rest): State<Rest>, _: Operator) -> Answer {
    tracing::info!("drained: an operator said so");
    rest.drain(true);
    rest.shop.hand_over().await;
    Answer::no_content()
}

/// Has the node that answers be ready again, if all is well.
#[utoipa::path(delete, path = "/v1/admin/drain", tag = "operations", security(("bearer" = [])), responses(
    (status = 204, description = "It takes requests again."),
    Problems,
))]
pub async fn end(State(rest): State<Rest>, _: Operator) -> Answer {
    tracing::info!("not drained any more: an operator said so");
    rest.drain(false);
    Answer::no_content()
}
