use super::{Create, Intent, METHODS, Rejection, Reply, Status, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Makes an intent; asked for again, it is the one that there is, however far it has come.
///
/// Rejects, in this order: `UnknownMethod`, `KeyReused`.
pub(super) fn create(tx: &mut Tx, entry: &Entry, command: Create) -> Result<Reply, Stop> {
    let Create { id, order_id, amount, method } = command;
    ensure(METHODS.contains(&method.as_str()), Rejection::UnknownMethod)?;
    if let Some(known) = table::get(tx, id)? {
        let is_same = (known.order_id, known.amount, &known.method) == (order_id, amount, &method);
        ensure(is_same, Rejection::KeyReused)?;
        return Ok(Reply::Intent(known));
    }
    // From here on it must succeed.
    let intent = Intent {
        id,
        order_id,
        amount,
        method,
        status: Status::RequiresConfirmation,
        declined: None,
        refunds: Vec::new(),
        created_at: entry.now,
        changed_at: entry.now,
    };
    table::put(tx, &intent);
    Ok(Reply::Intent(intent))
}
