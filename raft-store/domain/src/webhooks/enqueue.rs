use std::collections::BTreeMap;

use super::table;
use super::{BODY_MAX, Delivery, ENQUEUE_MAX, EVENT_NAME_MAX, Enqueue, Event, NewDelivery, Rejection, Reply, State};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Makes deliveries, due at once, and moves the cursor. Skips those to endpoints that are gone or disabled, and leaves
/// those that there are as they are: two leaders that enqueue the same events tell nobody twice.
///
/// Rejects, in this order: `BadField` (also events that the cursor is past), `Stale`.
/// Emits `Due` when it made any.
pub(super) fn enqueue(tx: &mut Tx, entry: &Entry, command: Enqueue) -> Result<Reply, Stop> {
    let Enqueue { from, through, deliveries } = command;
    let fits = |new: &NewDelivery| {
        new.index > from && (1..=EVENT_NAME_MAX).contains(&new.kind.len()) && new.body.len() <= BODY_MAX
    };
    let all_fit = deliveries.len() <= ENQUEUE_MAX && deliveries.iter().all(fits);
    ensure(through >= from && all_fit, Rejection::BadField)?;
    let cursor = table::cursor(tx)?;
    ensure(from == cursor, Rejection::Stale { cursor })?;
    // From here on it must succeed.
    let mut made = 0;
    let mut enabled = BTreeMap::new();
    for new in deliveries {
        let (whose, position) = ((new.creator_id, new.endpoint_id), (new.index, new.ordinal));
        let is_enabled = match enabled.get(&whose) {
            Some(known) => *known,
            None => table::endpoint(tx, whose.0, whose.1)?.is_some_and(|endpoint| endpoint.enabled),
        };
        enabled.insert(whose, is_enabled);
        if is_enabled && table::delivery(tx, new.endpoint_id, position)?.is_none() {
            table::insert(tx, entry, whose, position, &pending(entry, new));
            tx.flush();
            made += 1;
        }
    }
    if through > cursor {
        table::put_cursor(tx, through);
    }
    if made > 0 {
        tx.emit(Event::Due);
    }
    Ok(Reply::Enqueued { deliveries: made, cursor: through })
}

fn pending(entry: &Entry, new: NewDelivery) -> Delivery {
    Delivery {
        kind: new.kind,
        body: new.body,
        created_at: entry.now,
        state: State::Pending,
        attempt: 1,
        due_at: Some(entry.now),
        tries: Vec::new(),
    }
}
