//! Keys of this room, and typed reads.

use minicbor::Decode;

use super::{Invitation, Member, types::Roster};
use crate::keys::{self, key};
use crate::tx::{self, Tx};
use crate::view::Order;
use crate::{Fault, View, codec};

fn member_key(node_id: u64) -> Vec<u8> {
    key(keys::MEMBER, &[&node_id.to_be_bytes()])
}

fn invitation_key(node_id: u64) -> Vec<u8> {
    key(keys::INVITATION, &[&node_id.to_be_bytes()])
}

fn roster_key() -> Vec<u8> {
    key(keys::ROSTER, &[])
}

pub(super) fn put(tx: &mut Tx, member: &Member) {
    tx.put(member_key(member.node_id), member);
}

pub(super) fn put_invitation(tx: &mut Tx, invitation: &Invitation) {
    tx.put(invitation_key(invitation.node_id), invitation);
}

pub(super) fn delete_invitation(tx: &mut Tx, node_id: u64) {
    tx.delete(invitation_key(node_id));
}

pub(super) fn put_roster(tx: &mut Tx, roster: &Roster) {
    tx.put(roster_key(), roster);
}

/// None before anybody was invited.
pub(super) fn roster(view: &dyn View) -> Result<Option<Roster>, Fault> {
    tx::row(view, &roster_key(), "which node ids were given")
}

/// The greatest id that ever registered; 0 before the first.
pub(super) fn greatest_registered(view: &dyn View) -> Result<u64, Fault> {
    let newest = tx::keys_before(view, &[keys::MEMBER], None, 1)?;
    Ok(newest.first().and_then(|(key, _)| keys::number(key, 1)).unwrap_or(0))
}

/// The registration of a node id.
pub fn get(view: &dyn View, node_id: u64) -> Result<Option<Member>, Fault> {
    tx::row(view, &member_key(node_id), "a member")
}

/// All that ever registered, those that were removed among them, in the order of their ids.
pub fn all(view: &dyn View) -> Result<Vec<Member>, Fault> {
    rows(view, keys::MEMBER, "a member")
}

/// The invitation of a node id that did not register yet.
pub fn invitation(view: &dyn View, node_id: u64) -> Result<Option<Invitation>, Fault> {
    tx::row(view, &invitation_key(node_id), "an invitation")
}

/// All that did not register yet, those that ran out lately among them, in the order of their ids.
pub fn invitations(view: &dyn View) -> Result<Vec<Invitation>, Fault> {
    rows(view, keys::INVITATION, "an invitation")
}

fn rows<T: for<'b> Decode<'b, ()>>(view: &dyn View, prefix: u8, what: &str) -> Result<Vec<T>, Fault> {
    let rows = view.scan(&[prefix], &keys::after(&[prefix]), Order::Forward, usize::MAX)?;
    rows.iter().map(|(_, bytes)| codec::decode(bytes, what)).collect()
}
