//! One value of everything that the webhooks store and say.

use livedrop_domain::webhooks::{
    Attempted, Command, Create, Delete, Delivery, Edit, Endpoint, Enqueue, Event, NewDelivery, Rejection, Reply,
    Resend, Rotate, Secret, SecretBytes, State, Try,
};
use livedrop_domain::{self as domain, WebhookId};

use crate::values::{CREATOR, NOW};

pub const ENDPOINT: WebhookId = WebhookId::from_u128(0x06f1);
const VERSION: u64 = 1_284;

pub fn commands() -> Vec<domain::Command> {
    vec![
        Command::Create(create()).into(),
        Command::Edit(edit()).into(),
        Command::Delete(delete()).into(),
        Command::Rotate(rotate()).into(),
        Command::Enqueue(enqueue()).into(),
        Command::Attempted(attempted()).into(),
        Command::Resend(resend()).into(),
    ]
}

pub fn replies() -> Vec<domain::Reply> {
    vec![
        Reply::Created(endpoint()).into(),
        Reply::Edited(endpoint()).into(),
        Reply::Deleted.into(),
        Reply::Rotated(endpoint()).into(),
        Reply::Enqueued { deliveries: 1, cursor: 6 }.into(),
        Reply::Noted { state: State::Pending, attempt: 2, due_at: Some(NOW) }.into(),
        Reply::Resent { attempt: 3 }.into(),
    ]
}

pub fn rejections() -> Vec<domain::Rejection> {
    vec![
        Rejection::NotFound.into(),
        Rejection::BadField.into(),
        Rejection::IdTaken.into(),
        Rejection::TooManyEndpoints.into(),
        Rejection::Stale { cursor: 6 }.into(),
        Rejection::StaleAttempt { attempt: 2 }.into(),
        Rejection::Disabled.into(),
    ]
}

pub fn events() -> Vec<domain::Event> {
    vec![Event::Due.into()]
}

pub fn states() -> Vec<State> {
    vec![State::Pending, State::Delivered, State::Failed]
}

pub fn create() -> Create {
    Create {
        endpoint_id: ENDPOINT,
        creator_id: CREATOR,
        url: "https://example.com/hooks".into(),
        events: vec!["order.confirmed".into()],
        secret: SecretBytes(vec![0xbb; 32]),
    }
}

fn edit() -> Edit {
    Edit {
        endpoint_id: ENDPOINT,
        creator_id: CREATOR,
        url: Some("https://example.com/hooks".into()),
        events: Some(vec![]),
        enabled: Some(false),
    }
}

pub fn delete() -> Delete {
    Delete { endpoint_id: ENDPOINT, creator_id: CREATOR }
}

fn rotate() -> Rotate {
    Rotate { endpoint_id: ENDPOINT, creator_id: CREATOR, secret: SecretBytes(vec![0xcc; 32]), keep_old_ms: 86_400_000 }
}

pub fn enqueue() -> Enqueue {
    let delivery = NewDelivery {
        creator_id: CREATOR,
        endpoint_id: ENDPOINT,
        index: 6,
        ordinal: 1,
        kind: "order.confirmed".into(),
        body: b"{}".to_vec(),
    };
    Enqueue { from: 0, through: 6, deliveries: vec![delivery] }
}

fn attempted() -> Attempted {
    Attempted {
        endpoint_id: ENDPOINT,
        creator_id: CREATOR,
        index: 6,
        ordinal: 1,
        attempt: 1,
        status: Some(503),
        error: Some("overloaded".into()),
        duration_ms: 120,
        retry_in_ms: 5_000,
        gone: false,
    }
}

fn resend() -> Resend {
    Resend { endpoint_id: ENDPOINT, creator_id: CREATOR, index: 6, ordinal: 1 }
}

pub fn endpoint() -> Endpoint {
    Endpoint {
        id: ENDPOINT,
        creator_id: CREATOR,
        url: "https://example.com/hooks".into(),
        events: vec!["order.confirmed".into()],
        secrets: vec![
            Secret { bytes: SecretBytes(vec![0xcc; 32]), expires_at: None },
            Secret { bytes: SecretBytes(vec![0xbb; 32]), expires_at: Some(NOW.after_ms(86_400_000)) },
        ],
        enabled: false,
        disabled_because: Some("failing".into()),
        failing_since: Some(NOW),
        created_at: NOW,
        version: VERSION,
    }
}

pub fn delivery() -> Delivery {
    let tried = |status| Try { at: NOW, status, error: Some("overloaded".into()), duration_ms: 120 };
    Delivery {
        kind: "order.confirmed".into(),
        body: b"{}".to_vec(),
        created_at: NOW,
        state: State::Pending,
        attempt: 3,
        due_at: Some(NOW.after_ms(5_000)),
        tries: vec![tried(None), tried(Some(503))],
    }
}

pub fn failed_delivery() -> Delivery {
    Delivery { state: State::Failed, due_at: None, ..delivery() }
}
