//! Stripe's API, or whatever speaks it: payment intents that are made first and confirmed later by their id, and
//! refunds. Only what every speaker of it understands is asked for.
//!
//! In reading order: [`call`] (one request, and what its failure proves), [`shapes`] (what comes back), [`meaning`]
//! (what that says about the money).

mod call;
mod meaning;
mod shapes;

#[cfg(test)]
mod tests;

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::gateway::{Charge, Gateway, Intent, Refund, RefundAsk, State, Trouble};
use call::{Line, Said};
use shapes::List;

/// The most refunds that are asked for at once; Stripe gives no more.
const PAGE: usize = 100;
/// Pages of refunds of one payment. An order has a hundred refunds at most, and few of them fail.
const PAGES_MAX: usize = 20;

/// Where Stripe is and who asks. It has no `Debug`, because the key is in it.
pub struct Settings {
    /// As in `https://api.stripe.com`, without a path.
    pub url: String,
    /// The secret key.
    pub key: String,
    /// Where a buyer comes back to from their bank. Stripe gives an address to go to only when it is told one to come
    /// back to.
    pub return_url: Option<String>,
    /// How long one call may take, connecting included.
    pub deadline: Duration,
}

impl Settings {
    /// Calls take ten seconds at most, and buyers who must authenticate are given no address.
    pub fn new(url: impl Into<String>, key: impl Into<String>) -> Self {
        Settings { url: url.into(), key: key.into(), return_url: None, deadline: Duration::from_secs(10) }
    }
}

/// The gateway that speaks Stripe's API. All calls share its connections.
pub struct Stripe {
    line: Line,
    return_url: Option<String>,
}

/// Stripe's key or address cannot be used as they are.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("the key holds characters that cannot be sent")]
    Key,
    #[error("the address is not an origin such as https://api.stripe.com")]
    Address,
    #[error("no client for it could be made")]
    Client(#[source] reqwest::Error),
}

impl Stripe {
    pub fn new(settings: Settings) -> Result<Self, Unusable> {
        Ok(Stripe { line: Line::new(&settings)?, return_url: settings.return_url })
    }

    async fn create(&self, key: &str, charge: &Charge) -> Result<Intent, Trouble> {
        let form = [
            ("amount", charge.amount.amount.to_string()),
            ("currency", charge.amount.currency.as_str().to_ascii_lowercase()),
            ("payment_method", charge.method.clone()),
            // Without it, methods that send the buyer elsewhere would be on, and each of them wants a return address.
            ("payment_method_types[]", "card".to_owned()),
            ("metadata[order_id]", charge.order_id.to_string()),
        ];
        match self.line.post("/v1/payment_intents", key, &form).await? {
            Said::Yes(body) => meaning::intent_of(&body, None, Some(charge)),
            Said::No(error) => Err(meaning::refusal(&error)),
        }
    }

    async fn confirm(&self, key: &str, id: &str, charge: &Charge) -> Result<Intent, Trouble> {
        let path = format!("/v1/payment_intents/{}/confirm", meaning::safe_id(id)?);
        let form: Vec<_> = self.return_url.iter().map(|url| ("return_url", url.clone())).collect();
        let error = match self.line.post(&path, key, &form).await? {
            Said::Yes(body) => return meaning::intent_of(&body, Some(id), Some(charge)),
            Said::No(error) => error,
        };
        let seen = match meaning::intent_within(&error, id, Some(charge)) {
            Some(intent) => intent?,
            None if meaning::is_decline(&error) => {
                let state = State::Declined { code: meaning::decline_code(&error.reason()) };
                return Ok(Intent { id: id.to_owned(), order_id: Some(charge.order_id), state });
            }
            // An earlier call may have confirmed it, so a refusal of this one says nothing about the money.
            None => self.retrieve_for(id, charge).await.map_err(meaning::after_a_move)?,
        };
        match seen.state {
            State::NotConfirmed => Err(meaning::refusal(&error)),
            _ => Ok(seen),
        }
    }

    async fn cancel(&self, key: &str, id: &str, charge: &Charge) -> Result<Intent, Trouble> {
        let path = format!("/v1/payment_intents/{}/cancel", meaning::safe_id(id)?);
        let error = match self.line.post(&path, key, &[]).await? {
            Said::Yes(body) => return meaning::intent_of(&body, Some(id), Some(charge)),
            Said::No(error) => error,
        };
        // What succeeded or was cancelled before cannot be cancelled; what it is then is the answer.
        match meaning::intent_within(&error, id, Some(charge)) {
            Some(intent) => intent,
            None if error.status == 404 => Err(meaning::refusal(&error)),
            None => self.retrieve_for(id, charge).await,
        }
    }

    async fn retrieve_for(&self, id: &str, charge: &Charge) -> Result<Intent, Trouble> {
        match self.line.get(&format!("/v1/payment_intents/{}", meaning::safe_id(id)?)).await? {
            Said::Yes(body) => meaning::intent_of(&body, Some(id), Some(charge)),
            Said::No(error) => Err(meaning::refusal(&error)),
        }
    }

    async fn refund(&self, key: &str, intent_id: &str, ask: &RefundAsk) -> Result<Refund, Trouble> {
        let form = [
            ("payment_intent", meaning::safe_id(intent_id)?.to_owned()),
            ("amount", ask.amount.to_string()),
            ("metadata[order_id]", ask.order_id.to_string()),
            ("metadata[refund_number]", ask.number.to_string()),
            ("metadata[refund_attempt]", ask.attempt.to_string()),
        ];
        match self.line.post("/v1/refunds", key, &form).await? {
            Said::Yes(body) => meaning::refund_of(&body, ask),
            Said::No(error) => Err(meaning::refusal(&error)),
        }
    }

    async fn refunds(&self, intent_id: &str) -> Result<Vec<Refund>, Trouble> {
        let first = format!("/v1/refunds?payment_intent={}&limit={PAGE}", meaning::safe_id(intent_id)?);
        let (mut refunds, mut path) = (Vec::new(), first.clone());
        for _ in 0..PAGES_MAX {
            let list: List<shapes::Refund> = match self.line.get(&path).await? {
                Said::Yes(body) => shapes::parse(&body)?,
                Said::No(error) => return Err(meaning::refusal(&error)),
            };
            let last = list.data.last().map(|refund| refund.id.clone());
            refunds.extend(list.data.into_iter().map(meaning::refund));
            match last {
                Some(last) if list.has_more => path = format!("{first}&starting_after={}", meaning::safe_id(&last)?),
                _ => return Ok(refunds),
            }
        }
        Err(Trouble::Unavailable(format!("{intent_id} has more refunds than {}", PAGE * PAGES_MAX)))
    }
}

impl Gateway for Stripe {
    fn create<'a>(&'a self, key: &'a str, charge: &'a Charge) -> BoxFuture<'a, Result<Intent, Trouble>> {
        Box::pin(self.create(key, charge))
    }

    fn confirm<'a>(
        &'a self,
        key: &'a str,
        intent_id: &'a str,
        charge: &'a Charge,
    ) -> BoxFuture<'a, Result<Intent, Trouble>> {
        Box::pin(self.confirm(key, intent_id, charge))
    }

    fn cancel<'a>(
        &'a self,
        key: &'a str,
        intent_id: &'a str,
        charge: &'a Charge,
    ) -> BoxFuture<'a, Result<Intent, Trouble>> {
        Box::pin(self.cancel(key, intent_id, charge))
    }

    fn retrieve<'a>(&'a self, intent_id: &'a str, charge: &'a Charge) -> BoxFuture<'a, Result<Intent, Trouble>> {
        Box::pin(self.retrieve_for(intent_id, charge))
    }

    fn refund<'a>(
        &'a self,
        key: &'a str,
        intent_id: &'a str,
        refund: &'a RefundAsk,
    ) -> BoxFuture<'a, Result<Refund, Trouble>> {
        Box::pin(self.refund(key, intent_id, refund))
    }

    fn refunds<'a>(&'a self, intent_id: &'a str) -> BoxFuture<'a, Result<Vec<Refund>, Trouble>> {
        Box::pin(self.refunds(intent_id))
    }
}
