//! Webhooks of Stripe: who sent one, when, and what it is about. It is a trigger only: what became of a payment is
//! asked for, never believed.
//!
//! `Stripe-Signature: t=<seconds>,v1=<hex>,v1=<hex>` holds HMAC-SHA256 of `<seconds>.<body>`, once for each secret of
//! the endpoint while it is rotated (<https://docs.stripe.com/webhooks#verify-manually>).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};
use livedrop_domain::{OrderId, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

/// How far the time of a webhook may be from now, either way, in seconds.
const TOLERANCE: u64 = 300;
/// The most signatures that are tried. Stripe sends one for each secret, and there are two during a rotation.
const SIGNATURES_MAX: usize = 8;
/// The longest id or type that is taken in.
const WORD_MAX: usize = 255;

/// The secrets of the endpoint: the newest and, during a rotation, the one before.
pub struct Secrets(Vec<Key>);

impl Secrets {
    /// Each secret as Stripe shows it, `whsec_` included: all of its text is the key.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Secrets(secrets.into_iter().map(|secret| Key::new(HMAC_SHA256, secret.as_bytes())).collect())
    }
}

/// Something that happened to a payment or to a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The event's own id. The same event comes more than once.
    pub id: String,
    /// As in `payment_intent.succeeded`.
    pub kind: String,
    /// The payment, charge or refund that it is about.
    pub object_id: String,
    /// The order that it was made for.
    pub order_id: Option<OrderId>,
}

/// Why a webhook is not taken, in the order in which it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The header has no time, or no signature, or more of them than anybody sends.
    #[error("the signature is not in a form that is known")]
    Malformed,
    /// It was signed with none of the secrets, or the body is not what was signed.
    #[error("the signature is of another body or another secret")]
    Forged,
    /// It was signed more than five minutes ago.
    #[error("the signature is too old")]
    Stale,
    /// It will have been signed more than five minutes from now.
    #[error("the signature is from the future")]
    Future,
    /// It was signed well and is no event.
    #[error("the body is not an event")]
    NotAnEvent,
}

/// Verifies a webhook over its body as it came, byte by byte, and reads it. `None` is an event about something else.
pub fn verify(header: &str, body: &[u8], secrets: &Secrets, now: Timestamp) -> Result<Option<Told>, Refusal> {
    let signed = parse(header).ok_or(Refusal::Malformed)?;
    if !secrets.0.iter().any(|key| signed.is_by(key, body)) {
        return Err(Refusal::Forged);
    }
    // Only who knows a secret learns what time it is here.
    let now = now.0 / 1_000;
    if signed.at.saturating_add(TOLERANCE) < now {
        return Err(Refusal::Stale);
    }
    if signed.at > now + TOLERANCE {
        return Err(Refusal::Future);
    }
    let event: Event = serde_json::from_slice(body).map_err(|_| Refusal::NotAnEvent)?;
    event.told()
}

/// What the header says.
struct Signed<'a> {
    /// In seconds since the epoch.
    at: u64,
    /// The same as it was written, which is what was signed.
    at_text: &'a str,
    signatures: Vec<[u8; 32]>,
}

/// Parts with other names are another scheme's.
fn parse(header: &str) -> Option<Signed<'_>> {
    let (mut at_text, mut signatures) = (None, Vec::new());
    for part in header.split(',') {
        match part.trim().split_once('=')? {
            ("t", text) if at_text.is_none() => at_text = Some(text),
            ("t", _) => return None,
            ("v1", hex) => signatures.extend(from_hex(hex)),
            _ => {}
        }
    }
    let at_text = at_text.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let is_usual = (1..=SIGNATURES_MAX).contains(&signatures.len());
    is_usual.then_some(Signed { at: at_text.parse().ok()?, at_text, signatures })
}

impl Signed<'_> {
    fn is_by(&self, key: &Key, body: &[u8]) -> bool {
        let mut context = Context::with_key(key);
        context.update(self.at_text.as_bytes());
        context.update(b".");
        context.update(body);
        let tag = context.sign();
        self.signatures.iter().any(|signature| verify_slices_are_equal(tag.as_ref(), signature).is_ok())
    }
}

fn from_hex(hex: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        hex.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    if digits.len() == 64 { bytes.try_into().ok() } else { None }
}

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Map<String, Value>,
}

impl Event {
    fn told(self) -> Result<Option<Told>, Refusal> {
        let is_ours = self.kind.starts_with("payment_intent.")
            || self.kind.starts_with("refund.")
            || self.kind == "charge.refunded"
            || self.kind == "charge.refund.updated";
        if !is_ours {
            return Ok(None);
        }
        let object_id = self.data.object.get("id").and_then(Value::as_str).ok_or(Refusal::NotAnEvent)?.to_owned();
        if [&self.id, &self.kind, &object_id].iter().any(|word| word.is_empty() || word.len() > WORD_MAX) {
            return Err(Refusal::NotAnEvent);
        }
        let metadata = self.data.object.get("metadata");
        let order_id = metadata.and_then(|all| all.get("order_id")).and_then(Value::as_str);
        let order_id = order_id.and_then(|text| text.parse().ok());
        Ok(Some(Told { id: self.id, kind: self.kind, object_id, order_id }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_000_000_000);
    const SECRET: &str = "whsec_of_this_test";
    const BODY: &str = r#"{"id":"evt_1", "type":"payment_intent.succeeded",
        "data":{"object":{"id":"pi_1","metadata":{"order_id":"ord_01KCVBPZ00000000000000000A"}}}}"#;

    fn signature(secret: &str, at: u64, body: &str) -> String {
        let key = Key::new(HMAC_SHA256, secret.as_bytes());
        let tag = aws_lc_rs::hmac::sign(&key, format!("{at}.{body}").as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn header(secret: &str, at: u64, body: &str) -> String {
        format!("t={at},v1={}", signature(secret, at, body))
    }

    fn now_s() -> u64 {
        NOW.0 / 1_000
    }

    fn judge(header: &str, body: &str) -> Result<Option<Told>, Refusal> {
        verify(header, body.as_bytes(), &Secrets::new([SECRET]), NOW)
    }

    #[test]
    fn an_event_says_which_payment_of_which_order_it_is_about() {
        let told = judge(&header(SECRET, now_s(), BODY), BODY).unwrap().unwrap();
        assert_eq!((told.id.as_str(), told.kind.as_str()), ("evt_1", "payment_intent.succeeded"));
        assert_eq!(told.object_id, "pi_1");
        assert_eq!(told.order_id, "ord_01KCVBPZ00000000000000000A".parse().ok());
    }

    #[test]
    fn a_tag_is_the_one_of_rfc_4231() {
        let tag = aws_lc_rs::hmac::sign(&Key::new(HMAC_SHA256, b"Jefe"), b"what do ya want for nothing?");
        assert!(tag.as_ref().starts_with(&[0x5b, 0xdc, 0xc1, 0x46]));
    }

    #[test]
    fn another_secret_another_time_or_another_body_is_a_forgery() {
        assert_eq!(judge(&header("whsec_other", now_s(), BODY), BODY), Err(Refusal::Forged));
        let moved = format!("t={},v1={}", now_s() + 1, signature(SECRET, now_s(), BODY));
        assert_eq!(judge(&moved, BODY), Err(Refusal::Forged));
        let written_again = serde_json::from_str::<Value>(BODY).unwrap().to_string();
        assert_eq!(judge(&header(SECRET, now_s(), BODY), &written_again), Err(Refusal::Forged));
        assert_eq!(
            verify(&header(SECRET, now_s(), BODY), BODY.as_bytes(), &Secrets::new([]), NOW),
            Err(Refusal::Forged)
        );
    }

    #[test]
    fn five_minutes_either_way_are_close_enough() {
        for (at, verdict) in [
            (now_s() - 300, Ok(())),
            (now_s() - 301, Err(Refusal::Stale)),
            (now_s() + 300, Ok(())),
            (now_s() + 301, Err(Refusal::Future)),
            (0, Err(Refusal::Stale)),
            (u64::MAX, Err(Refusal::Future)),
        ] {
            assert_eq!(judge(&header(SECRET, at, BODY), BODY).map(drop), verdict, "{at}");
        }
    }

    #[test]
    fn a_forgery_with_an_old_time_is_called_a_forgery() {
        assert_eq!(judge(&header("whsec_other", 0, BODY), BODY), Err(Refusal::Forged));
    }

    #[test]
    fn during_a_rotation_either_secret_will_do() {
        let both = Secrets::new(["whsec_new", SECRET]);
        for secret in ["whsec_new", SECRET] {
            assert!(verify(&header(secret, now_s(), BODY), BODY.as_bytes(), &both, NOW).is_ok());
        }
        let good = signature(SECRET, now_s(), BODY);
        let several = format!("t={}, v1={}, v0=aa, v1={good}", now_s(), "0".repeat(64));
        assert!(judge(&several, BODY).is_ok());
    }

    #[test]
    fn a_header_in_another_form_is_malformed() {
        let good = signature(SECRET, now_s(), BODY);
        let many = format!("t={}{}", now_s(), format!(",v1={good}").repeat(SIGNATURES_MAX + 1));
        let twice = format!("t={0},t={0},v1={good}", now_s());
        let cut = format!("t={},v1={}", now_s(), &good[..62]);
        let signed = format!("t=+{},v1={good}", now_s());
        for header in ["", "t=1", "v1=aa", "nonsense", "t=,v1=", &many, &twice, &cut, &signed] {
            assert_eq!(judge(header, BODY), Err(Refusal::Malformed), "{header}");
        }
    }

    #[test]
    fn refunds_are_told_and_other_things_are_not() {
        for (kind, is_ours) in [
            ("charge.refunded", true),
            ("charge.refund.updated", true),
            ("refund.failed", true),
            ("payment_intent.payment_failed", true),
            ("charge.succeeded", false),
            ("customer.created", false),
        ] {
            let body = format!(r#"{{"id":"evt_2","type":"{kind}","data":{{"object":{{"id":"x_1"}}}}}}"#);
            let told = judge(&header(SECRET, now_s(), &body), &body).unwrap();
            assert_eq!(told.is_some(), is_ours, "{kind}");
        }
    }

    #[test]
    fn a_well_signed_body_that_is_no_event_is_refused() {
        for body in ["", "{}", "[]", r#"{"id":"evt_1","type":"refund.created","data":{"object":{}}}"#] {
            assert_eq!(judge(&header(SECRET, now_s(), body), body), Err(Refusal::NotAnEvent), "{body}");
        }
    }
}
