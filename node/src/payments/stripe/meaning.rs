//! What Stripe's answers say about the money. Nothing is taken on trust: an answer about another payment, another
//! order or another amount is an alarm, and proves nothing.

use livedrop_domain::OrderId;
use reqwest::Url;

use super::shapes::{ErrorBody, Metadata, NextAction, PaymentIntent, Reason, Refund, parse};
use crate::payments::gateway::{self, Charge, Intent, RefundAsk, RefundState, State, Trouble};

/// A buyer is not told these: whoever pays with a stolen card would learn that it is known to be stolen. Stripe asks
/// for the same (<https://docs.stripe.com/declines/codes>).
const NOT_TO_BE_TOLD: [&str; 7] = [
    "fraudulent",
    "lost_card",
    "stolen_card",
    "pickup_card",
    "merchant_blacklist",
    "security_violation",
    "restricted_card",
];
/// What such a decline is called instead, and one that says nothing.
const DECLINED: &str = "card_declined";
/// The longest code that is told.
const CODE_MAX: usize = 64;
/// The longest address a buyer is sent to.
const URL_MAX: usize = 2_048;

/// An id that can stand in a path as it is.
pub(super) fn safe_id(id: &str) -> Result<&str, Trouble> {
    let is_safe = (1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_safe { Ok(id) } else { Err(Trouble::Refused { code: "bad_id".to_owned() }) }
}

/// Reads a payment that must be the one that was asked for, and for what is to be charged.
pub(super) fn intent_of(body: &[u8], id: Option<&str>, charge: Option<&Charge>) -> Result<Intent, Trouble> {
    intent(parse(body)?, id, charge)
}

/// The payment that an error is about, when the error has it in it.
pub(super) fn intent_within(error: &ErrorBody, id: &str, charge: Option<&Charge>) -> Option<Result<Intent, Trouble>> {
    error.payment_intent.clone().map(|seen| intent(seen, Some(id), charge))
}

fn intent(seen: PaymentIntent, id: Option<&str>, charge: Option<&Charge>) -> Result<Intent, Trouble> {
    safe_id(&seen.id).map_err(|_| Trouble::Unknown("its answer has an id that is none".to_owned()))?;
    let order_id: Option<OrderId> = text(seen.metadata.as_ref(), "order_id").and_then(|text| text.parse().ok());
    let lie = if id.is_some_and(|id| id != seen.id) {
        Some("another payment")
    } else if charge.is_some_and(|charge| order_id != Some(charge.order_id)) {
        Some("another order")
    } else if charge.is_some_and(|charge| !is_for(&seen, charge)) {
        Some("another amount")
    } else {
        None
    };
    if let Some(what) = lie {
        tracing::error!(
            asked = id,
            answered = seen.id,
            "the payment gateway answers about {what}; nothing is believed"
        );
        return Err(Trouble::Unknown(format!("its answer is about {what}")));
    }
    Ok(Intent { state: state(&seen)?, id: seen.id, order_id })
}

/// Whether a payment is for what is to be charged, and took no other amount.
fn is_for(seen: &PaymentIntent, charge: &Charge) -> bool {
    let took = seen.amount_received.filter(|_| seen.status == "succeeded");
    seen.amount == charge.amount.amount
        && seen.currency.eq_ignore_ascii_case(charge.amount.currency.as_str())
        && took.is_none_or(|took| took == charge.amount.amount)
}

fn state(seen: &PaymentIntent) -> Result<State, Trouble> {
    Ok(match seen.status.as_str() {
        // It is the state of a payment that has no means yet, and of one whose means was declined.
        "requires_payment_method" => match &seen.last_payment_error {
            Some(reason) => State::Declined { code: decline_code(reason) },
            None => State::NotConfirmed,
        },
        "requires_confirmation" => State::NotConfirmed,
        "requires_action" => State::ActionRequired { url: action_url(seen.next_action.as_ref()) },
        // An amount that is held and not taken: nobody here asks for that, and it can still be called off.
        "processing" | "requires_capture" => State::Processing,
        "succeeded" => State::Succeeded,
        "canceled" => State::Canceled,
        other => return Err(Trouble::Unknown(format!("a payment is `{}`", code(other)))),
    })
}

/// Where the buyer goes; nowhere when Stripe expects its own script in the buyer's browser, or the address is none.
fn action_url(action: Option<&NextAction>) -> String {
    let url = action.and_then(|action| action.redirect_to_url.as_ref()).and_then(|redirect| redirect.url.as_ref());
    let is_good = |url: &&String| {
        url.len() <= URL_MAX && Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
    };
    url.filter(is_good).cloned().unwrap_or_default()
}

/// Whether a call was refused because the card was.
pub(super) fn is_decline(error: &ErrorBody) -> bool {
    error.status == 402
        || error.kind.as_deref() == Some("card_error")
        || error.code.as_deref() == Some(DECLINED)
        || error.decline_code.is_some()
}

/// The reason of a decline as a buyer may be told it.
pub(super) fn decline_code(reason: &Reason) -> String {
    let said = [&reason.decline_code, &reason.code].into_iter().flatten().map(|said| code(said));
    let mut telling = said.filter(|said| !said.is_empty() && said != "generic_decline");
    match telling.next() {
        Some(said) if !NOT_TO_BE_TOLD.contains(&said.as_str()) => said,
        _ => DECLINED.to_owned(),
    }
}

/// What it means that Stripe said no.
pub(super) fn refusal(error: &ErrorBody) -> Trouble {
    let said = error.code.as_ref().or(error.kind.as_ref()).map(|said| code(said)).filter(|said| !said.is_empty());
    Trouble::Refused { code: said.unwrap_or_else(|| "refused".to_owned()) }
}

/// What a failed look means for the call before it, which may have moved something.
pub(super) fn after_a_move(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Unavailable(why) => Trouble::Unknown(why),
        other => other,
    }
}

/// Reads a refund that must be the one that was asked for.
pub(super) fn refund_of(body: &[u8], ask: &RefundAsk) -> Result<gateway::Refund, Trouble> {
    let seen = refund(parse(body)?);
    if seen.amount != ask.amount || seen.number.is_some_and(|number| number != ask.number) {
        tracing::error!(order_id = %ask.order_id, answered = seen.id, "the payment gateway answers about another refund");
        return Err(Trouble::Unknown("its answer is about another refund".to_owned()));
    }
    Ok(seen)
}

pub(super) fn refund(seen: Refund) -> gateway::Refund {
    let state = match seen.status.as_deref() {
        Some("succeeded") | None => RefundState::Done,
        Some("failed") => {
            RefundState::Failed { code: seen.failure_reason.as_deref().map_or_else(|| "failed".to_owned(), code) }
        }
        Some("canceled") => RefundState::Failed { code: "canceled".to_owned() },
        Some(_) => RefundState::Pending,
    };
    let said = |name| text(seen.metadata.as_ref(), name).and_then(|number| number.parse().ok());
    let (number, attempt) = (said("refund_number"), said("refund_attempt"));
    gateway::Refund { id: seen.id, number, attempt, amount: seen.amount, state }
}

fn text<'a>(metadata: Option<&'a Metadata>, name: &str) -> Option<&'a str> {
    metadata?.get(name)?.as_str()
}

/// A word of Stripe's as `[a-z0-9_]{0,64}`.
fn code(word: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    word.chars().take(CODE_MAX).map(letter).collect()
}
