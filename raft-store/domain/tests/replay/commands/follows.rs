//! Random commands to follow, to read notices, and to bring accounts. Notices to read are drawn as log indices, some of
//! which are yet to come.

use livedrop_domain::accounts::{self, ImportedAccount, Role};
use livedrop_domain::follows::{Command as Follows, Follow, IMPORT_MAX, Import, Unfollow};
use livedrop_domain::notifications::{Command as Notifications, KINDS, MUTED_MAX, MarkRead, SetPreferences};
use livedrop_domain::{AccountId, Command};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

pub fn about_follows() -> BoxedStrategy<Command> {
    let whose = || (account(), account());
    prop_oneof![
        6 => whose().prop_map(|(follower_id, creator_id)| Follows::Follow(Follow { follower_id, creator_id }).into()),
        3 => whose()
            .prop_map(|(follower_id, creator_id)| Follows::Unfollow(Unfollow { follower_id, creator_id }).into()),
        2 => (account(), vec(account(), 0..6), prop::bool::weighted(0.02)).prop_map(|(creator_id, some, many)| {
            let followers = if many { vec![creator_id; IMPORT_MAX + 1] } else { some };
            Follows::Import(Import { creator_id, followers }).into()
        }),
        2 => vec(imported(), 0..4)
            .prop_map(|accounts| accounts::Command::Import(accounts::Import { accounts }).into()),
    ]
    .boxed()
}

pub fn about_notices() -> BoxedStrategy<Command> {
    let muted = prop_oneof![
        20 => vec(account(), 0..4),
        1 => Just(vec![AccountId::from_u128(1); MUTED_MAX + 1]),
    ];
    prop_oneof![
        2 => (account(), 0..60_u64, 0..4_u32).prop_map(|(account_id, index, ordinal)| {
            Notifications::MarkRead(MarkRead { account_id, through: (index, ordinal) }).into()
        }),
        1 => (account(), muted, subsequence(KINDS.to_vec(), 0..4)).prop_map(|(account_id, muted, kinds_off)| {
            Notifications::SetPreferences(SetPreferences { account_id, muted, kinds_off }).into()
        }),
    ]
    .boxed()
}

/// Mostly creators, buyers of the shop, and some who are not there.
fn account() -> impl Strategy<Value = AccountId> {
    prop_oneof![4 => 0..3_u128, 2 => 3..7_u128].prop_map(AccountId::from_u128)
}

fn imported() -> impl Strategy<Value = ImportedAccount> {
    let email = select(vec!["three@example.com", "four@example.com", "Four@example.com", "two@example.com"]);
    let email = prop_oneof![20 => email.prop_map(str::to_string), 1 => Just("nobody".to_string())];
    (account(), email, select(vec![Role::Buyer, Role::Creator])).prop_map(|(account_id, email, role)| ImportedAccount {
        account_id,
        email,
        display_name: "brought".into(),
        role,
        password_hash: String::new(),
    })
}
