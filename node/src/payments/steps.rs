//! What a payment needs next of the gateway, and what its answer means to the log. One call at a time:
//!
//! | stage | asked | told to the log |
//! |---|---|---|
//! | creating | make a payment, unconfirmed | its id, refused, unknown |
//! | confirming | take the money, by id (after a pause or on a new leader: what became of it, first) | taken, declined, buyer must act, unknown |
//! | acting, unknown | what became of it | what it says |
//! | cancelling, abandoned | what became of it, then to call it off | called off, or taken after all |
//! | charged, with a refund under way | what was refunded, then to refund | done, or failed for good |
//!
//! Keys of calls are made of the order and the number of the intent in the log, so whoever leads asks with the same. A
//! gateway answers a key as it did the first time, also after it had trouble, so what came of a call is asked for
//! without one. Calling off is the same however often it is asked for, and each time has a key of its own.

use std::time::Duration;

use livedrop_domain::payments::{Command, Outcome, Payment, Refund, RefundOutcome, Report, ReportRefund, Stage};

use super::gateway::{self, Charge, Gateway, Intent, RefundAsk, RefundState, State, Trouble};
use super::pause::random;

/// The longest rest of a refund that the gateway refuses.
const REFUND_REST_MAX: Duration = Duration::from_secs(3_600);

/// What one look at a payment came to.
#[derive(Debug)]
pub enum Step {
    /// The log must know.
    Report(Command),
    /// The log must know, and the gateway needs a moment: the usual one, or at least this long.
    ReportAndWait(Command, Duration),
    /// Nothing new: look again later.
    Later,
    /// Nobody needs the gateway any more.
    Nothing,
}

/// Asks the gateway once for what the payment needs. `fresh` says that this very worker has just put the intent in the
/// log, so nobody can have acted on it before.
pub async fn next(gateway: &dyn Gateway, payment: &Payment, fresh: bool) -> Step {
    match payment.stage {
        Stage::Creating => create(gateway, payment).await,
        Stage::Confirming if fresh => confirm(gateway, payment).await,
        Stage::Confirming => confirm_unless_done(gateway, payment).await,
        Stage::Acting | Stage::Unknown => poll(gateway, payment).await,
        Stage::Cancelling | Stage::Abandoned => cancel(gateway, payment).await,
        Stage::Charged => match payment.open_refunds().next() {
            Some(refund) => pay_back(gateway, payment, refund).await,
            None => Step::Nothing,
        },
        Stage::Closed => Step::Nothing,
    }
}

async fn create(gateway: &dyn Gateway, payment: &Payment) -> Step {
    match gateway.create(&key(payment, "create"), &charge(payment)).await {
        Ok(intent) => Step::Report(report(payment, Outcome::Created { intent_id: intent.id })),
        Err(Trouble::Refused { code }) => Step::Report(report(payment, Outcome::Refused { code })),
        // A payment that may have been made is not confirmed and takes no money, so another one may be made.
        Err(Trouble::Unknown(why)) => {
            tracing::debug!(order_id = %payment.order_id, why, "it is not known whether a payment was made");
            Step::ReportAndWait(report(payment, Outcome::Unknown), Duration::ZERO)
        }
        Err(trouble) => later(payment, "create", &trouble),
    }
}

async fn confirm(gateway: &dyn Gateway, payment: &Payment) -> Step {
    let Some(id) = intent_id(payment) else { return Step::Nothing };
    match gateway.confirm(&key(payment, "confirm"), id, &charge(payment)).await {
        Ok(intent) => told(payment, intent),
        // It is called off next, and the truth is found then, whatever it is.
        Err(Trouble::Refused { code }) => Step::Report(report(payment, Outcome::Declined { code })),
        Err(Trouble::Unknown(why)) => {
            tracing::info!(order_id = %payment.order_id, why, "it is not known whether a payment was confirmed");
            Step::ReportAndWait(report(payment, Outcome::Unknown), Duration::ZERO)
        }
        Err(trouble) => later(payment, "confirm", &trouble),
    }
}

/// Another leader, or an earlier try, may have confirmed it.
async fn confirm_unless_done(gateway: &dyn Gateway, payment: &Payment) -> Step {
    let Some(id) = intent_id(payment) else { return Step::Nothing };
    match gateway.retrieve(id, &charge(payment)).await {
        Ok(Intent { state: State::NotConfirmed, .. }) => confirm(gateway, payment).await,
        Ok(intent) => told(payment, intent),
        Err(trouble) => later(payment, "retrieve", &trouble),
    }
}

async fn poll(gateway: &dyn Gateway, payment: &Payment) -> Step {
    let Some(id) = intent_id(payment) else { return Step::Nothing };
    match gateway.retrieve(id, &charge(payment)).await {
        Ok(Intent { state: State::ActionRequired { .. }, .. }) if payment.stage == Stage::Acting => Step::Later,
        Ok(Intent { state: State::Processing, .. }) if payment.stage == Stage::Unknown => Step::Later,
        Ok(intent) => told(payment, intent),
        Err(trouble) => later(payment, "retrieve", &trouble),
    }
}

async fn cancel(gateway: &dyn Gateway, payment: &Payment) -> Step {
    let Some(id) = intent_id(payment) else { return Step::Report(report(payment, Outcome::Canceled)) };
    let charge = charge(payment);
    let seen = match gateway.retrieve(id, &charge).await {
        Ok(Intent { state: State::NotConfirmed | State::ActionRequired { .. } | State::Declined { .. }, .. }) => {
            let key = format!("ld:{}:cancel:{}:{:08x}", payment.order_id, payment.attempt, random());
            gateway.cancel(&key, id, &charge).await
        }
        seen => seen,
    };
    match seen {
        Ok(Intent { state: state @ (State::Canceled | State::Succeeded), .. }) => {
            Step::Report(report(payment, outcome(state)))
        }
        Ok(_) => Step::Later,
        Err(trouble) => later(payment, "cancel", &trouble),
    }
}

async fn pay_back(gateway: &dyn Gateway, payment: &Payment, refund: &Refund) -> Step {
    let Some(id) = intent_id(payment) else { return Step::Nothing };
    // A gateway forgets keys in time, and a leader may come back later than that: what it did is asked first.
    match gateway.refunds(id).await {
        Ok(listed) => {
            if let Some(seen) = of_this(&listed, refund) {
                return refunded(payment, refund, seen.clone());
            }
        }
        Err(trouble) => return later(payment, "list refunds", &trouble),
    }
    let Refund { number, attempt, amount, .. } = *refund;
    let ask = RefundAsk { order_id: payment.order_id, number, attempt, amount };
    let key = format!("ld:{}:refund:{number}:{attempt}", payment.order_id);
    match gateway.refund(&key, id, &ask).await {
        Ok(seen) => refunded(payment, refund, seen),
        Err(Trouble::Refused { code }) => match gateway.refunds(id).await {
            // Somebody has paid it back by hand, past the shop.
            Ok(listed) if is_covered(&listed, payment, refund) => {
                tracing::warn!(order_id = %payment.order_id, number, code, "this refund was done past the shop");
                let refund_id = listed.last().map_or_else(|| code.clone(), |last| last.id.clone());
                Step::Report(report_refund(payment, refund, RefundOutcome::Done { refund_id }))
            }
            Ok(_) => failed(payment, refund, code),
            Err(trouble) => later(payment, "list refunds", &trouble),
        },
        Err(trouble) => later(payment, "refund", &trouble),
    }
}

/// What the gateway lists of a refund: one that is done or on its way, else the latest attempt, which failed.
fn of_this<'a>(listed: &'a [gateway::Refund], refund: &Refund) -> Option<&'a gateway::Refund> {
    let of_number = || listed.iter().filter(|seen| seen.number == Some(refund.number) && seen.amount == refund.amount);
    let live = of_number().find(|seen| is_live(seen));
    live.or_else(|| of_number().find(|seen| seen.attempt == Some(refund.attempt)))
}

fn is_live(seen: &gateway::Refund) -> bool {
    !matches!(seen.state, RefundState::Failed { .. })
}

/// Whether more went back than the shop knows of, enough for this refund too.
fn is_covered(listed: &[gateway::Refund], payment: &Payment, refund: &Refund) -> bool {
    let back: u64 = listed.iter().filter(|seen| seen.state == RefundState::Done).map(|seen| seen.amount).sum();
    back >= payment.refunded().saturating_add(refund.amount)
}

fn refunded(payment: &Payment, refund: &Refund, seen: gateway::Refund) -> Step {
    match seen.state {
        RefundState::Done => Step::Report(report_refund(payment, refund, RefundOutcome::Done { refund_id: seen.id })),
        RefundState::Pending => Step::Later,
        RefundState::Failed { code } => failed(payment, refund, code),
    }
}

/// The gateway will never do it under this key. It is owed all the same, so it is asked again, under the next, and
/// later each time: what it refuses today it may do when somebody has put it in order there.
fn failed(payment: &Payment, refund: &Refund, code: String) -> Step {
    let attempt = refund.attempt;
    tracing::warn!(order_id = %payment.order_id, number = refund.number, attempt, code, "a refund failed; it is tried again");
    let rest = Duration::from_secs(1 << attempt.min(12)).min(REFUND_REST_MAX);
    Step::ReportAndWait(report_refund(payment, refund, RefundOutcome::Failed { code }), rest)
}

fn told(payment: &Payment, intent: Intent) -> Step {
    let unsettled = matches!(intent.state, State::NotConfirmed | State::Processing);
    let command = report(payment, outcome(intent.state));
    if unsettled { Step::ReportAndWait(command, Duration::ZERO) } else { Step::Report(command) }
}

/// What the log calls what the gateway says.
pub fn outcome(state: State) -> Outcome {
    match state {
        State::NotConfirmed => Outcome::NotConfirmed,
        State::ActionRequired { url } => Outcome::ActionRequired { url },
        State::Processing => Outcome::Processing,
        State::Succeeded => Outcome::Succeeded,
        State::Declined { code } => Outcome::Declined { code },
        State::Canceled => Outcome::Canceled,
    }
}

/// What is told to the log about the latest intent of a payment.
pub fn report(payment: &Payment, result: Outcome) -> Command {
    Command::Report(Report { order_id: payment.order_id, attempt: payment.attempt, result })
}

fn report_refund(payment: &Payment, refund: &Refund, result: RefundOutcome) -> Command {
    let (order_id, number, attempt) = (payment.order_id, refund.number, refund.attempt);
    Command::ReportRefund(ReportRefund { order_id, number, attempt, result })
}

fn later(payment: &Payment, call: &str, trouble: &Trouble) -> Step {
    tracing::debug!(order_id = %payment.order_id, call, %trouble, "the gateway is asked again later");
    Step::Later
}

fn intent_id(payment: &Payment) -> Option<&str> {
    payment.intent_id.as_deref()
}

/// What a payment is to take, of whom, for what.
pub fn charge(payment: &Payment) -> Charge {
    Charge { order_id: payment.order_id, amount: payment.amount, method: payment.method.clone() }
}

fn key(payment: &Payment, call: &str) -> String {
    format!("ld:{}:{call}:{}", payment.order_id, payment.attempt)
}

#[cfg(test)]
mod tests;
