//! One value of everything about payments.

use livedrop_domain::orders::{self, Minute, Order, Tally};
use livedrop_domain::payments::{
    AskRefund, Cancel, Command, End, Gateway, Outcome, Pay, Payment, PlaceAndPay, Refund, RefundOutcome, Rejection,
    Reply, Report, ReportRefund, Stage, With,
};

use crate::values::{BUYER, CREATOR, NOW, ORDER, VERSION, order, place};

pub fn commands() -> Vec<Command> {
    let result = Outcome::Created { intent_id: "pi_1".into() };
    vec![
        Command::Pay(pay()),
        Command::PlaceAndPay(PlaceAndPay { place: place(), with: with() }),
        Command::Cancel(Cancel { order_id: ORDER, buyer_id: BUYER }),
        Command::Report(Report { order_id: ORDER, attempt: 1, result }),
        Command::Refund(AskRefund { order_id: ORDER, by: CREATOR, operator: true, amount: Some(499), restock: true }),
        Command::ReportRefund(ReportRefund { order_id: ORDER, number: 1, attempt: 2, result: done() }),
    ]
}

pub fn replies() -> Vec<Reply> {
    vec![
        Reply::Changed(paying(), payment().into()),
        Reply::Placed(paying(), payment().into()),
        Reply::Cancelled(paying(), Some(cancelled_payment().into())),
        Reply::Refunding(Order { status: orders::Status::Refunding, ..paying() }, refunded_payment().into(), 2),
    ]
}

pub fn rejections() -> Vec<Rejection> {
    vec![
        Rejection::NotFound,
        Rejection::WrongStatus { status: orders::Status::Refunded },
        Rejection::HoldOver,
        Rejection::BadMethod,
        Rejection::Stale { attempt: 3 },
        Rejection::BadAmount { left: 499 },
        Rejection::RestockNeedsAll,
        Rejection::TooManyRefunds,
    ]
}

pub fn outcomes() -> Vec<Outcome> {
    vec![
        Outcome::Created { intent_id: "pi_1".into() },
        Outcome::Succeeded,
        Outcome::Declined { code: "card_declined".into() },
        Outcome::ActionRequired { url: "https://example.com/3ds".into() },
        Outcome::Processing,
        Outcome::Unknown,
        Outcome::Canceled,
        Outcome::NotConfirmed,
        Outcome::Refused { code: "invalid_request".into() },
    ]
}

pub fn refund_outcomes() -> Vec<RefundOutcome> {
    vec![done(), RefundOutcome::Failed { code: "expired_or_canceled_card".into() }]
}

pub fn gateways() -> Vec<Gateway> {
    vec![Gateway::Sandbox, Gateway::Stripe]
}

pub fn stages() -> Vec<Stage> {
    use Stage::*;
    vec![Creating, Confirming, Acting, Unknown, Cancelling, Charged, Closed, Abandoned]
}

pub fn ends() -> Vec<End> {
    vec![End::Declined, End::Expired, End::Cancelled, End::DropCancelled]
}

pub fn pay() -> Pay {
    Pay { order_id: ORDER, buyer_id: BUYER, with: with() }
}

pub fn with() -> With {
    With { gateway: Gateway::Stripe, method: "pm_card_visa".into(), hold_ms: 90_000, give_up_ms: 30_000 }
}

fn done() -> RefundOutcome {
    RefundOutcome::Done { refund_id: "re_1".into() }
}

pub fn paying() -> Order {
    Order { status: orders::Status::Paying, extended_to: Some(NOW.after_ms(390_000)), ..order() }
}

/// As it is when it has just begun: all is left out that can be.
pub fn payment() -> Payment {
    Payment {
        order_id: ORDER,
        gateway: Gateway::Stripe,
        method: "pm_card_visa".into(),
        amount: order().amount(),
        stage: Stage::Creating,
        attempt: 1,
        intent_id: None,
        started_at: NOW,
        give_up_ms: 30_000,
        give_up_at: None,
        end: None,
        declined: None,
        next_action: None,
        refunds: vec![],
        version: VERSION,
    }
}

pub fn cancelled_payment() -> Payment {
    Payment {
        stage: Stage::Cancelling,
        attempt: 4,
        intent_id: Some("pi_1".into()),
        give_up_at: Some(NOW.after_ms(30_000)),
        end: Some(End::Declined),
        declined: Some("card_declined".into()),
        ..payment()
    }
}

pub fn acting_payment() -> Payment {
    Payment {
        stage: Stage::Acting,
        attempt: 3,
        intent_id: Some("pi_1".into()),
        next_action: Some("https://example.com/3ds".into()),
        ..payment()
    }
}

pub fn refunded_payment() -> Payment {
    let first = Refund {
        number: 1,
        amount: 499,
        restock: false,
        attempt: 1,
        requested_at: NOW,
        refund_id: Some("re_1".into()),
        done_at: Some(NOW.after_ms(1_000)),
    };
    let left = Refund {
        number: 2,
        amount: 9_499,
        restock: true,
        attempt: 2,
        requested_at: NOW.after_ms(2_000),
        refund_id: None,
        done_at: None,
    };
    let (intent_id, refunds) = (Some("pi_1".into()), vec![first, left]);
    Payment { stage: Stage::Charged, attempt: 2, intent_id, refunds, ..payment() }
}

pub fn tally() -> Tally {
    Tally {
        confirmed_orders: 9,
        confirmed_units: 12,
        revenue: 59_988,
        failed_orders: 1,
        expired_orders: 2,
        cancelled_orders: 3,
        refunded_orders: 4,
        refunded_units: 5,
        refunded: 24_995,
    }
}

pub fn minute() -> Minute {
    Minute { confirmed_orders: 9, confirmed_units: 12, revenue: 59_988 }
}
