use super::{PlaceAndPay, Rejection, Reply, pay};
use crate::orders;
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Places an order and begins to pay for it, or neither.
///
/// Rejects `BadMethod`, then whatever the placing of an order is rejected for, in its room's words. Emits what placing
/// emits, then what paying does.
pub(super) fn place_and_pay(tx: &mut Tx, entry: &Entry, command: PlaceAndPay) -> Result<Reply, Stop> {
    let PlaceAndPay { place, with } = command;
    ensure(pay::is_method(&with.method), Rejection::BadMethod)?;
    let order = orders::place(tx, entry, place)?;
    // From here on it must succeed.
    let (order, payment) = pay::begin(tx, entry, order, with)?;
    Ok(Reply::Placed(order, payment))
}
