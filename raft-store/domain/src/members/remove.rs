use super::{Member, Rejection, Remove, Reply, table};
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Says that a member goes, for good; saying it again changes nothing. Who was only invited is not, any more.
///
/// Rejects: `NotAMember`.
pub(super) fn remove(tx: &mut Tx, entry: &Entry, command: &Remove) -> Result<Reply, Stop> {
    let Some(member) = table::get(tx, command.node_id)? else {
        table::invitation(tx, command.node_id)?.ok_or(Rejection::NotAMember)?;
        table::delete_invitation(tx, command.node_id);
        return Ok(Reply::Uninvited);
    };
    if member.removed_index.is_some() {
        return Ok(Reply::Changed(member));
    }
    let member = Member { removed_index: Some(entry.index), ..member };
    table::put(tx, &member);
    Ok(Reply::Changed(member))
}

#[cfg(test)]
mod tests {
    use super::super::invite::testing::invite;
    use super::super::{Command, Register, get, invitation};
    use super::*;
    use crate::machine::testing::Machine;

    fn remove(machine: &mut Machine, node_id: u64) -> Result<crate::Reply, crate::Rejection> {
        machine.run(Command::Remove(Remove { node_id }))
    }

    #[test]
    fn a_member_goes_once_and_stays_known() {
        let mut machine = Machine::default();
        machine.run(Command::Register(Register { node_id: 3, incarnation: [3; 16], secret: None })).expect("new");
        let first = remove(&mut machine, 3).expect("it is a member");
        assert_eq!(remove(&mut machine, 3), Ok(first));
        let member = get(&machine.view, 3).expect("memory does not fail").expect("who it was is kept");
        assert_eq!((member.incarnation, member.removed_index), ([3; 16], Some(2)));
    }

    #[test]
    fn who_did_not_join_yet_is_invited_no_more() {
        let mut machine = Machine::default();
        invite(&mut machine, None, 4).expect("there is room");
        assert_eq!(remove(&mut machine, 4), Ok(Reply::Uninvited.into()));
        assert_eq!(invitation(&machine.view, 4).expect("memory does not fail"), None);
        assert_eq!(remove(&mut machine, 4), Err(Rejection::NotAMember.into()));
    }
}
