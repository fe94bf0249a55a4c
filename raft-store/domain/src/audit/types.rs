//! The rows of this room.

use std::fmt;

use minicbor::{Decode, Encode};

use crate::{AccountId, Timestamp};

/// The longest detail, in bytes; what is longer is cut.
pub const DETAIL_MAX: usize = 256;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Actor {
    #[n(0)]
    Account(#[n(0)] AccountId),
    /// Whoever showed the operator token of a node.
    #[n(1)]
    Operator,
    /// A node by itself.
    #[n(2)]
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Account(id) => id.fmt(f),
            Actor::Operator => f.write_str("operator"),
            Actor::System => f.write_str("system"),
        }
    }
}

macro_rules! actions {
    ($($number:literal $action:ident $name:literal),+ $(,)?) => {
        /// What was done. A number and a name are never used for something else.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
        #[cbor(index_only)]
        pub enum Action {
            $(#[n($number)] $action),+
        }

        impl Action {
            pub const ALL: &[Action] = &[$(Action::$action),+];

            /// As records and their hashes say it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Action::$action => $name),+
                }
            }
        }
    };
}

actions! {
    0 AccountRegistered "account.registered",
    1 AccountsImported "accounts.imported",
    2 PasswordChanged "account.password_changed",
    3 RoleSet "account.role_set",
    4 AccountDisabled "account.disabled",
    5 AccountEnabled "account.enabled",
    6 SignedIn "session.opened",
    7 SignedOut "session.closed",
    8 SignedOutEverywhere "sessions.closed",
    9 SigningKeyAdded "signing_key.added",
    10 SigningKeyRotated "signing_key.rotated",
    11 SigningKeyRevoked "signing_key.revoked",
    12 ProductCreated "product.created",
    13 ProductEdited "product.edited",
    14 ProductRetired "product.retired",
    15 DropScheduled "drop.scheduled",
    16 DropEdited "drop.edited",
    17 DropRestocked "drop.restocked",
    18 DropPaused "drop.paused",
    19 DropResumed "drop.resumed",
    20 DropEnded "drop.ended",
    21 DropCancelled "drop.cancelled",
    22 OrderCancelled "order.cancelled",
    23 OrderRefunded "order.refund_asked",
    24 EndpointCreated "webhook_endpoint.created",
    25 EndpointEdited "webhook_endpoint.edited",
    26 EndpointDeleted "webhook_endpoint.deleted",
    27 EndpointRotated "webhook_endpoint.rotated",
    28 MemberRegistered "member.registered",
    29 Followed "creator.followed",
    30 Unfollowed "creator.unfollowed",
    31 FollowersImported "followers.imported",
    32 SessionReused "session.reused",
    33 MemberInvited "member.invited",
    34 MemberPromoted "member.promoted",
    35 MemberRemoved "member.removed",
    36 TrailTrimmed "audit.trimmed",
    48 MembersLeftBehind "members.left_behind",
}

/// What is to be put on record, if it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub actor: Actor,
    pub action: Action,
    /// The id of what it was done to.
    pub subject: String,
    /// What else there is to say of it, without secrets and personal data.
    pub detail: String,
}

/// One deed on record.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Record {
    /// From 1 on, without a gap.
    #[n(0)]
    pub number: u64,
    #[n(1)]
    pub at: Timestamp,
    /// The log index of the entry that did it.
    #[n(2)]
    pub index: u64,
    #[n(3)]
    pub request_id: String,
    #[n(4)]
    pub actor: Actor,
    #[n(5)]
    pub action: Action,
    #[n(6)]
    pub subject: String,
    #[n(7)]
    pub detail: String,
    /// The hash of the record before; zeros before the first.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub previous: [u8; 32],
    #[cbor(n(9), with = "minicbor::bytes")]
    pub hash: [u8; 32],
}

/// The newest record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Head {
    /// 0 before the first one.
    #[n(0)]
    pub number: u64,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub hash: [u8; 32],
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_actions_have_one_name() {
        let names: BTreeSet<_> = Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
    }
}
