use super::types::{NODE_ID_MAX, SECRET_BYTES};
use super::{Member, Register, Rejection, Reply, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Binds a node id to the data directory that asks first; asking again changes nothing. Once anybody was invited, an id
/// that the cluster did not begin with needs the secret of its invitation, which is used up.
///
/// Rejects, in this order: `BadField`, `Removed`, `InvitationUsed` or `OtherIncarnation`, `NotInvited`,
/// `InvitationExpired`.
pub(super) fn register(tx: &mut Tx, entry: &Entry, command: Register) -> Result<Reply, Stop> {
    let Register { node_id, incarnation, secret } = command;
    ensure(node_id <= NODE_ID_MAX, Rejection::BadField)?;
    if let Some(known) = table::get(tx, node_id)? {
        ensure(known.removed_index.is_none(), Rejection::Removed)?;
        let taken = if secret.is_some() { Rejection::InvitationUsed } else { Rejection::OtherIncarnation };
        ensure(known.incarnation == incarnation, taken)?;
        return Ok(Reply::Registered(known));
    }
    let founder = table::roster(tx)?.is_none_or(|roster| node_id < roster.founders_below);
    let to_vote = if founder { None } else { Some(admit(tx, entry, node_id, secret.as_deref())?) };
    let registered_index = entry.index;
    let member = Member { node_id, incarnation, registered_index, to_vote, promoted_index: None, removed_index: None };
    table::put(tx, &member);
    Ok(Reply::Registered(member))
}

/// Uses up the invitation, and says whether who was invited is to become a voter.
fn admit(tx: &mut Tx, entry: &Entry, node_id: u64, secret: Option<&[u8]>) -> Result<bool, Stop> {
    let secret = secret.filter(|secret| secret.len() == SECRET_BYTES).ok_or(Rejection::NotInvited)?;
    let invitation = table::invitation(tx, node_id)?.ok_or(Rejection::NotInvited)?;
    ensure(*blake3::hash(secret).as_bytes() == invitation.secret_hash, Rejection::NotInvited)?;
    let expired_at = invitation.expires_at;
    ensure(entry.now < expired_at, Rejection::InvitationExpired { expired_at })?;
    table::delete_invitation(tx, node_id);
    Ok(invitation.to_vote)
}

#[cfg(test)]
mod tests {
    use super::super::invite::testing::{SECRET, invite};
    use super::super::{Command, LIVES_MAX_MS, Remove};
    use super::*;
    use crate::machine::testing::Machine;

    fn register(machine: &mut Machine, node_id: u64, byte: u8, secret: Option<&[u8]>) -> Result<Member, Rejection> {
        let command = Register { node_id, incarnation: [byte; 16], secret: secret.map(<[u8]>::to_vec) };
        match machine.run(Command::Register(command)) {
            Ok(crate::Reply::Members(Reply::Registered(member))) => Ok(member),
            Err(crate::Rejection::Members(rejection)) => Err(rejection),
            other => panic!("this is no answer of the room: {other:?}"),
        }
    }

    /// Two that the cluster began with, and one that is invited as node 3.
    fn invited() -> Machine {
        let mut machine = Machine::default();
        for node_id in [1, 2] {
            register(&mut machine, node_id, node_id as u8, None).expect("the cluster begins with it");
        }
        assert_eq!(invite(&mut machine, None, 3).expect("there is room").node_id, 3);
        machine
    }

    #[test]
    fn a_node_id_belongs_to_the_first_data_directory_for_good() {
        let mut machine = Machine::default();
        let first = register(&mut machine, 2, 1, None).expect("nobody has the id");
        assert_eq!(register(&mut machine, 2, 1, None), Ok(first));
        assert_eq!(register(&mut machine, 2, 2, None), Err(Rejection::OtherIncarnation));
    }

    #[test]
    fn a_token_is_good_once_and_its_node_may_ask_again() {
        let mut machine = invited();
        let joined = register(&mut machine, 3, 3, Some(&SECRET)).expect("it is invited");
        assert_eq!(joined.to_vote, Some(true));
        assert_eq!(register(&mut machine, 3, 3, Some(&SECRET)), Ok(joined.clone()));
        assert_eq!(register(&mut machine, 3, 3, None), Ok(joined), "restarted");
        assert_eq!(register(&mut machine, 3, 4, Some(&SECRET)), Err(Rejection::InvitationUsed));
        assert_eq!(register(&mut machine, 3, 4, None), Err(Rejection::OtherIncarnation), "wiped");
    }

    #[test]
    fn whoever_is_not_invited_stays_outside() {
        let mut machine = invited();
        for (node_id, secret) in
            [(3, None), (3, Some(&[9; 32][..])), (3, Some(&SECRET[..31])), (4, Some(&SECRET)), (900, None)]
        {
            assert_eq!(register(&mut machine, node_id, 3, secret), Err(Rejection::NotInvited), "node {node_id}");
        }
        assert_eq!(register(&mut machine, NODE_ID_MAX + 1, 3, None), Err(Rejection::BadField));
    }

    #[test]
    fn one_that_the_cluster_began_with_may_register_late() {
        let mut machine = Machine::default();
        register(&mut machine, 1, 1, None).expect("the cluster begins with it");
        // Consensus knows node 3, which was down so far.
        assert_eq!(invite(&mut machine, None, 4).expect("there is room").node_id, 4);
        assert_eq!(register(&mut machine, 3, 3, None).map(|member| member.to_vote), Ok(None));
    }

    #[test]
    fn a_token_runs_out() {
        let mut machine = invited();
        let expired_at = machine.now.after_ms(LIVES_MAX_MS);
        machine.now = expired_at;
        assert_eq!(register(&mut machine, 3, 3, Some(&SECRET)), Err(Rejection::InvitationExpired { expired_at }));
    }

    #[test]
    fn a_removed_node_never_registers_again() {
        let mut machine = invited();
        register(&mut machine, 3, 3, Some(&SECRET)).expect("it is invited");
        machine.run(Command::Remove(Remove { node_id: 3 })).expect("it is a member");
        for byte in [3, 4] {
            assert_eq!(register(&mut machine, 3, byte, Some(&SECRET)), Err(Rejection::Removed));
        }
    }
}
