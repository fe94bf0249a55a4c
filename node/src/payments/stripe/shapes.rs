//! What Stripe answers, as far as it is read. Of `latest_charge`, which is an id in one place and a whole object in
//! another, nothing is needed.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::payments::gateway::Trouble;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct PaymentIntent {
    pub id: String,
    pub amount: u64,
    /// Absent in what some speakers of this API answer.
    pub amount_received: Option<u64>,
    /// In lower case.
    pub currency: String,
    pub status: String,
    pub metadata: Option<Metadata>,
    pub last_payment_error: Option<Reason>,
    pub next_action: Option<NextAction>,
}

/// Values are texts; what is none is as good as absent.
pub(super) type Metadata = HashMap<String, Value>;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct NextAction {
    pub redirect_to_url: Option<Redirect>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Redirect {
    pub url: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Refund {
    pub id: String,
    pub amount: u64,
    /// Null for refunds that were made before there were any.
    pub status: Option<String>,
    pub failure_reason: Option<String>,
    pub metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Error {
    pub error: ErrorBody,
}

/// Why not.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ErrorBody {
    /// Of HTTP; not in the body.
    #[serde(skip)]
    pub status: u16,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub code: Option<String>,
    pub decline_code: Option<String>,
    /// The payment as it is, where the error is about its state.
    pub payment_intent: Option<PaymentIntent>,
}

/// Why a card was not charged.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Reason {
    pub code: Option<String>,
    pub decline_code: Option<String>,
}

impl ErrorBody {
    pub fn reason(&self) -> Reason {
        Reason { code: self.code.clone(), decline_code: self.decline_code.clone() }
    }
}

/// Reads an answer to a call that may have moved something.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(body).map_err(|error| Trouble::Unknown(format!("its answer cannot be read: {error}")))
}
