//! Random histories: what a leader proposes, entry by entry, about a small shop.

use std::fmt;

use livedrop_domain::accounts::Role;
use livedrop_domain::{AccountId, Command, Idempotency, ProductId, drops, sandbox, webhooks};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::commands::{self, command, register};

/// What the leader proposes as one log entry.
#[derive(Clone)]
pub struct Proposal {
    /// How much later than the one before, by the leader's clock; another leader's clock may be behind.
    pub later_ms: i64,
    /// Log entries without commands before it.
    pub blank: u64,
    pub requests: Vec<Asked>,
}

#[derive(Debug, Clone)]
pub struct Asked {
    pub idempotency: Option<Idempotency>,
    pub command: Command,
}

/// A line for each request: a failing history is read by people.
impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms later, after {} blank entries:", self.later_ms, self.blank)?;
        self.requests.iter().try_for_each(|asked| match &asked.idempotency {
            Some(key) => {
                let (account, key, body) = (key.account, key.key_hash[0], key.body_hash[0]);
                write!(f, "\n  {:?} with key {key} of {account}, body {body}", asked.command)
            }
            None => write!(f, "\n  {:?}", asked.command),
        })
    }
}

/// A shop that is open, and what then happens in it.
pub fn history() -> impl Strategy<Value = Vec<Proposal>> {
    (opening(), vec(proposal(), 1..40)).prop_map(|(opening, later)| {
        let mut history = vec![Proposal { later_ms: 0, blank: 0, requests: opening }];
        history.extend(later);
        history
    })
}

/// Two creators with a product each, two live drops of the first, an intent to pay, and an endpoint that is told of it all.
fn opening() -> impl Strategy<Value = Vec<Asked>> {
    (commands::schedule(1), commands::schedule(2)).prop_map(|drops| {
        let mut opening = Vec::new();
        for n in [1, 2] {
            opening.push(register(n, &format!("creator-{n}@example.com"), Role::Creator));
            opening.push(commands::create(n, n, 4_999, vec![]));
        }
        for drop in [drops.0, drops.1] {
            let (creator_id, product_id) = (AccountId::from_u128(1), ProductId::from_u128(1));
            let drop = drops::Schedule { creator_id, product_id, starts_at: None, ..drop };
            opening.push(drops::Command::Schedule(drop).into());
        }
        opening.push(sandbox::Command::Create(commands::intent(1)).into());
        opening.push(webhooks::Command::Create(commands::endpoint(1)).into());
        opening.into_iter().map(|command| Asked { idempotency: None, command }).collect()
    })
}

fn proposal() -> impl Strategy<Value = Proposal> {
    let later_ms = prop_oneof![
        40 => 0..2_000_i64,
        6 => 20_000..70_000_i64,
        1 => 3_600_000..7_200_000_i64,
        1 => 86_000_000..90_000_000_i64,
        1 => 600_000_000..610_000_000_i64,
        2 => -600_000..0_i64,
    ];
    let blank = prop_oneof![60 => Just(0), 8 => 1..4_u64, 1 => 90_000..110_000_u64];
    (later_ms, blank, vec(asked(), 0..8)).prop_map(|(later_ms, blank, requests)| Proposal { later_ms, blank, requests })
}

/// Few keys of few accounts, so that they are used again, now and then for something else.
fn asked() -> impl Strategy<Value = Asked> {
    let body = prop_oneof![9 => Just(0_u8), 1 => Just(1)];
    let idempotency = (0..2_u128, 0..20_u8, body).prop_map(|(who, key, body)| Idempotency {
        account: AccountId::from_u128(who),
        key_hash: [key; 16],
        body_hash: [body; 16],
    });
    (option::weighted(0.4, idempotency), command()).prop_map(|(idempotency, command)| Asked { idempotency, command })
}
