use super::{Swept, Tick, Ticked, swept, swept_key};
use crate::journal::{self, Kept};
use crate::tx::Tx;
use crate::{
    Entry, Fault, OrderId, SessionId, accounts, drops, idempotency, notifications, orders, payments, waitlist, webhooks,
};

/// Does a bounded amount of what is due: drops first, then waiting lines, then holds, then orders of cancelled drops,
/// then keys, then deliveries and notices, then sessions and the keys that sign for them, then the journal. It is never
/// rejected.
pub(crate) fn tick(tx: &mut Tx, entry: &Entry, command: &Tick) -> Result<Ticked, Fault> {
    let before = swept(tx)?;
    let mut sweep = Sweep { tx, entry, left: command.budget as usize, swept: before };
    sweep.drops()?;
    sweep.lines()?;
    sweep.holds()?;
    sweep.windings()?;
    sweep.keys()?;
    sweep.halted_webhooks()?;
    sweep.old_deliveries()?;
    sweep.sessions()?;
    sweep.signing_keys()?;
    sweep.old_notices()?;
    sweep.journal(command.kept())?;
    let Sweep { left, swept, .. } = sweep;
    if swept != before {
        tx.put(swept_key(), &swept);
    }
    Ok(Ticked { done: command.budget - left as u32, more: left == 0 })
}

struct Sweep<'s, 't> {
    tx: &'s mut Tx<'t>,
    entry: &'s Entry,
    /// Of the budget.
    left: usize,
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

    fn lines(&mut self) -> Result<(), Fault> {
        while self.left > 0 {
            let Some(id) = waitlist::first_due(self.tx)? else { break };
            let done = waitlist::go_on(self.tx, self.entry, id, self.left)?;
            // That there is nothing to do is something found out, too.
            self.done(done.max(1));
        }
        Ok(())
    }

    /// Offers what the thing just done has freed, as far as the budget reaches.
    fn serve_lines(&mut self) -> Result<(), Fault> {
        let offered = waitlist::serve(self.tx, self.entry, self.left)?;
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

    fn done(&mut self, things: usize) {
        self.left -= things;
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
