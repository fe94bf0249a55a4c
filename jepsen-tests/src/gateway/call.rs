//! One call of the API, from what was asked to what is answered.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};

use super::answer::Answer;
use super::keys::Claim;
use super::plan::{Fault, Operation};
use super::{Desk, State as Known};

pub(super) fn router(desk: Arc<Desk>) -> Router {
    Router::new().fallback(answer).with_state(desk)
}

/// What is asked.
struct Call {
    operation: Operation,
    /// The payment in the path, where there is one.
    id: String,
    endpoint: String,
    parameters: Vec<(String, String)>,
    key: Option<String>,
}

async fn answer(
    State(desk): State<Arc<Desk>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    Form(parameters): Form<Vec<(String, String)>>,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if header("authorization").is_none_or(|key| !key.starts_with("Bearer sk_")) {
        return show(&Answer::invalid(
            401,
            "invalid_request_error",
            "api_key_missing",
            "You did not provide an API key.",
        ));
    }
    let Some((operation, id)) = operation(&method, uri.path()) else {
        return show(&Answer::missing("route"));
    };
    let endpoint = format!("{method} {}", uri.path());
    let key = header("idempotency-key");
    let call = Call { operation, id, endpoint, parameters, key };
    let fault = desk.state().plan.take(operation);
    if let Some(Fault::ErrorBefore(status)) = fault {
        return show(&Answer::broken(status));
    }
    // In a task of its own: what was begun is done, though nobody waits for the answer any more.
    let silent = fault == Some(Fault::TimeoutAfter);
    let answer = tokio::spawn(perform(desk, call, fault)).await.expect("a call does not panic");
    if silent { std::future::pending().await } else { show(&answer) }
}

async fn perform(desk: Arc<Desk>, call: Call, fault: Option<Fault>) -> Answer {
    if let Err(answer) = claim(&mut desk.state(), &call) {
        return answer;
    }
    match &fault {
        Some(Fault::Slow(time)) => tokio::time::sleep(*time).await,
        Some(Fault::MetBefore(meeting)) => meeting.hold().await,
        _ => {}
    }
    let (answer, told) = {
        let mut known = desk.state();
        let (mut answer, told) = execute(&mut known, &call, fault.as_ref());
        if let Some(Fault::ErrorAfter(status)) = fault {
            answer = Answer::broken(status);
        }
        if let Some(key) = &call.key {
            known.keys.settle(key, &answer);
        }
        (answer, told)
    };
    desk.post.send(told);
    if let Some(Fault::MetAfter(meeting)) = &fault {
        meeting.hold().await;
    }
    answer
}

fn operation(method: &Method, path: &str) -> Option<(Operation, String)> {
    let parts: Vec<&str> = path.strip_prefix("/v1/")?.split('/').collect();
    let (operation, id) = match (method, parts.as_slice()) {
        (&Method::POST, ["payment_intents"]) => (Operation::Create, ""),
        (&Method::GET, ["payment_intents", id]) => (Operation::Retrieve, *id),
        (&Method::POST, ["payment_intents", id, "confirm"]) => (Operation::Confirm, *id),
        (&Method::POST, ["payment_intents", id, "cancel"]) => (Operation::Cancel, *id),
        (&Method::POST, ["refunds"]) => (Operation::Refund, ""),
        (&Method::GET, ["refunds"]) => (Operation::ListRefunds, ""),
        _ => return None,
    };
    Some((operation, id.to_owned()))
}

/// Fails with the answer when the key has one already.
fn claim(known: &mut Known, call: &Call) -> Result<(), Answer> {
    if matches!(call.operation, Operation::Retrieve | Operation::ListRefunds) {
        return Ok(());
    }
    let Some(key) = &call.key else {
        known.without_key += 1;
        return Ok(());
    };
    match known.keys.claim(key, &call.endpoint, &call.parameters) {
        Claim::First => Ok(()),
        Claim::Again(answer) | Claim::Wrong(answer) => Err(answer),
    }
}

fn execute(known: &mut Known, call: &Call, fault: Option<&Fault>) -> (Answer, Vec<super::intents::Told>) {
    let intents = &mut known.intents;
    match call.operation {
        Operation::Create => intents.create(&call.parameters),
        Operation::Confirm => {
            let of_the_card = fault.filter(|fault| matches!(fault, Fault::Decline(_) | Fault::ThreeDSecure));
            intents.confirm(&call.id, &call.parameters, of_the_card)
        }
        Operation::Cancel => intents.cancel(&call.id),
        Operation::Retrieve => (intents.retrieve(&call.id), Vec::new()),
        Operation::Refund => intents.refund(&call.parameters),
        Operation::ListRefunds => (intents.list_refunds(&call.parameters), Vec::new()),
    }
}

fn show(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).expect("tests plan real statuses");
    (status, Json(&answer.body)).into_response()
}
