//! One value of everything that the sandbox stores and says.

use livedrop_domain::sandbox::{
    Cancel, Command, Confirm, Create, Intent, IntentId, Kind, Movement, PayBack, Refund, RefundId, Rejection, Reply,
    Status,
};
use livedrop_domain::{self as domain, Currency, Money};

use crate::values::{NOW, ORDER};

const ID: IntentId = IntentId::from_bytes([0x99; 16]);
const REFUND: RefundId = RefundId::from_bytes([0xaa; 16]);
const AMOUNT: Money = Money { amount: 9_998, currency: Currency::EUR };

pub fn commands() -> Vec<domain::Command> {
    vec![
        Command::Create(create()).into(),
        Command::Confirm(confirm()).into(),
        Command::Cancel(Cancel { id: ID }).into(),
        Command::Refund(pay_back()).into(),
    ]
}

pub fn replies() -> Vec<domain::Reply> {
    vec![Reply::Intent(intent()).into()]
}

pub fn rejections() -> Vec<domain::Rejection> {
    vec![
        Rejection::NotFound.into(),
        Rejection::UnknownMethod.into(),
        Rejection::KeyReused.into(),
        Rejection::Canceled.into(),
        Rejection::WrongStatus { status: Status::Declined }.into(),
        Rejection::MoreThanCharged { left: 8_998 }.into(),
    ]
}

pub fn statuses() -> Vec<Status> {
    vec![Status::RequiresConfirmation, Status::Succeeded, Status::Declined, Status::Canceled]
}

pub fn kinds() -> Vec<Kind> {
    vec![Kind::Charge, Kind::Refund]
}

pub fn create() -> Create {
    Create { id: ID, order_id: ORDER, amount: AMOUNT, method: "pm_card_ok".into() }
}

pub fn confirm() -> Confirm {
    Confirm { id: ID }
}

pub fn pay_back() -> PayBack {
    PayBack { id: ID, refund_id: REFUND, amount: 1_000 }
}

pub fn intent() -> Intent {
    Intent {
        id: ID,
        order_id: ORDER,
        amount: AMOUNT,
        method: "pm_card_ok".into(),
        status: Status::Succeeded,
        declined: None,
        refunds: vec![Refund { id: REFUND, amount: 1_000, at: NOW }],
        created_at: NOW,
        changed_at: NOW,
    }
}

pub fn declined_intent() -> Intent {
    Intent { status: Status::Declined, declined: Some("card_declined".into()), refunds: vec![], ..intent() }
}

pub fn movement() -> Movement {
    Movement { at: NOW, intent: ID, order_id: ORDER, kind: Kind::Charge, amount: AMOUNT }
}
