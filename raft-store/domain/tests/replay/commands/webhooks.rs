//! Random commands to the webhooks. Events to enqueue are drawn as distances from the cursor, deliveries to try as
//! places among the newest of their endpoint.

use livedrop_domain::webhooks::{
    Attempted, BODY_MAX, Command, Create, Delete, ERROR_MAX, Edit, Enqueue, NewDelivery, Resend, Rotate, SecretBytes,
};
use livedrop_domain::{AccountId, Command as Any, WebhookId};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::AS_SEEN;

pub fn about_webhooks() -> BoxedStrategy<Any> {
    prop_oneof![
        4 => create().prop_map(|create| Command::Create(create).into()),
        4 => (whose(), url(), option::weighted(0.3, vec(name(), 0..3)), option::weighted(0.5, any::<bool>())).prop_map(
            |((creator_id, endpoint_id), url, events, enabled)| {
                Command::Edit(Edit { endpoint_id, creator_id, url, events, enabled }).into()
            }
        ),
        1 => whose().prop_map(|(creator_id, endpoint_id)| Command::Delete(Delete { endpoint_id, creator_id }).into()),
        2 => (whose(), secret(), prop_oneof![Just(0), 1_000..100_000_u64]).prop_map(
            |((creator_id, endpoint_id), secret, keep_old_ms)| {
                Command::Rotate(Rotate { endpoint_id, creator_id, secret, keep_old_ms }).into()
            }
        ),
        8 => enqueue().prop_map(|enqueue| Command::Enqueue(enqueue).into()),
        10 => attempted().prop_map(|attempted| Command::Attempted(attempted).into()),
        6 => (whose(), place(), 0..2_u32).prop_map(|((creator_id, endpoint_id), index, ordinal)| {
            Command::Resend(Resend { endpoint_id, creator_id, index, ordinal }).into()
        }),
    ]
    .boxed()
}

/// Endpoint `n`, which asks for everything.
pub fn endpoint(n: u128) -> Create {
    Create {
        endpoint_id: WebhookId::from_u128(n),
        creator_id: owner(n),
        url: format!("https://example.com/{n}"),
        events: vec![],
        secret: SecretBytes(vec![n as u8; 32]),
    }
}

fn create() -> impl Strategy<Value = Create> {
    (1..5_u128, vec(name(), 0..3), secret()).prop_map(|(n, events, secret)| Create { events, secret, ..endpoint(n) })
}

/// Mostly from the cursor on, and past it.
fn enqueue() -> impl Strategy<Value = Enqueue> {
    let from = prop_oneof![12 => Just(AS_SEEN), 1 => 1..9_u64];
    let body = prop_oneof![60 => Just(b"{}".to_vec()), 1 => Just(vec![0; BODY_MAX + 1])];
    let delivery = (whose(), prop_oneof![60 => 1..4_u64, 1 => Just(0)], 0..2_u32, name(), body).prop_map(
        |((creator_id, endpoint_id), index, ordinal, kind, body)| NewDelivery {
            creator_id,
            endpoint_id,
            index,
            ordinal,
            kind,
            body,
        },
    );
    (from, 0..4_u64, vec(delivery, 0..5)).prop_map(|(from, through, deliveries)| Enqueue { from, through, deliveries })
}

fn attempted() -> impl Strategy<Value = Attempted> {
    let attempt = prop_oneof![8 => Just(AS_SEEN as u32), 1 => 1..4_u32];
    let status = prop_oneof![6 => Just(Some(500)), 4 => Just(Some(204)), 1 => Just(Some(410)), 2 => Just(None)];
    let error = prop_oneof![8 => Just(None), 1 => Just(Some(9)), 1 => Just(Some(ERROR_MAX + 1))];
    let wait = (0..900_u64, 0..90_000_u64, prop::bool::weighted(0.05));
    (whose(), (place(), 0..2_u32), attempt, (status, error), wait).prop_map(
        |((creator_id, endpoint_id), (index, ordinal), attempt, (status, error), (duration_ms, retry_in_ms, gone))| {
            let error = error.map(|length| "x".repeat(length));
            Attempted {
                endpoint_id,
                creator_id,
                index,
                ordinal,
                attempt,
                status,
                error,
                duration_ms,
                retry_in_ms,
                gone,
            }
        },
    )
}

/// The place of a delivery among the newest of its endpoint.
fn place() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..3_u64, 2 => 3..9_u64]
}

/// Ids are made once, so that none belongs to two creators.
fn owner(n: u128) -> AccountId {
    AccountId::from_u128(if n < 4 { 1 } else { 2 })
}

/// An endpoint, and mostly its creator.
fn whose() -> impl Strategy<Value = (AccountId, WebhookId)> {
    let n = prop_oneof![9 => Just(1), 3 => Just(2), 3 => 3..5_u128, 1 => Just(9)];
    (n, prop::bool::weighted(0.03)).prop_map(|(n, is_foreign)| {
        let creator = if is_foreign { AccountId::from_u128(7) } else { owner(n) };
        (creator, WebhookId::from_u128(n))
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![30 => Just("drop.live"), 30 => Just("order.confirmed"), 1 => Just("")].prop_map(str::to_string)
}

fn url() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        6 => Just(None),
        3 => (1..3_u8).prop_map(|n| Some(format!("https://example.org/{n}"))),
        1 => Just(Some(String::new())),
    ]
}

fn secret() -> impl Strategy<Value = SecretBytes> {
    prop_oneof![12 => (1..9_u8).prop_map(|n| SecretBytes(vec![n; 32])), 1 => Just(SecretBytes(vec![1; 3]))]
}
