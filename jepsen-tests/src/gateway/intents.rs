//! Payments and refunds, with the states that Stripe lets them go through:
//!
//! ```text
//!  requires_confirmation ─ confirm ─┬─► succeeded ─ refund, refund …
//!            │                      ├─► requires_payment_method (declined)
//!            │                      └─► requires_action ─ authenticate ─┬─► succeeded
//!            │                                   │                      └─► requires_payment_method
//!            └── cancel ──► canceled ◄── cancel ─┴───── cancel ─────────────────┘
//! ```
//!
//! An intent is confirmed once at most: a second confirmation is an error, whatever its key.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::answer::Answer;
use super::books::{Books, Kind, Movement};
use super::clock;
use super::plan::Fault;

/// Everything there is, by id. Ids are numbered, so they sort by age.
pub struct Intents {
    all: BTreeMap<String, Intent>,
    refunds: Vec<Refund>,
    pub books: Books,
    began: Instant,
    count: u64,
}

struct Intent {
    id: String,
    amount: u64,
    currency: String,
    method: String,
    metadata: BTreeMap<String, String>,
    status: &'static str,
    last_error: Option<Value>,
    next_action: Option<Value>,
    created: u64,
}

struct Refund {
    id: String,
    intent_id: String,
    amount: u64,
    metadata: BTreeMap<String, String>,
}

/// Something to tell the webhooks: its type and the object.
pub type Told = (&'static str, Value);

/// A call's parameters, as they came.
pub type Parameters = [(String, String)];

impl Default for Intents {
    fn default() -> Self {
        let (all, refunds, books) = (BTreeMap::new(), Vec::new(), Books::default());
        Intents { all, refunds, books, began: Instant::now(), count: 0 }
    }
}

impl Intents {
    pub fn create(&mut self, parameters: &Parameters) -> (Answer, Vec<Told>) {
        let (Some(amount), Some(currency), Some(method)) =
            (number(parameters, "amount"), text(parameters, "currency"), text(parameters, "payment_method"))
        else {
            return (parameter_missing(), Vec::new());
        };
        if amount == 0 || currency.len() != 3 || !method.starts_with("pm_") || text(parameters, "confirm").is_some() {
            return (parameter_missing(), Vec::new());
        }
        let intent = Intent {
            id: self.fresh_id("pi_double"),
            amount,
            currency: currency.to_ascii_lowercase(),
            method: method.to_owned(),
            metadata: metadata(parameters),
            status: "requires_confirmation",
            last_error: None,
            next_action: None,
            created: clock::now_s(),
        };
        let shown = intent.show();
        self.all.insert(intent.id.clone(), intent);
        (Answer::ok(shown.clone()), vec![("payment_intent.created", shown)])
    }

    pub fn retrieve(&self, id: &str) -> Answer {
        self.all.get(id).map_or_else(|| Answer::missing("payment_intent"), |intent| Answer::ok(intent.show()))
    }

    /// `fault` is what the plan wants of the card; without one its name says what it does.
    pub fn confirm(&mut self, id: &str, parameters: &Parameters, fault: Option<&Fault>) -> (Answer, Vec<Told>) {
        let Some(intent) = self.all.get_mut(id) else { return (Answer::missing("payment_intent"), Vec::new()) };
        if intent.status != "requires_confirmation" {
            return (intent.unexpected_state(), Vec::new());
        }
        match fault.cloned().or_else(|| habit_of(&intent.method)) {
            Some(Fault::Decline(code)) => intent.decline("card_declined", Some(code)),
            Some(Fault::ThreeDSecure) => {
                intent.status = "requires_action";
                intent.next_action = Some(action(id, text(parameters, "return_url")));
                (Answer::ok(intent.show()), vec![("payment_intent.requires_action", intent.show())])
            }
            _ => {
                let told = self.charge(id);
                (self.retrieve(id), told)
            }
        }
    }

    /// The buyer's bank says yes or no.
    pub fn authenticate(&mut self, id: &str, success: bool) -> Result<Vec<Told>> {
        match self.all.get_mut(id) {
            Some(intent) if intent.status == "requires_action" && success => Ok(self.charge(id)),
            Some(intent) if intent.status == "requires_action" => {
                Ok(intent.decline("payment_intent_authentication_failure", None).1)
            }
            Some(intent) => bail!("{id} is {}", intent.status),
            None => bail!("there is no {id}"),
        }
    }

    pub fn cancel(&mut self, id: &str) -> (Answer, Vec<Told>) {
        let Some(intent) = self.all.get_mut(id) else { return (Answer::missing("payment_intent"), Vec::new()) };
        if !["requires_payment_method", "requires_confirmation", "requires_action"].contains(&intent.status) {
            return (intent.unexpected_state(), Vec::new());
        }
        (intent.status, intent.next_action) = ("canceled", None);
        (Answer::ok(intent.show()), vec![("payment_intent.canceled", intent.show())])
    }

    pub fn refund(&mut self, parameters: &Parameters) -> (Answer, Vec<Told>) {
        let Some(intent) = text(parameters, "payment_intent").and_then(|id| self.all.get(id)) else {
            return (Answer::missing("payment_intent"), Vec::new());
        };
        let given_back: u64 = self.refunds_of(&intent.id).map(|refund| refund.amount).sum();
        let left = if intent.status == "succeeded" { intent.amount - given_back } else { 0 };
        let amount = number(parameters, "amount").unwrap_or(left);
        if amount == 0 || amount > left {
            let code = if intent.status == "succeeded" && left == 0 { Some("charge_already_refunded") } else { None };
            let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
            let error = json!({ "type": "invalid_request_error", "code": code, "message": message });
            return (Answer::refused(400, error), Vec::new());
        }
        let (intent_id, movement) = (intent.id.clone(), self.movement(intent, Kind::Refund, amount));
        self.books.movements.push(movement);
        let refund = Refund { id: self.fresh_id("re_double"), intent_id, amount, metadata: metadata(parameters) };
        let shown = refund.show();
        self.refunds.push(refund);
        (Answer::ok(shown.clone()), vec![("refund.created", shown)])
    }

    /// Newest first, in pages, as Stripe lists.
    pub fn list_refunds(&self, parameters: &Parameters) -> Answer {
        let Some(id) = text(parameters, "payment_intent") else { return parameter_missing() };
        let limit = number(parameters, "limit").unwrap_or(10) as usize;
        let mut shown: Vec<Value> = self.refunds_of(id).map(Refund::show).collect();
        shown.reverse();
        if let Some(after) = text(parameters, "starting_after") {
            let place = shown.iter().position(|refund| refund["id"] == after).map_or(shown.len(), |place| place + 1);
            shown.drain(..place);
        }
        let has_more = shown.len() > limit;
        shown.truncate(limit);
        Answer::ok(json!({ "object": "list", "url": "/v1/refunds", "has_more": has_more, "data": shown }))
    }

    pub fn statuses(&self, order_id: &str) -> Vec<&'static str> {
        let of_order = self.all.values().filter(|intent| intent.order_id() == order_id);
        of_order.map(|intent| intent.status).collect()
    }

    fn charge(&mut self, id: &str) -> Vec<Told> {
        let intent = self.all.get_mut(id).expect("it was just looked up");
        (intent.status, intent.next_action) = ("succeeded", None);
        let shown = intent.show();
        let movement = self.movement(&self.all[id], Kind::Charge, self.all[id].amount);
        self.books.movements.push(movement);
        vec![("payment_intent.succeeded", shown)]
    }

    fn movement(&self, intent: &Intent, kind: Kind, amount: u64) -> Movement {
        let (intent_id, order_id) = (intent.id.clone(), intent.order_id().to_owned());
        Movement { at: self.began.elapsed(), kind, intent_id, order_id, amount, currency: intent.currency.clone() }
    }

    fn refunds_of<'a>(&'a self, intent_id: &'a str) -> impl Iterator<Item = &'a Refund> {
        self.refunds.iter().filter(move |refund| refund.intent_id == intent_id)
    }

    fn fresh_id(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}_{:08}", self.count)
    }
}

impl Intent {
    fn order_id(&self) -> &str {
        self.metadata.get("order_id").map_or("", String::as_str)
    }

    fn show(&self) -> Value {
        let received = if self.status == "succeeded" { self.amount } else { 0 };
        let charge = if self.status == "succeeded" { Some(self.id.replacen("pi_", "ch_", 1)) } else { None };
        json!({
            "id": self.id, "object": "payment_intent", "amount": self.amount, "amount_received": received,
            "currency": self.currency, "status": self.status, "payment_method": self.method,
            "metadata": self.metadata, "last_payment_error": self.last_error, "next_action": self.next_action,
            "latest_charge": charge, "client_secret": format!("{}_secret", self.id), "created": self.created,
        })
    }

    fn decline(&mut self, code: &str, decline_code: Option<&str>) -> (Answer, Vec<Told>) {
        let mut error = json!({
            "type": "card_error", "code": code, "decline_code": decline_code, "message": "Your card was declined.",
        });
        (self.status, self.next_action) = ("requires_payment_method", None);
        self.last_error = Some(error.clone());
        error["payment_intent"] = self.show();
        (Answer::refused(402, error), vec![("payment_intent.payment_failed", self.show())])
    }

    fn unexpected_state(&self) -> Answer {
        Answer::refused(400, {
            json!({
                "type": "invalid_request_error", "code": "payment_intent_unexpected_state",
                "message": format!("This PaymentIntent has a status of {}.", self.status),
                "payment_intent": self.show(),
            })
        })
    }
}

impl Refund {
    fn show(&self) -> Value {
        json!({
            "id": self.id, "object": "refund", "amount": self.amount, "payment_intent": self.intent_id,
            "status": "succeeded", "metadata": self.metadata,
        })
    }
}

/// What Stripe's test cards do.
fn habit_of(method: &str) -> Option<Fault> {
    match method {
        "pm_card_chargeCustomerFail" | "pm_card_visa_chargeDeclined" => Some(Fault::Decline("generic_decline")),
        "pm_card_visa_chargeDeclinedInsufficientFunds" => Some(Fault::Decline("insufficient_funds")),
        "pm_card_authenticationRequired" | "pm_card_threeDSecure2Required" => Some(Fault::ThreeDSecure),
        _ => None,
    }
}

fn action(id: &str, return_url: Option<&str>) -> Value {
    match return_url {
        Some(back) => json!({
            "type": "redirect_to_url",
            "redirect_to_url": { "url": format!("https://bank.example/3ds/{id}"), "return_url": back },
        }),
        None => json!({ "type": "use_stripe_sdk", "use_stripe_sdk": { "type": "three_d_secure_redirect" } }),
    }
}

fn parameter_missing() -> Answer {
    Answer::invalid(400, "invalid_request_error", "parameter_missing", "A parameter is missing or invalid.")
}

fn text<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}

fn number(parameters: &Parameters, name: &str) -> Option<u64> {
    text(parameters, name)?.parse().ok()
}

fn metadata(parameters: &Parameters) -> BTreeMap<String, String> {
    let entry = |(name, value): &(String, String)| {
        let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
        Some((name.to_owned(), value.clone()))
    };
    parameters.iter().filter_map(entry).collect()
}
