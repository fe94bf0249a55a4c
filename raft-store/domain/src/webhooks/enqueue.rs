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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WebhookId;
    use crate::machine::testing::Machine;
    use crate::webhooks::testing::{RETRY_MS, attempted, create, edit, news};
    use crate::webhooks::{Command, Edit, cursor, deliveries};

    fn enqueue(from: u64, through: u64, deliveries: Vec<NewDelivery>) -> Command {
        Command::Enqueue(Enqueue { from, through, deliveries })
    }

    #[test]
    fn what_is_enqueued_is_due_at_once() {
        let mut machine = Machine::with_deliveries(2);
        assert_eq!((machine.due(), machine.told("Due")), (vec![1, 2], 1));
        let delivery = machine.delivery(1);
        assert_eq!((delivery.state, delivery.attempt, delivery.tries.len()), (State::Pending, 1, 0));
        machine.enqueue(vec![]).expect("nobody else enqueues");
        assert_eq!(machine.told("Due"), 1, "nothing was made");
    }

    #[test]
    fn of_two_leaders_that_enqueue_from_the_same_cursor_one_is_refused() {
        let mut machine = Machine::with_endpoint();
        machine.webhooks(enqueue(0, 5, vec![news(3)])).expect("nobody has enqueued");
        let second = machine.webhooks(enqueue(0, 7, vec![news(3), news(6)]));
        assert_eq!(second, Err(Rejection::Stale { cursor: 5 }.into()));
        assert_eq!((machine.delivered_or_not(), cursor(&machine.view).ok()), (vec![3], Some(5)));
        machine.webhooks(enqueue(5, 7, vec![news(6)])).expect("it is the cursor");
    }

    #[test]
    fn parts_that_leave_the_cursor_are_enqueued_once_whoever_repeats_them() {
        let mut machine = Machine::with_endpoint();
        let made = |made, cursor| Ok(Reply::Enqueued { deliveries: made, cursor });
        assert_eq!(machine.webhooks(enqueue(0, 0, vec![news(1)])), made(1, 0));
        machine.webhooks(Command::Attempted(attempted(1, 200))).expect("it is due");
        assert_eq!(machine.webhooks(enqueue(0, 2, vec![news(1), news(2), news(2)])), made(1, 2));
        assert_eq!((machine.delivery(1).state, machine.due()), (State::Delivered, vec![2]));
    }

    #[test]
    fn nothing_is_made_for_endpoints_that_are_gone_or_disabled() {
        let mut machine = Machine::with_endpoint();
        machine.webhooks(Command::Create(create(2))).expect("the id is free");
        machine.webhooks(Command::Edit(Edit { enabled: Some(false), ..edit() })).expect("it is there");
        let to = |n, index| NewDelivery { endpoint_id: WebhookId::from_u128(n), ..news(index) };
        let answer = machine.enqueue(vec![to(1, 1), to(2, 1), to(3, 1)]);
        assert_eq!(answer, Ok(Reply::Enqueued { deliveries: 1, cursor: 1 }));
        let (one, two) = (WebhookId::from_u128(1), WebhookId::from_u128(2));
        let count = |id| deliveries(&machine.view, id, None, 9).expect("memory does not fail").len();
        assert_eq!((count(one), count(two)), (0, 1));
    }

    #[test]
    fn events_behind_the_cursor_and_what_is_too_long_are_refused() {
        let mut machine = Machine::with_deliveries(3);
        for wrong in [
            enqueue(3, 2, vec![]),
            enqueue(3, 4, vec![news(3)]),
            enqueue(3, 4, vec![NewDelivery { kind: String::new(), ..news(4) }]),
            enqueue(3, 4, vec![NewDelivery { body: vec![0; BODY_MAX + 1], ..news(4) }]),
            enqueue(3, 4, vec![news(4); ENQUEUE_MAX + 1]),
        ] {
            assert_eq!(machine.webhooks(wrong), Err(Rejection::BadField.into()));
        }
        assert_eq!((machine.delivered_or_not(), cursor(&machine.view).ok()), (vec![3, 2, 1], Some(3)));
    }

    #[test]
    fn what_is_due_is_read_page_by_page_past_what_is_on_its_way() {
        let mut machine = Machine::with_deliveries(5);
        machine.webhooks(Command::Attempted(attempted(1, 500))).expect("it is due");
        let first = crate::webhooks::due(&machine.view, machine.now, 2).expect("memory does not fail");
        let rest = crate::webhooks::due_after(&machine.view, &first[1], machine.now, 9).expect("memory does not fail");
        let indices = |page: &[crate::webhooks::Waiting]| page.iter().map(|it| it.index).collect::<Vec<_>>();
        assert_eq!((indices(&first), indices(&rest)), (vec![2, 3], vec![4, 5]));
        machine.now.0 += RETRY_MS;
        assert_eq!(machine.due(), [2, 3, 4, 5, 1], "longest overdue first");
    }

    #[test]
    fn deliveries_are_listed_newest_first_page_by_page() {
        let machine = Machine::with_deliveries(5);
        let (one, page) = (WebhookId::from_u128(1), |rows: Vec<((u64, u32), Delivery)>| -> Vec<_> {
            rows.into_iter().map(|(position, _)| position).collect()
        });
        let first = page(deliveries(&machine.view, one, None, 3).expect("memory does not fail"));
        let rest = page(deliveries(&machine.view, one, Some(first[2]), 3).expect("memory does not fail"));
        assert_eq!((first, rest), (vec![(5, 0), (4, 0), (3, 0)], vec![(2, 0), (1, 0)]));
    }
}
