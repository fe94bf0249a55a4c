//! Everybody who waits has one place and every place has somebody, drops know what is waited for, and what is free of it
//! is on its way to those who wait.

use std::collections::{BTreeMap, BTreeSet};

use super::Broken;
use crate::drops::Phase;
use crate::{DropId, View, drops, orders, waitlist};

pub(super) fn check(view: &dyn View) -> Result<(), Broken> {
    check_places(view)?;
    let lines: BTreeSet<(DropId, u16)> = check_lines(view)?;
    let due: BTreeSet<DropId> = waitlist::due(view, usize::MAX)?.into_iter().collect();
    for (drop, stock) in drops::all(view)? {
        let waited_for = drop.waited_for.clone().unwrap_or_default();
        let of_drop = lines.range((drop.id, 0)..=(drop.id, u16::MAX)).map(|(_, item)| *item);
        if !of_drop.eq(waited_for.iter().copied()) || drop.waited_for.as_ref().is_some_and(Vec::is_empty) {
            let item = waited_for.first().copied().unwrap_or_default();
            return Err(Broken::Line { drop: drop.id, item, what: "is not one that the drop knows of" });
        }
        for item in waited_for {
            let is_due = due.contains(&drop.id);
            let free = stock.0.get(usize::from(item)).is_none_or(|item| item.available > 0);
            let what = match drop.phase {
                Phase::Scheduled => "is for what has not begun",
                Phase::Live if free && !is_due => "is not offered what is free",
                Phase::Ended | Phase::Cancelled if !is_due => "is for what is over, and stays",
                _ => continue,
            };
            return Err(Broken::Line { drop: drop.id, item, what });
        }
        if due.contains(&drop.id) && drop.waited_for.is_none() {
            return Err(Broken::Line { drop: drop.id, item: 0, what: "is due and has nobody in it" });
        }
    }
    Ok(())
}

/// The lines that there are; in each wait as many as it says, at places that it has given out.
fn check_lines(view: &dyn View) -> Result<BTreeSet<(DropId, u16)>, Broken> {
    let mut waiting: BTreeMap<(DropId, u16), Vec<u64>> = BTreeMap::new();
    for (drop, item, sequence, _) in waitlist::all_waiters(view)? {
        waiting.entry((drop, item)).or_default().push(sequence);
    }
    let mut lines = BTreeSet::new();
    for (drop, item, line) in waitlist::all_lines(view)? {
        let places = waiting.remove(&(drop, item)).unwrap_or_default();
        let what = match () {
            () if places.len() as u64 != line.waiting => "has others in it than it says",
            () if places.is_empty() => "has nobody in it",
            () if places.iter().any(|place| !(line.first..line.next).contains(place)) => "has somebody outside of it",
            () => {
                lines.insert((drop, item));
                continue;
            }
        };
        return Err(Broken::Line { drop, item, what });
    }
    match waiting.first_key_value() {
        Some(((drop, item), _)) => Err(Broken::Line { drop: *drop, item: *item, what: "is not there" }),
        None => Ok(lines),
    }
}

/// Who waits has the place that they are at, and only that one; who has an offer has an order.
fn check_places(view: &dyn View) -> Result<(), Broken> {
    let waiters = waitlist::all_waiters(view)?.into_iter();
    let mut at: BTreeMap<_, _> =
        waiters.map(|(drop, item, sequence, waiter)| ((drop, item, sequence), waiter.account_id)).collect();
    for (drop, account, place) in waitlist::all_places(view)? {
        let what = match place.offered {
            None if at.remove(&(drop, place.item, place.sequence)) == Some(account) => continue,
            None => "is somebody else's",
            Some(order) => match orders::get(view, order)? {
                Some(order) if (order.drop_id, order.buyer_id) == (drop, account) => continue,
                _ => "became an offer that is not theirs",
            },
        };
        return Err(Broken::Place { drop, account, what });
    }
    match at.first_key_value() {
        Some(((drop, ..), account)) => Err(Broken::Place { drop: *drop, account: *account, what: "is not known" }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, drop};
    use crate::{codec, keys};

    /// Two wait for what is sold out; then rows are changed as a bug would.
    fn waited(bug: impl FnOnce(&mut Machine)) -> Result<(), Broken> {
        let mut machine = Machine::sold_out(1);
        for buyer in 1..=2 {
            machine.join(100 + buyer, buyer, 1).expect("nothing is left");
        }
        bug(&mut machine);
        check(&machine.view)
    }

    fn without(prefix: u8) -> &'static str {
        match waited(|machine| machine.view.0.retain(|key, _| key[0] != prefix)) {
            Err(Broken::Line { what, .. } | Broken::Place { what, .. }) => what,
            other => panic!("another law: {other:?}"),
        }
    }

    #[test]
    fn a_row_of_a_line_that_is_missing_is_found() {
        assert!(waited(|_| ()).is_ok());
        assert_eq!(without(keys::WAITING), "is somebody else's");
        assert_eq!(without(keys::WAITING_OF), "is not known");
        assert_eq!(without(keys::WAITLIST), "is not there");
    }

    #[test]
    fn a_line_that_counts_wrong_is_found() {
        let counted = waited(|machine| machine.change_line(|line| line.waiting = 3));
        assert!(matches!(counted, Err(Broken::Line { what: "has others in it than it says", .. })));
        let outside = waited(|machine| machine.change_line(|line| line.next = 1));
        assert!(matches!(outside, Err(Broken::Line { what: "has somebody outside of it", .. })));
    }

    #[test]
    fn a_drop_that_would_sell_what_is_waited_for_is_found() {
        let sold = waited(|machine| {
            let mut drop =
                drops::get(&machine.view, drop(1).drop_id).expect("memory does not fail").expect("it is there");
            drop.waited_for = None;
            machine.view.0.insert(keys::key(keys::DROP, &[&drop.id.bytes()]), codec::encode(&drop));
        });
        assert!(matches!(sold, Err(Broken::Line { what: "is not one that the drop knows of", .. })));
    }

    #[test]
    fn units_that_are_kept_from_those_who_wait_are_found() {
        let kept = waited(|machine| {
            let mut stock = drops::stock(&machine.view, drop(1).drop_id).expect("it is there");
            (stock.0[0].available, stock.0[0].held) = (1, 0);
            machine.view.0.insert(keys::key(keys::STOCK, &[&drop(1).drop_id.bytes()]), codec::encode(&stock));
        });
        assert!(matches!(kept, Err(Broken::Line { what: "is not offered what is free", .. })));
    }

    #[test]
    fn somebody_who_waits_twice_is_found() {
        let twice = waited(|machine| {
            let mut rows = machine.view.0.iter_mut().filter(|(key, _)| key[0] == keys::WAITING);
            let first = rows.next().expect("two wait").1.clone();
            *rows.next().expect("two wait").1 = first;
        });
        assert!(matches!(twice, Err(Broken::Place { .. })));
    }
}
