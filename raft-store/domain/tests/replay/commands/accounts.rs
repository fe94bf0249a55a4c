//! Random commands to accounts. Those that have drops are hardly ever disabled, and seldom become something else.

use livedrop_domain::accounts::{self, Command, Role, SigningKey};
use livedrop_domain::{AccountId, Command as Any, SessionId};
use proptest::option;
use proptest::prelude::*;

use super::AS_SEEN;

pub fn about_accounts() -> BoxedStrategy<Any> {
    let email = prop_oneof![Just("One@example.com"), Just("TWO@example.com"), Just("one@example.com"), Just("nobody")];
    let hash = || (0..3_u8).prop_map(|byte| [byte; 32]);
    let lasts_ms = || 1_000..100_000_u64;
    prop_oneof![
        4 => (1..6_u128, email, role()).prop_map(|(n, email, role)| register(n, email, role)),
        8 => (session(), 1..5_u128, hash(), lasts_ms(), era()).prop_map(|(session_id, n, refresh_hash, lasts_ms, era)| {
            let account_id = AccountId::from_u128(n);
            Command::SignIn(accounts::SignIn { session_id, account_id, refresh_hash, lasts_ms, era }).into()
        }),
        4 => (session(), hash(), hash(), lasts_ms()).prop_map(|(session_id, presented_hash, next_hash, lasts_ms)| {
            Command::Refresh(accounts::Refresh { session_id, presented_hash, next_hash, lasts_ms }).into()
        }),
        4 => session().prop_map(|session_id| Command::SignOut(accounts::SignOut { session_id }).into()),
        6 => about_one(),
        4 => about_keys(),
    ]
    .boxed()
}

fn about_one() -> BoxedStrategy<Any> {
    let session = || option::of(session());
    prop_oneof![
        (account(), session(), option::of(era())).prop_map(|(account_id, keep, checked)| {
            let (password_hash, checked) = ("$argon2id$other".into(), checked.map(|era| accounts::Checked { era }));
            Command::ChangePassword(accounts::ChangePassword { account_id, password_hash, keep, checked })
        }),
        (account(), session()).prop_map(|(account_id, except)| {
            Command::SignOutEverywhere(accounts::SignOutEverywhere { account_id, except })
        }),
        (account(), role()).prop_map(|(account_id, role)| Command::SetRole(accounts::SetRole { account_id, role })),
        account().prop_map(|account_id| Command::Disable(accounts::Disable { account_id })),
        account().prop_map(|account_id| Command::Enable(accounts::Enable { account_id })),
    ]
    .prop_map(Any::from)
    .boxed()
}

fn about_keys() -> BoxedStrategy<Any> {
    let id = || (1..30_u8).prop_map(|n| format!("key-{n}"));
    prop_oneof![
        1 => key().prop_map(|key| Command::AddSigningKey(accounts::AddSigningKey { key })),
        6 => (key(), 0..1_000_000_u64, option::weighted(0.2, id())).prop_map(|(key, old_good_for_ms, instead_of)| {
            Command::RotateSigningKey(accounts::RotateSigningKey { key, old_good_for_ms, instead_of })
        }),
        2 => (id(), key()).prop_map(|(key_id, replacement)| {
            Command::RevokeSigningKey(accounts::RevokeSigningKey { key_id, replacement })
        }),
    ]
    .prop_map(Any::from)
    .boxed()
}

fn key() -> impl Strategy<Value = SigningKey> {
    (1..30_u8).prop_map(|n| SigningKey {
        id: format!("key-{n}"),
        private: vec![n; 48],
        public: vec![n; 32],
        added_at: None,
        retires_at: None,
    })
}

fn account() -> impl Strategy<Value = AccountId> {
    prop_oneof![1 => 1..3_u128, 20 => 3..6_u128].prop_map(AccountId::from_u128)
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Buyer), Just(Role::Creator), Just(Role::Operator)]
}

fn session() -> impl Strategy<Value = SessionId> {
    (1..3_u128).prop_map(SessionId::from_u128)
}

/// Mostly the one that is there.
fn era() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![4 => Just(Some(AS_SEEN)), 1 => Just(None), 1 => Just(Some(1))]
}

pub fn register(n: u128, email: &str, role: Role) -> Any {
    let register = accounts::Register {
        account_id: AccountId::from_u128(n),
        email: email.into(),
        display_name: format!("account {n}"),
        role,
        password_hash: "$argon2id$".into(),
    };
    Command::Register(register).into()
}
