use super::{Swept, Tick, Ticked, complete, swept, swept_key};
use crate::journal::{self, Kept};
use crate::tx::Tx;
use crate::{
    Entry, Fault, OrderId, SessionId, Timestamp, accounts, audit, drops, idempotency, notifications, orders, payments,
    waitlist, webhooks,
};

/// One part of what is left of the budget goes to each kind of work first.
const SHARES: usize = 8;
/// Drops whose lines go on side by side.
const LINES_AT_ONCE: usize = 16;

type Work = fn(&mut Sweep, &Tick) -> Result<(), Fault>;

/// Each kind of work, those first whose delay somebody feels: drops, waiting lines, holds, orders of cancelled drops,
/// keys, deliveries, sessions and the keys that sign for them, notices, the audit trail, the
/// journal, rows that older programs left out.
const WORK: [Work; 12] = [
    |sweep, _| sweep.drops(),
    |sweep, _| sweep.lines(),
    |sweep, _| sweep.holds(),
    |sweep, _| sweep.windings(),
    |sweep, _| sweep.keys(),
    |sweep, _| sweep.halted_webhooks(),
    |sweep, _| sweep.old_deliveries(),
    |sweep, _| sweep.sessions().and_then(|()| sweep.signing_keys()),
    |sweep, _| sweep.old_notices(),
    |sweep, tick| sweep.audit(tick.audit_ms),
    |sweep, tick| sweep.journal(tick.kept()),
    |sweep, tick| if tick.completes == Some(true) { sweep.complete() } else { Ok(()) },
];

/// Does a bounded amount of what is due: a share of each kind of work, so that none is kept from its turn by how much
/// there is of another, and then what the budget still reaches, in order. It is never rejected.
pub(crate) fn tick(tx: &mut Tx, entry: &Entry, command: &Tick) -> Result<Ticked, Fault> {
    let before = swept(tx)?;
    let mut sweep = Sweep { tx, entry, left: command.budget as usize, reserve: 0, swept: before };
    for work in WORK {
        let share = sweep.left.div_ceil(SHARES);
        sweep.reserve = sweep.left - share;
        sweep.left = share;
        work(&mut sweep, command)?;
        sweep.left += std::mem::take(&mut sweep.reserve);
    }
    for work in WORK {
        work(&mut sweep, command)?;
    }
    let Sweep { left, swept, .. } = sweep;
    if swept != before {
        tx.put(swept_key(), &swept);
    }
    Ok(Ticked { done: command.budget - left as u32, more: left == 0 })
}

struct Sweep<'s, 't> {
    tx: &'s mut Tx<'t>,
    entry: &'s Entry,
    /// Of the budget, for the work at hand.
    left: usize,
    /// Of the budget, for other work.
    reserve: usize,
    swept: Swept,
}

impl Sweep<'_, '_> {
    fn drops(&mut self) -> Result<(), Fault> {
        for id in drops::due(self.tx, self.entry.now, self.left)? {
            drops::move_on(self.tx, self.entry, id)?;
            self.done(1);
        }
        self.serve_lines()
    }

    /// A drop that is over and sends a million away does not keep others from offering what is free.
    fn lines(&mut self) -> Result<(), Fault> {
        while self.left > 0 {
            let due = waitlist::due(self.tx, LINES_AT_ONCE)?;
            if due.is_empty() {
                break;
            }
            let each = self.left.div_ceil(due.len());
            for id in due {
                let limit = each.min(self.left);
                if limit == 0 {
                    break;
                }
                let done = waitlist::go_on(self.tx, self.entry, id, limit)?;
                // That there is nothing to do is something found out, too.
                self.done(done.max(1));
            }
        }
        Ok(())
    }

    /// Offers what the thing just done has freed, in the entry that frees it, for which it may take of what is kept for
    /// other work. What the budget does not reach waits with those who wait for it, and the next tick offers it.
    fn serve_lines(&mut self) -> Result<(), Fault> {
        let offered = waitlist::serve(self.tx, self.entry, self.left + self.reserve / 2)?;
        self.done(offered);
        Ok(())
    }

    fn holds(&mut self) -> Result<(), Fault> {
        while self.left > 0 {
            let Some((row, at, ids)) = orders::first_due(self.tx, self.swept.holds, self.entry.now)? else { break };
            self.swept.holds = at;
            let mut seen = 0;
            for id in ids.chunks_exact(16) {
                if self.left == 0 {
                    break;
                }
                let id = id.try_into().map(OrderId::from_bytes).expect("chunks have 16 bytes");
                payments::hold_over(self.tx, self.entry, id)?;
                self.done(1);
                self.serve_lines()?;
                seen += 16;
            }
            self.rest(row, &ids[seen..]);
        }
        Ok(())
    }

    fn windings(&mut self) -> Result<(), Fault> {
        while self.left > 0 {
            let Some((drop, at)) = drops::winding(self.tx, 1)?.pop() else { break };
            let orders = orders::of_drop(self.tx, drop, at, self.left)?;
            let (last, all) = (orders.last().map(|(at, _)| *at), orders.len() < self.left);
            for (_, order) in orders {
                payments::wind_down(self.tx, self.entry, order)?;
                self.done(1);
            }
            drops::wound(self.tx, drop, last.filter(|_| !all));
            // That there are no more is something found out, too: many drops without orders are not swept at once.
            self.done(usize::from(all));
        }
        Ok(())
    }

    fn keys(&mut self) -> Result<(), Fault> {
        while self.left > 0 {
            let Some((row, at, names)) = idempotency::first_due(self.tx, self.swept.keys, self.entry.now)? else {
                break;
            };
            self.swept.keys = at;
            let mut seen = 0;
            for name in idempotency::names(&names).take(self.left) {
                idempotency::forget(self.tx, self.entry, name)?;
                self.done(1);
                seen += name.len();
            }
            self.rest(row, &names[seen..]);
        }
        Ok(())
    }

    fn halted_webhooks(&mut self) -> Result<(), Fault> {
        while self.left > 0 {
            match webhooks::wind_up(self.tx, self.left)? {
                0 => break,
                done => self.done(done),
            }
        }
        Ok(())
    }

    fn old_deliveries(&mut self) -> Result<(), Fault> {
        while self.left > 0 {
            let from = self.swept.deliveries.unwrap_or_default();
            let Some((row, at, names)) = webhooks::first_old(self.tx, from, self.entry.now)? else { break };
            self.swept.deliveries = Some(at);
            let mut seen = 0;
            for name in webhooks::names(&names).take(self.left) {
                webhooks::forget(self.tx, name)?;
                self.done(1);
                seen += name.len();
            }
            self.rest(row, &names[seen..]);
        }
        Ok(())
    }

    fn sessions(&mut self) -> Result<(), Fault> {
        while self.left > 0 {
            let from = self.swept.sessions.unwrap_or_default();
            let Some((row, at, ids)) = accounts::first_due(self.tx, from, self.entry.now)? else { break };
            self.swept.sessions = Some(at);
            let now = ids.len().min(self.left * 16);
            for id in ids[..now].chunks_exact(16) {
                let id = id.try_into().map(SessionId::from_bytes).expect("chunks have 16 bytes");
                accounts::forget(self.tx, self.entry, id)?;
                self.done(1);
            }
            self.rest(row, &ids[now..]);
        }
        Ok(())
    }

    fn old_notices(&mut self) -> Result<(), Fault> {
        while self.left > 0 {
            let from = self.swept.notices.unwrap_or_default();
            let Some((row, at, names)) = notifications::first_old(self.tx, from, self.entry.now)? else { break };
            self.swept.notices = Some(at);
            let mut seen = 0;
            for name in notifications::names(&names).take(self.left) {
                notifications::forget(self.tx, name);
                self.done(1);
                seen += name.len();
            }
            self.rest(row, &names[seen..]);
        }
        Ok(())
    }

    fn signing_keys(&mut self) -> Result<(), Fault> {
        let retired = accounts::retire_keys(self.tx, self.entry, self.left)?;
        self.done(retired);
        Ok(())
    }

    fn audit(&mut self, audit_ms: Option<u64>) -> Result<(), Fault> {
        let Some(audit_ms) = audit_ms.filter(|_| self.left > 0) else { return Ok(()) };
        let before = Timestamp(self.entry.now.0.saturating_sub(audit_ms));
        let floor = self.swept.audit.unwrap_or_default();
        if let Some(last) = audit::trim(self.tx, self.entry, floor, before, self.left)? {
            // Numbers have no gaps.
            self.done((last - floor) as usize);
            self.swept.audit = Some(last);
        }
        Ok(())
    }

    fn journal(&mut self, kept: Kept) -> Result<(), Fault> {
        if self.left == 0 || !journal::is_long(self.tx, self.swept.journal, self.entry.now, kept)? {
            return Ok(());
        }
        let old = journal::old(self.tx, self.swept.journal, self.entry, kept, self.left)?;
        for index in &old.indices {
            journal::forget(self.tx, *index);
        }
        self.done(old.indices.len());
        self.swept.journal = old.floor;
        Ok(())
    }

    fn complete(&mut self) -> Result<(), Fault> {
        let mut completed = self.swept.completed.unwrap_or_default();
        while self.left > 0 && !completed.is_all() {
            let seen;
            (seen, completed) = complete::go_on(self.tx, self.entry, completed, self.left)?;
            self.swept.completed = Some(completed);
            self.done(seen);
        }
        Ok(())
    }

    fn done(&mut self, things: usize) {
        let of_reserve = things.saturating_sub(self.left);
        self.left -= things - of_reserve;
        self.reserve -= of_reserve;
        self.tx.flush();
    }

    /// What the budget did not reach stays in the row.
    fn rest(&mut self, row: Vec<u8>, bytes: &[u8]) {
        match bytes {
            [] => self.tx.delete(row),
            rest => self.tx.put_bytes(row, rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{is_due, is_journal_long};
    use crate::idempotency::KEPT_MS;
    use crate::machine::testing::{Machine, drop};
    use crate::orders::{Status, get};

    fn statuses(machine: &Machine, ids: &[OrderId]) -> Vec<Status> {
        let order = |id| get(&machine.view, id).expect("memory does not fail").expect("it is there");
        ids.iter().map(|id| order(*id).status).collect()
    }

    #[test]
    fn holds_expire_in_ticks_of_bounded_work() {
        let mut machine = Machine::with_drop(5);
        let ids: Vec<_> = (1..=5).map(|order| machine.place(order, 1, 1).expect("there are five").id).collect();
        machine.now.0 += drop(1).hold_ms;
        let mut expired = Vec::new();
        while is_due(&machine.view, machine.now).expect("memory does not fail") {
            machine.tick_with(2);
            expired.push(statuses(&machine, &ids).iter().filter(|status| **status == Status::Expired).count());
        }
        assert_eq!(expired, [2, 4, 5]);
        let stock = drops::stock(&machine.view, drop(1).drop_id).expect("it is there");
        assert_eq!((stock.0[0].available, stock.0[0].held), (5, 0));
        assert_eq!(machine.told("Expired"), 5);
    }

    #[test]
    fn a_hold_ends_when_its_time_is_over_and_not_before() {
        let mut machine = Machine::with_drop(5);
        let id = machine.place(1, 1, 1).expect("there are five").id;
        machine.now.0 += drop(1).hold_ms - 1;
        machine.tick();
        assert_eq!(statuses(&machine, &[id]), [Status::Reserved]);
        machine.now.0 += 1;
        machine.tick();
        assert_eq!(statuses(&machine, &[id]), [Status::Expired]);
    }

    #[test]
    fn nothing_is_due_in_an_idle_state() {
        let mut machine = Machine::with_drop(5);
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
        machine.place(1, 1, 1).expect("there are five");
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
    }

    #[test]
    fn a_key_is_kept_a_day_and_then_forgotten() {
        let mut machine = Machine::with_drop(5);
        let first = machine.place_keyed(1, 1, "key").expect("there are five");
        machine.now.0 += KEPT_MS - 1;
        machine.tick();
        assert_eq!(machine.place_keyed(2, 1, "key"), Ok(first.clone()));
        machine.now.0 += 1;
        machine.tick();
        let second = machine.place_keyed(3, 1, "key").expect("there are units again");
        assert_ne!(second.id, first.id);
    }

    /// Drop 2 has a unit, which an order holds; drop 1 is sold out, and so many wait for it.
    fn with_line(waiting: u128) -> (Machine, OrderId) {
        let mut machine = Machine::with_drop(1);
        machine.place(1, 9, 1).expect("there is one");
        for buyer in 1..=waiting {
            let join = machine.join_command(10_000 + buyer, buyer, None, 1);
            machine.run_unchecked(join).expect("nothing is left");
        }
        let other = drops::Schedule { drop_id: crate::DropId::from_u128(2), hold_ms: 120_000, ..drop(1) };
        machine.run(drops::Command::Schedule(other)).expect("the creator may");
        let (order_id, buyer_id) = (OrderId::from_u128(2), machine.buyer(9));
        let place = orders::Place { order_id, buyer_id, drop_id: crate::DropId::from_u128(2), sku: None, quantity: 1 };
        machine.run(orders::Command::Place(place)).expect("there are five");
        (machine, order_id)
    }

    #[test]
    fn a_long_line_that_is_sent_away_keeps_no_hold_from_ending() {
        let (mut machine, held) = with_line(60);
        let steer = drops::Steer { drop_id: drop(1).drop_id, creator_id: drop(1).creator_id };
        machine.run(drops::Command::End(steer)).expect("it is live");
        machine.now = machine.order(2).hold_expires_at;
        machine.tick_with(32);
        assert_eq!(statuses(&machine, &[held]), [Status::Expired]);
        assert!((1..60).contains(&machine.waiting().len()), "the line goes on as well: {}", machine.waiting().len());
    }

    #[test]
    fn many_holds_that_end_at_once_keep_no_line_from_its_offers_and_no_key_from_its_end() {
        let mut machine = Machine::with_drop(600);
        for order in 1..=300 {
            machine.place_keyed(order, 9, &format!("key {order}")).expect("there are enough");
        }
        machine.place(301, 8, 300).expect("there are three hundred");
        for buyer in 1..=300 {
            let join = machine.join_command(10_000 + buyer, buyer, None, 1);
            machine.run_unchecked(join).expect("nothing is left");
        }
        machine.cancel(301, 8).expect("it is reserved");
        assert_eq!(machine.waiting().len(), 44, "one command makes a bounded number of offers");
        machine.now.0 += KEPT_MS;
        machine.tick_with(64);
        let expired = machine.told("Expired");
        assert!((8..64).contains(&expired), "{expired}");
        assert!(machine.waiting().len() < 44, "the line goes on");
        let keys = machine.view.0.keys().filter(|key| key[0] == crate::keys::IDEMPOTENCY).count();
        assert!(keys < 300, "keys are forgotten as well");
    }

    #[test]
    fn a_line_that_is_sent_away_keeps_no_other_line_from_its_offers() {
        let mut machine = Machine::with_drop(1);
        machine.place(1, 9, 1).expect("there is one");
        for buyer in 1..=60 {
            let join = machine.join_command(10_000 + buyer, buyer, None, 1);
            machine.run_unchecked(join).expect("nothing is left");
        }
        let drop_id = crate::DropId::from_u128(2);
        let items = vec![drops::NewItem { sku: "default".into(), stock: 300 }];
        let other = drops::Schedule { drop_id, items, ..drop(1) };
        machine.run(drops::Command::Schedule(other)).expect("the creator may");
        let place = |n, quantity| {
            let (order_id, buyer_id) = (OrderId::from_u128(n), crate::AccountId::from_u128(1_009));
            orders::Command::Place(orders::Place { order_id, buyer_id, drop_id, sku: None, quantity })
        };
        machine.run(place(2, 300)).expect("there are so many");
        for n in 1..=300 {
            let (account_id, order_id) = (machine.buyer(n), OrderId::from_u128(20_000 + n));
            let join = waitlist::Join { drop_id, account_id, sku: None, quantity: 1, order_id };
            machine.run_unchecked(waitlist::Command::Join(join)).expect("nothing is left");
        }
        machine.cancel(2, 9).expect("it is reserved");
        let left = |machine: &Machine| waitlist::line(&machine.view, drop_id, 0).expect("it is read").waiting;
        assert_eq!(left(&machine), 44, "one command makes a bounded number of offers");
        let steer = drops::Steer { drop_id: drop(1).drop_id, creator_id: drop(1).creator_id };
        machine.run(drops::Command::End(steer)).expect("it is live");
        machine.tick_with(16);
        assert!(
            left(&machine) < 44 && machine.waiting().len() < 60,
            "{} and {}",
            left(&machine),
            machine.waiting().len()
        );
    }

    /// The log indices that the journal has rows of.
    fn journalled(machine: &Machine) -> Vec<u64> {
        journal::after(&machine.view, 0, 10_000)
            .expect("memory does not fail")
            .iter()
            .map(|(index, _)| *index)
            .collect()
    }

    fn is_long(machine: &Machine, kept: Kept) -> bool {
        is_journal_long(&machine.view, machine.now, kept).expect("memory does not fail")
    }

    #[test]
    fn journal_rows_beyond_the_count_go() {
        let mut machine = Machine::with_drop(5);
        let first = machine.index;
        machine.index += Kept::default().entries + 2_000;
        assert!(!is_long(&machine, Kept::default()), "the index moves with an entry");
        machine.place(1, 1, 1).expect("there are five");
        assert!(is_long(&machine, Kept::default()));
        machine.tick();
        assert!(journalled(&machine).iter().all(|index| *index > first));
        assert!(journal::floor(&machine.view).is_ok_and(|floor| floor > first));
        assert!(!is_long(&machine, Kept::default()));
    }

    #[test]
    fn journal_rows_go_when_they_are_old_but_the_last_thousand_stay() {
        let mut machine = Machine::with_drop(5);
        let kept = Kept { entries: 1_000_000, ms: 3_600_000 };
        while journalled(&machine).len() < 1_100 {
            machine.tick_keeping(10, kept);
        }
        machine.now.0 += kept.ms;
        assert!(!is_long(&machine, kept), "an idle cluster does not tick for each row");
        machine.now.0 += kept.ms;
        while is_long(&machine, kept) {
            machine.tick_keeping(10, kept);
        }
        let left = journalled(&machine);
        assert!((1_000..1_100).contains(&left.len()), "{}", left.len());
        assert_eq!(journal::floor(&machine.view).ok(), left.first().copied());
    }
}
