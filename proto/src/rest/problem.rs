//! What an answer that is not a success says, as `application/problem+json` (RFC 9457).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of a [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The address of a page, on the node, that explains the code.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", example = "/problems/sold_out")]
    pub kind: String,
    /// What is wrong, the same text for every occurrence of the code.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong this time and what to do about it.
    pub detail: String,
    /// What is wrong, for programs: one of the [`code`]s.
    #[schema(example = "sold_out")]
    pub code: String,
    /// Names this request in the logs of every node that it touched.
    pub request_id: String,
    /// Every field that is wrong; empty unless `code` is `invalid_request`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// With `drop_not_open`: when the drop opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub opens_at: Option<String>,
    /// With `rate_limited`: which limits were overstepped, as `RateLimit-Policy` names them.
    #[serde(default, rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    pub violated_policies: Vec<String>,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer (RFC 6901) into the body, or the name of a parameter or header.
    #[schema(example = "/items/0/stock")]
    pub pointer: String,
    pub detail: String,
}

/// The values of `code` that programs act on.
pub mod code {
    /// 400: the JSON, a parameter or a header cannot be read.
    pub const BAD_REQUEST: &str = "bad_request";
    /// 400: the request must carry an `Idempotency-Key`.
    pub const IDEMPOTENCY_KEY_REQUIRED: &str = "idempotency_key_required";
    /// 400: a webhook is not signed with a known secret, or too long ago.
    pub const BAD_SIGNATURE: &str = "bad_signature";
    /// 401: no token, or one that is not good or not good any more.
    pub const UNAUTHENTICATED: &str = "unauthenticated";
    /// 401: no account has this address and this password.
    pub const BAD_CREDENTIALS: &str = "bad_credentials";
    /// 403: the account's role may not do this.
    pub const FORBIDDEN: &str = "forbidden";
    /// 403: an operator has disabled the account; said only to whoever knows its password.
    pub const ACCOUNT_DISABLED: &str = "account_disabled";
    /// 404: there is no such thing, or it belongs to somebody else.
    pub const NOT_FOUND: &str = "not_found";
    /// 405: the address exists, the method does not.
    pub const METHOD_NOT_ALLOWED: &str = "method_not_allowed";
    /// 409: the address is taken by another account.
    pub const EMAIL_TAKEN: &str = "email_taken";
    /// 409: the password was changed, or all sessions were closed, at the same moment; nothing was done.
    pub const ACCOUNT_CHANGED: &str = "account_changed";
    /// 409: as many signing keys are good as may be.
    pub const TOO_MANY_KEYS: &str = "too_many_keys";
    /// 409: fewer units are left than were asked for.
    pub const SOLD_OUT: &str = "sold_out";
    /// 409: the customer would have more units than one customer may.
    pub const LIMIT_REACHED: &str = "limit_reached";
    /// 409: there is nothing to wait for, as units are for sale.
    pub const UNITS_AVAILABLE: &str = "units_available";
    /// 409: the account waits already, for another variant or for fewer units.
    pub const ALREADY_WAITING: &str = "already_waiting";
    /// 409: as many wait as may.
    pub const LINE_FULL: &str = "line_full";
    /// 409: the drop is paused.
    pub const DROP_PAUSED: &str = "drop_paused";
    /// 409: the drop has ended or was cancelled.
    pub const DROP_ENDED: &str = "drop_ended";
    /// 409: what is asked cannot be done in this status.
    pub const WRONG_STATUS: &str = "wrong_status";
    /// 409: the units of the order are not held any more.
    pub const HOLD_ENDED: &str = "hold_ended";
    /// 409: the creator has as many webhook endpoints as one may have.
    pub const TOO_MANY_ENDPOINTS: &str = "too_many_endpoints";
    /// 409: the account follows as many creators as one may.
    pub const TOO_MANY_FOLLOWED: &str = "too_many_followed";
    /// 409: the order was refunded in as many parts as are kept.
    pub const TOO_MANY_REFUNDS: &str = "too_many_refunds";
    /// 409: the product was retired.
    pub const PRODUCT_RETIRED: &str = "product_retired";
    /// 412: somebody changed it since the caller looked.
    pub const CHANGED_SINCE: &str = "changed_since";
    /// 413: the body is longer than 64 KiB.
    pub const BODY_TOO_LARGE: &str = "body_too_large";
    /// 415: the body is not `application/json`.
    pub const UNSUPPORTED_MEDIA_TYPE: &str = "unsupported_media_type";
    /// 422: one or more fields are wrong; `errors` names them all.
    pub const INVALID_REQUEST: &str = "invalid_request";
    /// 422: the password is too easy to guess.
    pub const WEAK_PASSWORD: &str = "weak_password";
    /// 422: the key was used for another request.
    pub const IDEMPOTENCY_KEY_REUSED: &str = "idempotency_key_reused";
    /// 425: the drop opens at `opens_at`.
    pub const DROP_NOT_OPEN: &str = "drop_not_open";
    /// 428: the request must carry `If-Match`.
    pub const IF_MATCH_REQUIRED: &str = "if_match_required";
    /// 429: too many wrong passwords; `Retry-After` says how long to wait.
    pub const TOO_MANY_REQUESTS: &str = "too_many_requests";
    /// 429: the account or the address asks too often; `Retry-After` says how long to wait.
    pub const RATE_LIMITED: &str = "rate_limited";
    /// 500: a fault of the node.
    pub const INTERNAL: &str = "internal";
    /// 503: no majority of the nodes answers, so nothing was done.
    pub const NO_QUORUM: &str = "no_quorum";
    /// 503: whether it was done is not known; the same request with the same key settles it.
    pub const OUTCOME_UNKNOWN: &str = "outcome_unknown";
    /// 503: the node has more to do than it can; nothing was done.
    pub const OVERLOADED: &str = "overloaded";
    /// 503: so many nodes have no room on their disks that nothing can be written; nothing was done.
    pub const DISK_FULL: &str = "disk_full";
    /// 503: the payment gateway does not answer; nothing was changed.
    pub const GATEWAY_UNAVAILABLE: &str = "gateway_unavailable";
    /// 503: the node is making its search index; everything else is served.
    pub const SEARCH_REBUILDING: &str = "search_rebuilding";
    /// 503: the node is stopping; nothing was done.
    pub const STOPPING: &str = "stopping";
    /// 503: the node has not applied `Livedrop-Min-Index` in time.
    pub const BEHIND: &str = "behind";
}
