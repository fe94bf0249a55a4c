use super::{Cursor, Rejection, Reply, Told, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Moves the cursor, if it is where the caller saw it: of two leaders that told the caches of the same events, one is
/// refused and looks again.
///
/// Rejects, in this order: `BadField`, `OtherCursor`. Emits nothing: caches need not be told of it.
pub(super) fn told(tx: &mut Tx, entry: &Entry, command: &Told) -> Result<Reply, Stop> {
    let Told { from, through } = *command;
    ensure(through > from && through < entry.index, Rejection::BadField)?;
    let cursor = table::cursor(tx)?.through;
    ensure(from == cursor, Rejection::OtherCursor { cursor })?;
    // From here on it must succeed.
    table::put(tx, Cursor { through });
    Ok(Reply::Told { cursor: through })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cdn::{Command, cursor};
    use crate::machine::testing::Machine;

    fn told(machine: &mut Machine, from: u64, through: u64) -> Result<u64, crate::Rejection> {
        machine.run(Command::Told(Told { from, through })).map(|reply| match reply {
            crate::Reply::Cdn(Reply::Told { cursor }) => cursor,
            other => panic!("nothing was told: {other:?}"),
        })
    }

    /// A shop of five entries.
    fn shop() -> Machine {
        let mut machine = Machine::with_drop(2);
        machine.tick();
        machine.tick();
        machine
    }

    #[test]
    fn of_two_leaders_that_tell_from_the_same_cursor_one_is_refused() {
        let mut machine = shop();
        assert_eq!(told(&mut machine, 0, 2), Ok(2));
        assert_eq!(told(&mut machine, 0, 4), Err(Rejection::OtherCursor { cursor: 2 }.into()));
        assert_eq!(cursor(&machine.view).ok(), Some(Cursor { through: 2 }));
        assert_eq!(told(&mut machine, 2, 4), Ok(4), "it looked again");
    }

    #[test]
    fn a_cursor_neither_stays_nor_goes_back_nor_passes_what_has_happened() {
        let mut machine = shop();
        assert_eq!(told(&mut machine, 0, 3), Ok(3));
        for (from, through) in [(3, 3), (3, 2), (3, machine.index + 4), (3, u64::MAX)] {
            assert_eq!(told(&mut machine, from, through), Err(Rejection::BadField.into()), "{from} to {through}");
        }
        assert_eq!(cursor(&machine.view).ok(), Some(Cursor { through: 3 }));
    }
}
