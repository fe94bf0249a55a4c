//! Answers that are not a success, as `application/problem+json` (RFC 9457).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};
use livedrop_domain::{
    Fault, Rejection, Reply, Timestamp, accounts, drops, follows, notifications, orders, payments, products, waitlist,
    webhooks,
};
use livedrop_proto::rest;
use livedrop_proto::rest::problem::{FieldError, MEDIA_TYPE};

use super::code::{self, Code};
use super::text;
use crate::auth::Busy;
use crate::propose::Unanswered;

/// What is wrong this time.
#[derive(Debug, Clone)]
pub struct Problem(Box<Said>);

#[derive(Debug, Clone)]
struct Said {
    code: &'static Code,
    detail: String,
    errors: Vec<FieldError>,
    opens_at: Option<String>,
    /// The limits that were overstepped, by name.
    violated_policies: Vec<String>,
    /// In seconds.
    retry_after: Option<u64>,
    /// The log index that decided it.
    index: Option<u64>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub fn new(code: &'static Code, detail: impl Into<String>) -> Self {
        Problem(Box::new(Said {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            opens_at: None,
            violated_policies: Vec::new(),
            retry_after: matches!(code.status, 429 | 503).then_some(1),
            index: None,
            headers: Vec::new(),
        }))
    }

    /// A field that is wrong; `pointer` is a JSON pointer, or the name of a parameter or header.
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Problem::fields(vec![FieldError { pointer: pointer.into(), detail: detail.into() }])
    }

    pub fn fields(errors: Vec<FieldError>) -> Self {
        let mut problem = Problem::new(&code::INVALID_REQUEST, "See `errors`.");
        problem.0.errors = errors;
        problem
    }

    pub fn not_found(what: &str) -> Self {
        Problem::new(&code::NOT_FOUND, format!("There is no such {what}."))
    }

    pub fn unauthenticated(detail: &str) -> Self {
        Problem::new(&code::UNAUTHENTICATED, detail)
            .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"livedrop\""))
    }

    /// An answer of another command: a fault of ours.
    pub fn unexpected(reply: &Reply) -> Self {
        tracing::error!(?reply, "the state machine answered something else than was asked");
        Problem::new(&code::INTERNAL, "The fault was logged under the request id.")
    }

    pub fn at(mut self, index: u64) -> Self {
        self.0.index = Some(index);
        self
    }

    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Names a limit that was overstepped.
    pub fn violates(mut self, policy: &str) -> Self {
        self.0.violated_policies.push(policy.into());
        self
    }

    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    pub fn code(&self) -> &'static Code {
        self.0.code
    }

    #[cfg(test)]
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// The answer, to the request of this id.
    pub fn render(self, request_id: &str) -> Response {
        let Said { code, detail, errors, opens_at, violated_policies, retry_after, index, headers } = *self.0;
        let body = rest::Problem {
            kind: format!("/problems/{}", code.name),
            title: code.title.into(),
            status: code.status,
            detail,
            code: code.name.into(),
            request_id: request_id.into(),
            errors,
            opens_at,
            violated_policies,
        };
        let body = serde_json::to_vec(&body).expect("text and numbers are JSON");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = http::StatusCode::from_u16(code.status).expect("codes have an HTTP status");
        let sent = response.headers_mut();
        sent.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        sent.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            sent.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(index) = index {
            sent.insert(super::answer::INDEX, index.into());
        }
        sent.extend(headers);
        response
    }
}

/// Leaves the problem for the front to render: only there the request's id is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = http::StatusCode::from_u16(self.code().status).expect("codes have an HTTP status");
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Unanswered> for Problem {
    fn from(why: Unanswered) -> Self {
        match why {
            Unanswered::NoQuorum => {
                Problem::new(&code::NO_QUORUM, "No majority of the nodes answers; nothing was done.")
            }
            Unanswered::Overloaded => Problem::from(Busy),
            Unanswered::DiskFull => {
                Problem::new(&code::DISK_FULL, "Too many nodes have no room on their disks; nothing was done.")
                    .retry_after(5)
            }
            Unanswered::Unknown => {
                Problem::new(&code::OUTCOME_UNKNOWN, "It may have been done; ask again to find out.")
            }
        }
    }
}

impl From<Busy> for Problem {
    fn from(Busy: Busy) -> Self {
        Problem::new(&code::OVERLOADED, "Too many requests wait already; nothing was done.")
    }
}

/// A fault is the node's, not the caller's: it is logged here and says nothing of itself outside.
impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        tracing::error!(%fault, "the state could not be read");
        Problem::new(&code::INTERNAL, "The fault was logged under the request id.")
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::KeyReused => {
                Problem::new(&code::IDEMPOTENCY_KEY_REUSED, "The key was decided for another body.")
            }
            Rejection::Accounts(rejection) => account(rejection),
            Rejection::Products(rejection) => product(rejection),
            Rejection::Drops(rejection) => drop(rejection),
            Rejection::Orders(rejection) => order(rejection),
            Rejection::Payments(rejection) => payment(rejection),
            Rejection::Webhooks(rejection) => webhook(rejection),
            Rejection::Waitlist(rejection) => line(rejection),
            Rejection::Follows(rejection) => follow(rejection),
            Rejection::Notifications(notifications::Rejection::BadField) => {
                Problem::field("/muted_creators", format!("must be at most {}", notifications::MUTED_MAX))
            }
            Rejection::Sandbox(_) => Problem::new(&code::INTERNAL, "The node asked for what only gateways are told."),
            Rejection::Members(_) | Rejection::Cdn(_) => {
                Problem::new(&code::INTERNAL, "The node asked for what only nodes are told.")
            }
        }
    }
}

fn account(rejection: accounts::Rejection) -> Problem {
    use accounts::Rejection::*;
    match rejection {
        EmailTaken => Problem::new(&code::EMAIL_TAKEN, "Another account has this e-mail address."),
        AccountNotFound => Problem::unauthenticated("The account is gone."),
        SessionEnded => Problem::unauthenticated("The session has ended. Sign in again."),
        BadField => Problem::field("/email", "must be an address of at most 254 bytes"),
        Disabled => super::password::disabled(),
        ChangedSince => Problem::new(&code::ACCOUNT_CHANGED, "The account was changed at the same moment."),
        KeyNotFound => Problem::not_found("key"),
        TooManyKeys => Problem::new(
            &code::TOO_MANY_KEYS,
            format!("At most {} keys are good at one time. Revoke one, or wait.", accounts::SIGNING_KEYS_MAX),
        ),
    }
}

fn product(rejection: products::Rejection) -> Problem {
    use products::Rejection::*;
    match rejection {
        NotACreator => Problem::new(&code::FORBIDDEN, "Only creators sell."),
        NotFound => Problem::not_found("product"),
        Changed { version } => changed_since(version),
        Retired => Problem::new(&code::PRODUCT_RETIRED, "The product was taken out of the shop."),
        BadField => Problem::field("", "a field is outside its limits"),
        IdTaken => {
            Problem::new(&code::OUTCOME_UNKNOWN, "The product may have been made; list the products to find out.")
        }
    }
}

fn drop(rejection: drops::Rejection) -> Problem {
    use drops::Rejection::*;
    match rejection {
        NotFound => Problem::not_found("drop"),
        WrongStatus { status } => {
            Problem::new(&code::WRONG_STATUS, format!("The drop is {}.", text::drop_status(status)))
        }
        UnknownSku => Problem::field("/sku", "must be one of the drop's"),
        EndsTooEarly => Problem::field("/ends_at", "must be later than the start and later than now"),
        BadField => Problem::field("", "a field is outside its limits"),
        IdTaken => Problem::new(&code::OUTCOME_UNKNOWN, "The drop may have been made; list the drops to find out."),
        ChangedSince { version } => changed_since(version),
    }
}

fn order(rejection: orders::Rejection) -> Problem {
    use orders::Rejection::*;
    match rejection {
        BadQuantity => Problem::field("/quantity", format!("must be 1 to {}", orders::QUANTITY_MAX)),
        DropNotFound => Problem::not_found("drop"),
        NotOpen { opens_at } => not_open(opens_at),
        Paused => Problem::new(&code::DROP_PAUSED, "The drop is paused."),
        Ended => Problem::new(&code::DROP_ENDED, "The drop has ended."),
        UnknownSku => Problem::field("/sku", "must be one of the drop's, and be given when there are several"),
        LimitReached { limit } => {
            Problem::new(&code::LIMIT_REACHED, format!("One customer may have {limit} of this drop."))
        }
        SoldOut => Problem::new(&code::SOLD_OUT, "Fewer units are left than were asked for."),
        IdTaken => Problem::new(&code::OUTCOME_UNKNOWN, "The order may have been placed; ask by its idempotency key."),
    }
}

fn not_open(opens_at: Timestamp) -> Problem {
    let opens_at = text::time(opens_at);
    let mut problem = Problem::new(&code::DROP_NOT_OPEN, format!("The drop opens at {opens_at}."));
    problem.0.opens_at = Some(opens_at);
    problem
}

fn line(rejection: waitlist::Rejection) -> Problem {
    use waitlist::Rejection::*;
    match rejection {
        DropNotFound => Problem::not_found("drop"),
        NotOpen { opens_at } => not_open(opens_at),
        Ended => Problem::new(&code::DROP_ENDED, "The drop has ended."),
        UnknownSku => Problem::field("/sku", "must be one of the drop's, and be given when there are several"),
        BadQuantity => Problem::field("/quantity", format!("must be 1 to {}", waitlist::QUANTITY_MAX)),
        AlreadyWaiting => Problem::new(&code::ALREADY_WAITING, "Your place is for another variant or for fewer units."),
        LimitReached { limit } => {
            Problem::new(&code::LIMIT_REACHED, format!("One customer may have {limit} of this drop."))
        }
        UnitsAvailable => Problem::new(&code::UNITS_AVAILABLE, "There are units for sale."),
        LineFull => Problem::new(&code::LINE_FULL, format!("At most {} wait for one variant.", waitlist::LINE_MAX)),
        IdTaken => Problem::new(&code::OUTCOME_UNKNOWN, "You may be in line; read your place to find out."),
    }
}

fn payment(rejection: payments::Rejection) -> Problem {
    use payments::Rejection::*;
    match rejection {
        NotFound => Problem::not_found("order"),
        WrongStatus { status } => {
            Problem::new(&code::WRONG_STATUS, format!("The order is {}.", text::order_status(status)))
        }
        HoldOver => Problem::new(&code::HOLD_ENDED, "The units are not held any more."),
        BadMethod => super::orders::pay::bad_method(),
        BadAmount { left } => Problem::field("/amount", format!("must be 1 to {left}: what was not paid back yet")),
        RestockNeedsAll => Problem::field("/restock", "is only possible when all that is left is paid back"),
        TooManyRefunds => {
            Problem::new(&code::TOO_MANY_REFUNDS, format!("An order has at most {} refunds.", payments::REFUNDS_MAX))
        }
        Stale { .. } => Problem::new(&code::INTERNAL, "The node asked for what only the payment desk is told."),
    }
}

fn webhook(rejection: webhooks::Rejection) -> Problem {
    use webhooks::Rejection::*;
    match rejection {
        NotFound => Problem::not_found("webhook endpoint or delivery"),
        BadField => Problem::field("", "a field is outside its limits"),
        IdTaken => Problem::new(&code::OUTCOME_UNKNOWN, "The endpoint may have been made; list them to find out."),
        TooManyEndpoints => Problem::new(
            &code::TOO_MANY_ENDPOINTS,
            format!("A creator has at most {} endpoints.", webhooks::ENDPOINTS_MAX),
        ),
        Disabled => Problem::new(&code::WRONG_STATUS, "The endpoint is switched off. Switch it on first."),
        Stale { .. } | StaleAttempt { .. } => {
            Problem::new(&code::INTERNAL, "The node asked for what only its courier is told.")
        }
    }
}

fn follow(rejection: follows::Rejection) -> Problem {
    use follows::Rejection::*;
    match rejection {
        CreatorNotFound => Problem::not_found("creator"),
        Yourself => Problem::field("creator_id", "must be somebody else"),
        TooMany => Problem::new(
            &code::TOO_MANY_FOLLOWED,
            format!("An account follows at most {} creators.", follows::FOLLOWING_MAX),
        ),
        BadField => Problem::field("/followers", format!("must be at most {}", follows::IMPORT_MAX)),
    }
}

fn changed_since(version: u64) -> Problem {
    Problem::new(&code::CHANGED_SINCE, format!("Its ETag is now \"{version}\"."))
}
