//! One value of everything that is stored and said of nodes that come and go.

use livedrop_domain::members::{
    Command, Invitation, Invite, Member, Promote, Register, Rejection, Remove, Reply, SECRET_BYTES,
};
use livedrop_domain::{self as domain};

use crate::values::{NOW, VERSION, member};

pub fn commands() -> Vec<domain::Command> {
    vec![
        Command::Invite(invite()).into(),
        Command::Promote(Promote { node_id: 4 }).into(),
        Command::Remove(Remove { node_id: 4 }).into(),
    ]
}

/// What a node says that joins with a token.
pub fn join() -> Register {
    Register { node_id: 4, incarnation: [0x44; 16], secret: Some(vec![0x55; SECRET_BYTES]) }
}

pub fn replies() -> Vec<domain::Reply> {
    vec![Reply::Invited(invitation()).into(), Reply::Changed(removed()).into(), Reply::Uninvited.into()]
}

pub fn rejections() -> Vec<domain::Rejection> {
    use Rejection::*;
    let all = [
        NotInvited,
        InvitationExpired { expired_at: NOW },
        InvitationUsed,
        Removed,
        NotAMember,
        TooManyInvited,
        BadField,
    ];
    all.into_iter().map(domain::Rejection::from).collect()
}

pub fn invite() -> Invite {
    Invite {
        secret_hash: [0x56; 32],
        lives_ms: 600_000,
        at_least: 4,
        node_id: Some(4),
        peer: "10.0.0.4:9090".into(),
        http: "http://10.0.0.4:8080".into(),
        to_vote: true,
    }
}

pub fn invitation() -> Invitation {
    Invitation {
        node_id: 4,
        secret_hash: [0x56; 32],
        expires_at: NOW,
        peer: "10.0.0.4:9090".into(),
        http: "http://10.0.0.4:8080".into(),
        to_vote: true,
    }
}

pub fn removed() -> Member {
    Member { to_vote: Some(true), promoted_index: Some(VERSION + 1), removed_index: Some(VERSION + 2), ..member() }
}
