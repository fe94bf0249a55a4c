//! Everything that can be wrong with a request, for programs and for people.

use livedrop_proto::rest::problem::code as named;

/// A kind of problem. Its page on the node is `/problems/{name}`.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    pub name: &'static str,
    pub status: u16,
    pub title: &'static str,
    /// What it means and what to do about it.
    pub about: &'static str,
}

const fn code(status: u16, name: &'static str, title: &'static str, about: &'static str) -> Code {
    Code { name, status, title, about }
}

pub static BAD_REQUEST: Code = code(
    400,
    named::BAD_REQUEST,
    "The request cannot be read",
    "The JSON is broken, or a parameter or header is not what it must be. Correct it and ask again.",
);
pub static IDEMPOTENCY_KEY_REQUIRED: Code = code(
    400,
    named::IDEMPOTENCY_KEY_REQUIRED,
    "An Idempotency-Key is required",
    "Make up a key of 1 to 255 visible ASCII characters, keep it, and send it with every try of this request.",
);
pub static BAD_SIGNATURE: Code = code(
    400,
    named::BAD_SIGNATURE,
    "The signature is not good",
    "An event must be signed with one of the endpoint's secrets, a few minutes ago at most. Check secret and clock.",
);
pub static UNAUTHENTICATED: Code = code(
    401,
    named::UNAUTHENTICATED,
    "Sign in first",
    "There is no token, or it has expired or was revoked. Refresh it or sign in again.",
);
pub static BAD_CREDENTIALS: Code = code(
    401,
    named::BAD_CREDENTIALS,
    "Wrong address or password",
    "No account has this e-mail address and this password.",
);
pub static FORBIDDEN: Code =
    code(403, named::FORBIDDEN, "Not allowed", "The account is known, but its role may not do this.");
pub static ACCOUNT_DISABLED: Code = code(
    403,
    named::ACCOUNT_DISABLED,
    "The account is disabled",
    "An operator has disabled the account. Its orders and drops stay as they are. Ask those who run the shop.",
);
pub static NOT_FOUND: Code =
    code(404, named::NOT_FOUND, "Not found", "There is no such thing, or it belongs to somebody else.");
pub static METHOD_NOT_ALLOWED: Code = code(
    405,
    named::METHOD_NOT_ALLOWED,
    "Method not allowed",
    "The address exists, but not for this method. The Allow header names those that it has.",
);
pub static REQUEST_TIMEOUT: Code = code(
    408,
    "request_timeout",
    "The request took too long to arrive",
    "The body did not come in time. Nothing was done.",
);
pub static EMAIL_TAKEN: Code = code(
    409,
    named::EMAIL_TAKEN,
    "The e-mail address is taken",
    "Another account has this address. Sign in with it, or use another address.",
);
pub static ACCOUNT_CHANGED: Code = code(
    409,
    named::ACCOUNT_CHANGED,
    "The account was changed meanwhile",
    "Its password was changed, or its sessions were closed, at the same moment. Nothing was done; ask again.",
);
pub static TOO_MANY_KEYS: Code = code(
    409,
    named::TOO_MANY_KEYS,
    "Too many signing keys",
    "As many keys are good as may be at one time. One that was replaced goes when its last token has run out.",
);
pub static SOLD_OUT: Code = code(
    409,
    named::SOLD_OUT,
    "Sold out",
    "Fewer units are left than were asked for, or somebody waits for them. Wait in line for units that come back.",
);
pub static LIMIT_REACHED: Code = code(
    409,
    named::LIMIT_REACHED,
    "Limit per customer reached",
    "The customer would hold and own more units of this drop than one customer may.",
);
pub static UNITS_AVAILABLE: Code =
    code(409, named::UNITS_AVAILABLE, "There are units to buy", "Nobody waits and units are for sale. Buy them.");
pub static ALREADY_WAITING: Code = code(
    409,
    named::ALREADY_WAITING,
    "You wait already",
    "The place in line is for another variant or for fewer units. To change that, leave the line and join at its end.",
);
pub static LINE_FULL: Code =
    code(409, named::LINE_FULL, "The line is full", "As many wait for the variant as may. Try again later.");
pub static DROP_PAUSED: Code =
    code(409, named::DROP_PAUSED, "The drop is paused", "Its creator has paused it. It may go on later.");
pub static DROP_ENDED: Code =
    code(409, named::DROP_ENDED, "The drop has ended", "It has ended or was cancelled. Nothing more is sold.");
pub static WRONG_STATUS: Code = code(
    409,
    named::WRONG_STATUS,
    "Not possible in this status",
    "What is asked cannot be done with something in the status that it has now.",
);
pub static HOLD_ENDED: Code = code(
    409,
    named::HOLD_ENDED,
    "The hold has ended",
    "The units of the order are not held any more, so it cannot be paid. Place another one.",
);
pub static TOO_MANY_ENDPOINTS: Code = code(
    409,
    named::TOO_MANY_ENDPOINTS,
    "Too many webhook endpoints",
    "The creator has as many as one may have. Take one away first, or let one be told of more.",
);
pub static TOO_MANY_FOLLOWED: Code = code(
    409,
    named::TOO_MANY_FOLLOWED,
    "Too many creators are followed",
    "The account follows as many creators as one may. Unfollow one first.",
);
pub static TOO_MANY_REFUNDS: Code = code(
    409,
    named::TOO_MANY_REFUNDS,
    "Too many refunds of one order",
    "The money of an order went back in as many parts as are kept. Pay the rest back at the gateway.",
);
pub static PRODUCT_RETIRED: Code = code(
    409,
    named::PRODUCT_RETIRED,
    "The product was retired",
    "It was taken out of the shop and can no longer be changed or sold.",
);
pub static CHANGED_SINCE: Code = code(
    412,
    named::CHANGED_SINCE,
    "Changed since you looked",
    "Somebody changed it. Read it again and send If-Match with its new ETag.",
);
pub static BODY_TOO_LARGE: Code =
    code(413, named::BODY_TOO_LARGE, "The body is too large", "A body has at most 64 KiB.");
pub static URI_TOO_LONG: Code =
    code(414, "uri_too_long", "The address is too long", "A path with its query has at most 8 KiB.");
pub static UNSUPPORTED_MEDIA_TYPE: Code =
    code(415, named::UNSUPPORTED_MEDIA_TYPE, "The body must be JSON", "Send Content-Type: application/json.");
pub static INVALID_REQUEST: Code = code(
    422,
    named::INVALID_REQUEST,
    "Some fields are wrong",
    "One or more fields are missing, unknown or outside their limits; `errors` names them.",
);
pub static WEAK_PASSWORD: Code = code(
    422,
    named::WEAK_PASSWORD,
    "The password is too easy to guess",
    "Choose a longer one, such as four words that have nothing to do with each other.",
);
pub static IDEMPOTENCY_KEY_REUSED: Code = code(
    422,
    named::IDEMPOTENCY_KEY_REUSED,
    "The Idempotency-Key was used before",
    "The key belongs to another request. Make up a new key for each new request.",
);
pub static DROP_NOT_OPEN: Code = code(
    425,
    named::DROP_NOT_OPEN,
    "The drop is not open yet",
    "It opens at `opens_at`. Ask again then; the same Idempotency-Key may be used.",
);
pub static IF_MATCH_REQUIRED: Code = code(
    428,
    named::IF_MATCH_REQUIRED,
    "An If-Match header is required",
    "Read it first and send its ETag in If-Match, so that nobody's change is overwritten unseen.",
);
pub static TOO_MANY_REQUESTS: Code = code(
    429,
    named::TOO_MANY_REQUESTS,
    "Too many requests",
    "Wait as long as Retry-After says, in seconds, and ask again.",
);
pub static RATE_LIMITED: Code = code(
    429,
    named::RATE_LIMITED,
    "The limit is used up",
    "The account or the address has asked as often as it may (`quota-exceeded`); `violated-policies` and RateLimit-Policy \
     say which limit. Wait as long as Retry-After says, in seconds, and ask again.",
);
pub static HEADER_TOO_LARGE: Code =
    code(431, "header_too_large", "The header is too large", "All header fields together have at most 16 KiB.");
pub static INTERNAL: Code =
    code(500, named::INTERNAL, "The node has a fault", "It is logged under the request id. Another node may answer.");
pub static NO_QUORUM: Code = code(
    503,
    named::NO_QUORUM,
    "No quorum",
    "No majority of the nodes answers, so nothing was done. Ask again, or read with ?consistency=local.",
);
pub static OUTCOME_UNKNOWN: Code = code(
    503,
    named::OUTCOME_UNKNOWN,
    "The outcome is not known",
    "It may have been done. The same request with the same Idempotency-Key settles it, on any node.",
);
pub static OVERLOADED: Code = code(
    503,
    named::OVERLOADED,
    "Too much to do",
    "The node has more to do than it can, so nothing was done. Wait as long as Retry-After says and ask again.",
);
pub static DISK_FULL: Code = code(
    503,
    named::DISK_FULL,
    "The disks are full",
    "A majority of the nodes has no room to write, so nothing was done; reads go on. Ask again after Retry-After, in \
     seconds: it ends by itself when there is room.",
);
pub static GATEWAY_UNAVAILABLE: Code = code(
    503,
    named::GATEWAY_UNAVAILABLE,
    "The payment gateway does not answer",
    "Nothing was changed. Wait as long as Retry-After says and send it again.",
);
pub static SEARCH_REBUILDING: Code = code(
    503,
    named::SEARCH_REBUILDING,
    "Search is being made ready",
    "The node is making its search index from the products. Everything else is served; ask another node, or again.",
);
pub static STOPPING: Code = code(503, named::STOPPING, "The node is stopping", "Nothing was done. Ask another node.");
pub static BEHIND: Code = code(
    503,
    named::BEHIND,
    "The node is behind",
    "It has not applied Livedrop-Min-Index in time. Ask again or ask another node.",
);

/// Every code there is.
pub static ALL: [&Code; 47] = [
    &BAD_REQUEST,
    &IDEMPOTENCY_KEY_REQUIRED,
    &BAD_SIGNATURE,
    &UNAUTHENTICATED,
    &BAD_CREDENTIALS,
    &FORBIDDEN,
    &ACCOUNT_DISABLED,
    &NOT_FOUND,
    &METHOD_NOT_ALLOWED,
    &REQUEST_TIMEOUT,
    &EMAIL_TAKEN,
    &ACCOUNT_CHANGED,
    &TOO_MANY_KEYS,
    &SOLD_OUT,
    &LIMIT_REACHED,
    &UNITS_AVAILABLE,
    &ALREADY_WAITING,
    &LINE_FULL,
    &DROP_PAUSED,
    &DROP_ENDED,
    &WRONG_STATUS,
    &HOLD_ENDED,
    &TOO_MANY_ENDPOINTS,
    &TOO_MANY_FOLLOWED,
    &TOO_MANY_REFUNDS,
    &PRODUCT_RETIRED,
    &CHANGED_SINCE,
    &BODY_TOO_LARGE,
    &URI_TOO_LONG,
    &UNSUPPORTED_MEDIA_TYPE,
    &INVALID_REQUEST,
    &WEAK_PASSWORD,
    &IDEMPOTENCY_KEY_REUSED,
    &DROP_NOT_OPEN,
    &IF_MATCH_REQUIRED,
    &TOO_MANY_REQUESTS,
    &RATE_LIMITED,
    &HEADER_TOO_LARGE,
    &INTERNAL,
    &NO_QUORUM,
    &OUTCOME_UNKNOWN,
    &OVERLOADED,
    &DISK_FULL,
    &GATEWAY_UNAVAILABLE,
    &SEARCH_REBUILDING,
    &STOPPING,
    &BEHIND,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own_and_an_error_status() {
        for (at, code) in ALL.iter().enumerate() {
            assert!(ALL[..at].iter().all(|other| other.name != code.name), "{}", code.name);
            assert!((400..600).contains(&code.status), "{}", code.name);
            assert!(code.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", code.name);
        }
    }
}
