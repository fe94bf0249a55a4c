use super::types::METHOD_MAX;
use super::{Event, Pay, Payment, Rejection, Reply, Stage, With, charge, table};
use crate::orders::{self, Order, Status};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Fault, Stop};

/// Begins to pay for a reserved order, whose units are held longer for it. What is free is paid at once.
///
/// Rejects, in this order: `BadMethod`, `NotFound` (also when it is somebody else's), `WrongStatus`, `HoldOver`.
/// Emits `Paying`, then `Due`; of what is free `Confirmed`.
pub(super) fn pay(tx: &mut Tx, entry: &Entry, command: Pay) -> Result<Reply, Stop> {
    let Pay { order_id, buyer_id, with } = command;
    ensure(is_method(&with.method), Rejection::BadMethod)?;
    let order = orders::get(tx, order_id)?.filter(|order| order.buyer_id == buyer_id).ok_or(Rejection::NotFound)?;
    ensure(order.status == Status::Reserved, Rejection::WrongStatus { status: order.status })?;
    ensure(order.held_until() > entry.now, Rejection::HoldOver)?;
    // From here on it must succeed.
    let (order, payment) = begin(tx, entry, order, with)?;
    Ok(Reply::Changed(order, payment))
}

pub(super) fn is_method(method: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=METHOD_MAX).contains(&method.len()) && method.bytes().all(is_fit)
}

/// Begins the payment of a reserved order.
pub(super) fn begin(tx: &mut Tx, entry: &Entry, order: Order, with: With) -> Result<(Order, Payment), Fault> {
    let payment = Payment {
        order_id: order.id,
        gateway: with.gateway,
        method: with.method,
        amount: order.amount(),
        stage: Stage::Creating,
        attempt: 1,
        intent_id: None,
        started_at: entry.now,
        give_up_ms: with.give_up_ms,
        give_up_at: None,
        end: None,
        declined: None,
        next_action: None,
        refunds: Vec::new(),
        version: entry.index,
    };
    let (order, payment) = match payment.amount.amount {
        0 => charge::charged(tx, entry, order, payment)?,
        _ => {
            let order = orders::begin_payment(tx, entry, order, with.hold_ms);
            tx.emit(Event::Due { order_id: order.id });
            (order, payment)
        }
    };
    Ok((order, table::put(tx, entry, payment, None)))
}
