use super::{MarkRead, Reply, table};
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Says that an account has read its notices up to one. What was read stays read, and what is not told yet cannot have
/// been read. It is never rejected, and emits nothing.
pub(super) fn mark_read(tx: &mut Tx, entry: &Entry, command: &MarkRead) -> Result<Reply, Stop> {
    let mut inbox = table::inbox(tx, command.account_id)?;
    let told = (entry.index.saturating_sub(1), u32::MAX);
    let through = command.through.min(told);
    if !inbox.is_read(through) {
        inbox.read_through = Some(through);
        table::put_inbox(tx, command.account_id, &inbox);
    }
    Ok(Reply::Changed(inbox))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;
    use crate::notifications::{Command, Position, inbox};
    use crate::{AccountId, Reply as Any, notifications};

    const ACCOUNT: AccountId = AccountId::from_u128(7);

    fn read(machine: &mut Machine, through: Position) -> Option<Position> {
        let answer = machine.run(Command::MarkRead(MarkRead { account_id: ACCOUNT, through }));
        let Ok(Any::Notifications(notifications::Reply::Changed(inbox))) = answer else { panic!("{answer:?}") };
        inbox.read_through
    }

    #[test]
    fn what_was_read_stays_read_and_what_is_to_come_is_not_read_yet() {
        let mut machine = Machine::with_drop(5);
        machine.index = 10;
        assert_eq!(read(&mut machine, (5, 1)), Some((5, 1)));
        assert_eq!(read(&mut machine, (4, 9)), Some((5, 1)));
        assert_eq!(read(&mut machine, (5, 2)), Some((5, 2)));
        assert_eq!(read(&mut machine, (u64::MAX, 0)), Some((13, u32::MAX)), "the entry before");
        assert_eq!(inbox(&machine.view, ACCOUNT).map(|inbox| inbox.read_through).ok(), Some(Some((13, u32::MAX))));
    }
}
