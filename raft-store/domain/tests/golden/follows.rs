//! One value of everything that follows, notices and imports store and say.

use livedrop_domain::accounts::{self, ImportedAccount, Role};
use livedrop_domain::follows::{self, Counts, Edge, Follow, Unfollow};
use livedrop_domain::notifications::{self, Inbox, KINDS, Kind, MarkRead, Notice, SetPreferences};
use livedrop_domain::{Command, Event, Rejection, Reply, drops};

use crate::values::{BUYER, CREATOR, DROP, NOW, VERSION};

pub fn commands() -> Vec<Command> {
    let (follower_id, creator_id) = (BUYER, CREATOR);
    vec![
        follows::Command::Follow(follow()).into(),
        follows::Command::Unfollow(Unfollow { follower_id, creator_id }).into(),
        follows::Command::Import(follows::Import { creator_id, followers: vec![BUYER, CREATOR] }).into(),
        notifications::Command::MarkRead(mark_read()).into(),
        notifications::Command::SetPreferences(set_preferences()).into(),
    ]
}

pub fn replies() -> Vec<Reply> {
    vec![
        follows::Reply::Followed(edge()).into(),
        follows::Reply::Unfollowed.into(),
        follows::Reply::Imported { added: 1, already: 2, unknown: 3, refused: 4 }.into(),
        notifications::Reply::Changed(inbox()).into(),
    ]
}

pub fn rejections() -> Vec<Rejection> {
    vec![
        follows::Rejection::CreatorNotFound.into(),
        follows::Rejection::Yourself.into(),
        follows::Rejection::TooMany.into(),
        follows::Rejection::BadField.into(),
        notifications::Rejection::BadField.into(),
    ]
}

pub fn events() -> Vec<Event> {
    let (creator_id, follower_id) = (CREATOR, BUYER);
    vec![
        follows::Event::Followed { creator_id, follower_id }.into(),
        follows::Event::Unfollowed { creator_id, follower_id }.into(),
        follows::Event::Imported { creator_id, added: 1_000 }.into(),
    ]
}

pub fn kinds() -> Vec<Kind> {
    KINDS.to_vec()
}

pub fn import_accounts() -> accounts::Import {
    let account = ImportedAccount {
        account_id: BUYER,
        email: "Bo@Example.com".into(),
        display_name: "Bo".into(),
        role: Role::Buyer,
        password_hash: String::new(),
    };
    accounts::Import { accounts: vec![account] }
}

pub fn follow() -> Follow {
    Follow { follower_id: BUYER, creator_id: CREATOR }
}

pub fn mark_read() -> MarkRead {
    MarkRead { account_id: BUYER, through: (6, 1) }
}

pub fn set_preferences() -> SetPreferences {
    SetPreferences { account_id: BUYER, muted: vec![CREATOR], kinds_off: vec![Kind::DropLowStock] }
}

pub fn edge() -> Edge {
    Edge { at: NOW, index: VERSION }
}

pub fn counts() -> Counts {
    Counts { followers: 1_000_000, following: 2_000 }
}

pub fn notice() -> Notice {
    Notice { at: NOW, event: drops::Event::Live { drop_id: DROP, creator_id: CREATOR }.into() }
}

pub fn inbox() -> Inbox {
    Inbox { read_through: Some((VERSION, 2)), muted: vec![CREATOR], kinds_off: vec![Kind::DropLowStock] }
}
