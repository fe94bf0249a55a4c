use super::table;
use crate::drops::{self, Drop};
use crate::tx::Tx;
use crate::{Entry, Fault};

/// How many who wait are read at a time.
const READ_AT_ONCE: usize = 256;

/// Sends at most `limit` away who wait for a drop that is over. Gives how many. What they were offered stays theirs.
pub(super) fn dissolve(tx: &mut Tx, entry: &Entry, drop: &Drop, limit: usize) -> Result<usize, Fault> {
    let mut done = 0;
    for item in drop.waited_for.clone().unwrap_or_default() {
        if done == limit {
            break;
        }
        let mut line = table::line(tx, drop.id, item)?;
        while done < limit && line.waiting > 0 {
            let next = table::waiting(tx, drop.id, item, line.first, READ_AT_ONCE.min(limit - done))?;
            if next.is_empty() {
                return Err(Fault::new("ending a line", format!("{} of {} are not there", line.waiting, drop.id)));
            }
            for (sequence, waiter) in next {
                table::delete_waiter(tx, drop.id, (item, sequence));
                table::delete_place(tx, drop.id, waiter.account_id);
                line.first = sequence + 1;
                line.waiting -= 1;
                done += 1;
            }
            tx.flush();
        }
        table::put_line(tx, drop.id, item, &line);
        if line.waiting == 0 {
            drops::change_line(tx, entry, drop.id, item, false)?;
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use crate::clock::is_due;
    use crate::drops::{Command, Steer};
    use crate::machine::testing::{Machine, drop};
    use crate::orders::Status;

    fn steer() -> Steer {
        Steer { drop_id: drop(1).drop_id, creator_id: drop(1).creator_id }
    }

    #[test]
    fn nobody_waits_for_a_drop_that_is_over() {
        for over in [Command::End(steer()), Command::Cancel(steer())] {
            let mut machine = Machine::sold_out(1);
            for buyer in 1..=5 {
                machine.join(100 + buyer, buyer, 1).expect("nothing is left");
            }
            machine.run(over).expect("it is live");
            let mut waiting = vec![machine.waiting().len()];
            while is_due(&machine.view, machine.now).expect("memory does not fail") {
                machine.tick_with(2);
                waiting.push(machine.waiting().len());
            }
            assert!(waiting.windows(2).all(|pair| pair[0] - pair[1] <= 2), "{waiting:?}");
            assert_eq!(waiting.last(), Some(&0));
            assert_eq!((machine.told("Offered"), machine.position(1)), (0, None));
        }
    }

    #[test]
    fn a_drop_whose_end_comes_leaves_its_offers_open() {
        let mut machine = Machine::with_product();
        let ends_at = machine.now.after_ms(100_000);
        let ending = crate::drops::Schedule { ends_at: Some(ends_at), ..drop(1) };
        machine.run(Command::Schedule(ending)).expect("the creator may");
        machine.place(1, 9, 5).expect("there are five");
        machine.join(101, 1, 1).expect("nothing is left");
        machine.join(102, 2, 9).expect("nothing is left");
        machine.join(103, 3, 9).expect("nothing is left");
        machine.cancel(1, 9).expect("it is reserved");
        machine.now = ends_at;
        machine.tick();
        assert_eq!((machine.waiting(), machine.order(101).status), (vec![], Status::Reserved));
        machine.cancel(101, 1).expect("it is reserved");
        assert_eq!(machine.counts(), (1, 4, 0), "nobody is offered what is over");
    }
}
