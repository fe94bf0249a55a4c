use super::types::{ADDRESS_MAX, INVITED_MAX, LIVES_MAX_MS, NODE_ID_MAX, REMEMBERED_MS, Roster};
use super::{Invitation, Invite, Rejection, Reply, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Keeps a node id for whoever shows the secret: the next that was never given, or one that was given and nobody has
/// joined with, whose former token is then worth nothing.
///
/// Rejects, in this order: `BadField`; `Removed` or `InvitationUsed` for an id that has joined, `NotAMember` for one that
/// was never invited; `TooManyInvited`.
pub(super) fn invite(tx: &mut Tx, entry: &Entry, command: Invite) -> Result<Reply, Stop> {
    let Invite { secret_hash, lives_ms, at_least, node_id, peer, http, to_vote } = command;
    ensure((1..=LIVES_MAX_MS).contains(&lives_ms) && at_least < NODE_ID_MAX, Rejection::BadField)?;
    ensure(peer.len() <= ADDRESS_MAX && http.len() <= ADDRESS_MAX, Rejection::BadField)?;
    let node_id = match node_id {
        Some(node_id) => again(tx, node_id)?,
        None => next(tx, entry, at_least)?,
    };
    let invitation = Invitation { node_id, secret_hash, expires_at: entry.now.after_ms(lives_ms), peer, http, to_vote };
    table::put_invitation(tx, &invitation);
    Ok(Reply::Invited(invitation))
}

fn again(tx: &Tx, node_id: u64) -> Result<u64, Stop> {
    if let Some(member) = table::get(tx, node_id)? {
        let joined = if member.removed_index.is_some() { Rejection::Removed } else { Rejection::InvitationUsed };
        return Err(joined.into());
    }
    ensure(table::invitation(tx, node_id)?.is_some(), Rejection::NotAMember)?;
    Ok(node_id)
}

/// Gives the next id. Whoever registered or is known to consensus had a smaller one.
fn next(tx: &mut Tx, entry: &Entry, at_least: u64) -> Result<u64, Stop> {
    let open = forget_old(tx, entry)?;
    ensure(open < INVITED_MAX, Rejection::TooManyInvited)?;
    let known = table::greatest_registered(tx)? + 1;
    let roster = table::roster(tx)?;
    let node_id = roster.map_or(1, |roster| roster.next_id).max(known).max(at_least);
    ensure(node_id <= NODE_ID_MAX, Rejection::BadField)?;
    let founders_below = roster.map_or(node_id, |roster| roster.founders_below);
    table::put_roster(tx, &Roster { next_id: node_id + 1, founders_below });
    Ok(node_id)
}

/// Drops invitations that ran out long ago. Answers how many are left; their number is bounded.
fn forget_old(tx: &mut Tx, entry: &Entry) -> Result<usize, Stop> {
    let (old, open): (Vec<_>, Vec<_>) =
        table::invitations(tx)?.into_iter().partition(|it| it.expires_at.after_ms(REMEMBERED_MS) <= entry.now);
    for invitation in old {
        table::delete_invitation(tx, invitation.node_id);
    }
    Ok(open.len())
}

#[cfg(test)]
pub(super) mod testing {
    use super::super::{Command, SECRET_BYTES};
    use super::*;
    use crate::machine::testing::Machine;

    pub const SECRET: [u8; SECRET_BYTES] = [7; SECRET_BYTES];

    pub fn command(node_id: Option<u64>, at_least: u64) -> Invite {
        Invite {
            secret_hash: blake3::hash(&SECRET).into(),
            lives_ms: LIVES_MAX_MS,
            at_least,
            node_id,
            peer: "10.0.0.4:9090".into(),
            http: "http://10.0.0.4:8080".into(),
            to_vote: true,
        }
    }

    pub fn invite(machine: &mut Machine, node_id: Option<u64>, at_least: u64) -> Result<Invitation, Rejection> {
        run(machine, command(node_id, at_least))
    }

    pub fn run(machine: &mut Machine, command: Invite) -> Result<Invitation, Rejection> {
        match machine.run(Command::Invite(command)) {
            Ok(crate::Reply::Members(Reply::Invited(invitation))) => Ok(invitation),
            Err(crate::Rejection::Members(rejection)) => Err(rejection),
            other => panic!("this is no answer of the room: {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, Register, Remove, invitations};
    use super::testing::{SECRET, command, invite, run};
    use super::*;
    use crate::machine::testing::Machine;

    #[test]
    fn an_id_is_never_given_twice() {
        let mut machine = Machine::default();
        assert_eq!(invite(&mut machine, None, 4).map(|it| it.node_id), Ok(4));
        machine.run(Command::Remove(Remove { node_id: 4 })).expect("it is invited");
        assert_eq!(invite(&mut machine, None, 4).map(|it| it.node_id), Ok(5), "nobody joined as node 4");
        let late = Register { node_id: 2, incarnation: [2; 16], secret: None };
        machine.run(Command::Register(late)).expect("the cluster began with it");
        assert_eq!(invite(&mut machine, None, 9).map(|it| it.node_id), Ok(9), "consensus knows node 8");
        assert_eq!(invite(&mut machine, None, 1).map(|it| it.node_id), Ok(10));
    }

    #[test]
    fn who_is_invited_again_needs_the_new_token() {
        let mut machine = Machine::default();
        invite(&mut machine, None, 4).expect("there is room");
        let other = Invite { secret_hash: blake3::hash(&[8; 32]).into(), ..command(Some(4), 0) };
        assert_eq!(run(&mut machine, other).map(|it| it.node_id), Ok(4));
        let join = |secret: [u8; 32]| {
            Command::Register(Register { node_id: 4, incarnation: [4; 16], secret: Some(secret.to_vec()) })
        };
        assert_eq!(machine.run(join(SECRET)), Err(Rejection::NotInvited.into()));
        machine.run(join([8; 32])).expect("this is the new one");
        assert_eq!(invite(&mut machine, Some(4), 0), Err(Rejection::InvitationUsed), "it has joined");
        assert_eq!(invite(&mut machine, Some(5), 0), Err(Rejection::NotAMember));
        machine.run(Command::Remove(Remove { node_id: 4 })).expect("it is a member");
        assert_eq!(invite(&mut machine, Some(4), 0), Err(Rejection::Removed));
    }

    #[test]
    fn only_so_many_are_invited_at_once() {
        let mut machine = Machine::default();
        for _ in 0..INVITED_MAX {
            invite(&mut machine, None, 4).expect("there is room");
        }
        assert_eq!(invite(&mut machine, None, 4), Err(Rejection::TooManyInvited));
        machine.now = machine.now.after_ms(LIVES_MAX_MS + REMEMBERED_MS);
        assert_eq!(invite(&mut machine, None, 4).map(|it| it.node_id), Ok(4 + INVITED_MAX as u64));
        assert_eq!(invitations(&machine.view).map(|left| left.len()).ok(), Some(1));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut machine = Machine::default();
        for wrong in [
            Invite { lives_ms: 0, ..command(None, 4) },
            Invite { lives_ms: LIVES_MAX_MS + 1, ..command(None, 4) },
            Invite { peer: "p".repeat(ADDRESS_MAX + 1), ..command(None, 4) },
            command(None, NODE_ID_MAX),
        ] {
            assert_eq!(run(&mut machine, wrong), Err(Rejection::BadField));
        }
    }
}
