//! Whoever talks to the gateway for the cluster: does what each stage wants, and reports what came of it.
//!
//! A call that was made may be carried out late, twice or never, and so may the report of it: the leader that made it
//! may be no leader any more, and not know.

use livedrop_domain::OrderId;
use livedrop_domain::payments::{Command, Outcome, Payment, RefundOutcome, Report, ReportRefund, Stage};

use crate::gateway::{Card, Gateway};
use crate::shop::Shop;

/// A call of the gateway, with the attempt that it is for.
#[derive(Debug, Clone)]
pub struct Call {
    order: OrderId,
    attempt: u32,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Create { amount: u64 },
    Confirm { intent: String },
    Get { intent: String },
    Cancel { intent: String },
    Refund { number: u32, amount: u64 },
}

/// What a payment wants now: one call, or one for each refund that is not done.
pub fn wanted(payment: &Payment) -> Vec<Call> {
    let (order, attempt) = (payment.order_id, payment.attempt);
    let intent = || payment.intent_id.clone().expect("it is known before anything is confirmed");
    let what = match payment.stage {
        Stage::Creating => What::Create { amount: payment.amount.amount },
        Stage::Confirming => What::Confirm { intent: intent() },
        Stage::Acting | Stage::Unknown => What::Get { intent: intent() },
        Stage::Cancelling | Stage::Abandoned => What::Cancel { intent: intent() },
        Stage::Charged | Stage::Closed => {
            let refunds = payment.open_refunds().map(|refund| {
                let what = What::Refund { number: refund.number, amount: refund.amount };
                Call { order, attempt: refund.attempt, what }
            });
            return refunds.collect();
        }
    };
    vec![Call { order, attempt, what }]
}

/// Carries a call out. Gives what is to be reported.
pub fn carry_out(call: &Call, gateway: &mut Gateway, card: Card) -> Command {
    let result = match &call.what {
        What::Create { amount } => gateway.create(call.order, *amount, card),
        What::Confirm { intent } => gateway.confirm(intent, card),
        What::Get { intent } => gateway.get(intent),
        What::Cancel { intent } => gateway.cancel(intent),
        What::Refund { number, amount } => {
            let result = gateway.refund((call.order, *number, call.attempt), *amount, card);
            return about_refund(call, *number, result);
        }
    };
    about_intent(call, result)
}

/// What is reported when nobody knows whether a call was carried out. Of a refund that is nothing: it is asked for again.
pub fn not_known(call: &Call) -> Option<Command> {
    let is_refund = matches!(call.what, What::Refund { .. });
    (!is_refund).then(|| about_intent(call, Outcome::Unknown))
}

/// Reports; that it comes too late is no surprise.
pub fn report(shop: &mut Shop, command: Command) {
    shop.run(command).ok();
}

fn about_intent(call: &Call, result: Outcome) -> Command {
    Command::Report(Report { order_id: call.order, attempt: call.attempt, result })
}

fn about_refund(call: &Call, number: u32, result: RefundOutcome) -> Command {
    Command::ReportRefund(ReportRefund { order_id: call.order, number, attempt: call.attempt, result })
}
