//! The pretend gateway in the cluster itself: its books are rows of the state, so they are durable on a majority, the
//! same wherever one looks, and outlive every leader. No money moves.
//!
//! A method says what happens: `pm_card_ok`, `pm_card_declined`, `pm_card_insufficient_funds`, `pm_card_slow` (the
//! answer takes 5 seconds), `pm_card_timeout` (the money is taken, and the answer is lost).

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use livedrop_domain::sandbox::{self, Command, IntentId, RefundId, Rejection, Reply, Status};
use livedrop_domain::{self as domain, Request};

use super::gateway::{Charge, Gateway, Intent, Refund, RefundAsk, RefundState, State, Trouble};
use crate::propose::Unanswered;
use crate::rest::{Shop, look};

/// How long `pm_card_slow` takes.
const SLOW: Duration = Duration::from_secs(5);

pub struct Sandbox {
    shop: Arc<dyn Shop>,
}

impl Sandbox {
    pub fn new(shop: Arc<dyn Shop>) -> Self {
        Sandbox { shop }
    }

    async fn tell(&self, command: Command) -> Result<sandbox::Intent, Trouble> {
        let request =
            Request { request_id: "sandbox".to_owned(), idempotency: None, command: command.into(), by: None };
        match self.shop.propose(request).await.map(|outcome| outcome.answer) {
            Ok(Ok(domain::Reply::Sandbox(Reply::Intent(intent)))) => Ok(intent),
            Ok(Err(domain::Rejection::Sandbox(rejection))) => Err(refusal(rejection)),
            Ok(answer) => Err(Trouble::Unknown(format!("the sandbox answered {answer:?}"))),
            Err(why @ (Unanswered::NoQuorum | Unanswered::Overloaded | Unanswered::DiskFull)) => {
                Err(Trouble::Unavailable(why.to_string()))
            }
            Err(why @ Unanswered::Unknown) => Err(Trouble::Unknown(why.to_string())),
        }
    }

    async fn find(&self, intent_id: &str) -> Result<sandbox::Intent, Trouble> {
        let id = parse(intent_id)?;
        self.shop.linearizable().await.map_err(|why| Trouble::Unavailable(why.to_string()))?;
        let seen = look(&*self.shop, |view| sandbox::get(view, id));
        let intent = seen.map_err(|fault| Trouble::Unavailable(fault.to_string()))?.what;
        intent.ok_or_else(|| refusal(Rejection::NotFound))
    }
}

impl Gateway for Sandbox {
    fn create<'a>(&'a self, key: &'a str, charge: &'a Charge) -> BoxFuture<'a, Result<Intent, Trouble>> {
        let Charge { order_id, amount, method } = charge.clone();
        let command =
            Command::Create(sandbox::Create { id: IntentId::from_bytes(digest(key)), order_id, amount, method });
        Box::pin(async { Ok(seen(self.tell(command).await?)) })
    }

    fn confirm<'a>(
        &'a self,
        _: &'a str,
        intent_id: &'a str,
        charge: &'a Charge,
    ) -> BoxFuture<'a, Result<Intent, Trouble>> {
        Box::pin(async {
            if charge.method == "pm_card_slow" {
                tokio::time::sleep(SLOW).await;
            }
            let intent = self.tell(Command::Confirm(sandbox::Confirm { id: parse(intent_id)? })).await?;
            match charge.method.as_str() {
                "pm_card_timeout" => Err(Trouble::Unknown("the answer was lost, as its method says".to_owned())),
                _ => Ok(seen(intent)),
            }
        })
    }

    fn cancel<'a>(&'a self, _: &'a str, intent_id: &'a str, _: &'a Charge) -> BoxFuture<'a, Result<Intent, Trouble>> {
        Box::pin(async {
            let command = Command::Cancel(sandbox::Cancel { id: parse(intent_id)? });
            Ok(seen(self.tell(command).await?))
        })
    }

    fn retrieve<'a>(&'a self, intent_id: &'a str, _: &'a Charge) -> BoxFuture<'a, Result<Intent, Trouble>> {
        Box::pin(async { Ok(seen(self.find(intent_id).await?)) })
    }

    fn refund<'a>(
        &'a self,
        key: &'a str,
        intent_id: &'a str,
        ask: &'a RefundAsk,
    ) -> BoxFuture<'a, Result<Refund, Trouble>> {
        Box::pin(async {
            let refund_id = RefundId::from_bytes(digest(key));
            let (id, amount) = (parse(intent_id)?, ask.amount);
            self.tell(Command::Refund(sandbox::PayBack { id, refund_id, amount })).await?;
            let (number, attempt) = (Some(ask.number), Some(ask.attempt));
            Ok(Refund { id: refund_id.to_string(), number, attempt, amount, state: RefundState::Done })
        })
    }

    /// Does not say which refund of the order each is: its keys never expire, so nobody needs to ask.
    fn refunds<'a>(&'a self, intent_id: &'a str) -> BoxFuture<'a, Result<Vec<Refund>, Trouble>> {
        Box::pin(async {
            let done = self.find(intent_id).await?.refunds.into_iter();
            Ok(done
                .map(|refund| Refund {
                    id: refund.id.to_string(),
                    number: None,
                    attempt: None,
                    amount: refund.amount,
                    state: RefundState::Done,
                })
                .collect())
        })
    }
}

fn seen(intent: sandbox::Intent) -> Intent {
    let state = match intent.status {
        Status::RequiresConfirmation => State::NotConfirmed,
        Status::Succeeded => State::Succeeded,
        Status::Declined => State::Declined { code: intent.declined.unwrap_or_else(|| "declined".to_owned()) },
        Status::Canceled => State::Canceled,
    };
    Intent { id: intent.id.to_string(), order_id: Some(intent.order_id), state }
}

fn refusal(rejection: Rejection) -> Trouble {
    let code = match rejection {
        Rejection::KeyReused => "key_reused",
        Rejection::UnknownMethod => "unknown_payment_method",
        Rejection::NotFound => "not_found",
        Rejection::Canceled => "canceled",
        Rejection::WrongStatus { .. } => "wrong_status",
        Rejection::MoreThanCharged { .. } => "more_than_charged",
    };
    Trouble::Refused { code: code.to_owned() }
}

fn parse(intent_id: &str) -> Result<IntentId, Trouble> {
    intent_id.parse().map_err(|_| refusal(Rejection::NotFound))
}

/// The same key names the same thing, which is how the sandbox honours keys.
fn digest(key: &str) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&blake3::hash(key.as_bytes()).as_bytes()[..16]);
    id
}
