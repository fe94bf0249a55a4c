use super::{Member, Promote, Rejection, Reply, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Says that a member becomes a voter; saying it again changes nothing.
///
/// Rejects, in this order: `NotAMember`, `Removed`.
pub(super) fn promote(tx: &mut Tx, entry: &Entry, command: &Promote) -> Result<Reply, Stop> {
    let member = table::get(tx, command.node_id)?.ok_or(Rejection::NotAMember)?;
    ensure(member.removed_index.is_none(), Rejection::Removed)?;
    if member.promoted_index.is_some() {
        return Ok(Reply::Changed(member));
    }
    let member = Member { to_vote: Some(true), promoted_index: Some(entry.index), ..member };
    table::put(tx, &member);
    Ok(Reply::Changed(member))
}

#[cfg(test)]
mod tests {
    use super::super::{Command, Register, Remove, get};
    use super::*;
    use crate::machine::testing::Machine;

    #[test]
    fn a_member_is_promoted_once() {
        let mut machine = Machine::default();
        let promote = |machine: &mut Machine| machine.run(Command::Promote(Promote { node_id: 3 }));
        assert_eq!(promote(&mut machine), Err(Rejection::NotAMember.into()));
        machine.run(Command::Register(Register { node_id: 3, incarnation: [3; 16], secret: None })).expect("new");
        let first = promote(&mut machine).expect("it is a member");
        assert_eq!(promote(&mut machine), Ok(first));
        let member = get(&machine.view, 3).expect("memory does not fail").expect("it is there");
        assert_eq!((member.to_vote, member.promoted_index), (Some(true), Some(3)));
        machine.run(Command::Remove(Remove { node_id: 3 })).expect("it is a member");
        assert_eq!(promote(&mut machine), Err(Rejection::Removed.into()));
    }
}
