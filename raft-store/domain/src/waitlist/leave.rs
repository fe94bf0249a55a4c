use super::{Leave, Line, Place, Reply, table};
use crate::drops;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Gives a place in line up; of whoever has none, or was offered something, nothing changes. It is never rejected.
pub(super) fn leave(tx: &mut Tx, entry: &Entry, command: Leave) -> Result<Reply, Stop> {
    let Leave { drop_id, account_id } = command;
    let place = table::place(tx, drop_id, account_id)?;
    let Some(Place { item, sequence, offered: None }) = place else { return Ok(Reply::Left) };
    // From here on it must succeed.
    let line = table::line(tx, drop_id, item)?;
    let line = Line { waiting: line.waiting.checked_sub(1).expect("no count is ever negative"), ..line };
    table::delete_waiter(tx, drop_id, (item, sequence));
    table::delete_place(tx, drop_id, account_id);
    table::put_line(tx, drop_id, item, &line);
    if line.waiting == 0 {
        drops::change_line(tx, entry, drop_id, item, false)?;
        // The clock may have been about to go on with it.
        drops::look_at_lines(tx, drop_id);
    }
    Ok(Reply::Left)
}

#[cfg(test)]
mod tests {
    use crate::machine::testing::Machine;
    use crate::orders;

    #[test]
    fn those_behind_move_up() {
        let mut machine = Machine::sold_out(1);
        for buyer in 1..=3 {
            machine.join(100 + buyer, buyer, 1).expect("nothing is left");
        }
        for _ in 0..2 {
            machine.leave(2);
            assert_eq!((machine.waiting(), machine.position(3), machine.position(2)), (vec![1, 3], Some(2), None));
        }
    }

    #[test]
    fn the_last_to_leave_leaves_no_line() {
        let mut machine = Machine::sold_out(1);
        machine.join(101, 1, 1).expect("nothing is left");
        machine.leave(1);
        machine.cancel(1, 9).expect("it is reserved");
        assert_eq!((machine.counts(), machine.told("Restocked")), ((1, 0, 0), 1));
        machine.place(2, 2, 1).expect("nobody waits");
    }

    #[test]
    fn what_nobody_waits_for_any_longer_is_for_sale() {
        let mut machine = Machine::sold_out(1);
        machine.join(101, 1, 1).expect("nothing is left");
        machine.pause();
        machine.cancel(1, 9).expect("it is reserved");
        machine.leave(1);
        machine.resume();
        assert_eq!((machine.counts(), machine.told("Offered")), ((1, 0, 0), 0));
        machine.place(2, 2, 1).expect("nobody waits");
    }

    #[test]
    fn whoever_leaves_keeps_what_they_were_offered() {
        let mut machine = Machine::sold_out(1);
        machine.join(101, 1, 1).expect("nothing is left");
        machine.cancel(1, 9).expect("it is reserved");
        machine.leave(1);
        assert_eq!(machine.order(101).status, orders::Status::Reserved);
    }
}
