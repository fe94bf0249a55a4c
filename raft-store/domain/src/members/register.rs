use super::{Member, Register, Rejection, Reply, get, member_key};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Binds a node id to the data directory that asks first; asking again changes nothing.
///
/// Rejects: `OtherIncarnation`.
pub(super) fn register(tx: &mut Tx, entry: &Entry, command: Register) -> Result<Reply, Stop> {
    if let Some(known) = get(tx, command.node_id)? {
        ensure(known.incarnation == command.incarnation, Rejection::OtherIncarnation)?;
        return Ok(Reply::Registered(known));
    }
    let member = Member { node_id: command.node_id, incarnation: command.incarnation, registered_index: entry.index };
    tx.put(member_key(member.node_id), &member);
    Ok(Reply::Registered(member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;

    #[test]
    fn a_node_id_belongs_to_the_first_data_directory_for_good() {
        let mut machine = Machine::default();
        let register = |byte| Register { node_id: 2, incarnation: [byte; 16] };
        let first = machine.run(super::super::Command::Register(register(1))).expect("nobody has the id");
        assert_eq!(machine.run(super::super::Command::Register(register(1))), Ok(first));
        assert_eq!(machine.run(super::super::Command::Register(register(2))), Err(Rejection::OtherIncarnation.into()));
    }
}
