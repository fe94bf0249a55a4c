//! What the tests of this room begin with.

use super::{Attempted, Command, Create, Delete, Delivery, Edit, Endpoint, Enqueue, NewDelivery, SecretBytes};
use super::{Reply, cursor, deliveries, delivery, due, endpoint};
use crate::machine::testing::Machine;
use crate::{AccountId, Rejection, WebhookId, words};

pub(super) const CREATOR: AccountId = AccountId::from_u128(1);
pub(super) const ENDPOINT: WebhookId = WebhookId::from_u128(1);
pub(super) const RETRY_MS: u64 = 1_000;

pub(super) fn create(n: u128) -> Create {
    Create {
        endpoint_id: WebhookId::from_u128(n),
        creator_id: CREATOR,
        url: format!("https://example.com/{n}"),
        events: vec![],
        secret: SecretBytes(vec![n as u8; 32]),
    }
}

/// Changes nothing of endpoint 1.
pub(super) fn edit() -> Edit {
    Edit { endpoint_id: ENDPOINT, creator_id: CREATOR, url: None, events: None, enabled: None }
}

/// Of an event with this log index, to endpoint 1.
pub(super) fn news(index: u64) -> NewDelivery {
    NewDelivery {
        creator_id: CREATOR,
        endpoint_id: ENDPOINT,
        index,
        ordinal: 0,
        kind: "order.confirmed".into(),
        body: b"{}".to_vec(),
    }
}

/// Of the first attempt for the event with this log index, to endpoint 1: it was answered with `status`.
pub(super) fn attempted(index: u64, status: u16) -> Attempted {
    Attempted {
        endpoint_id: ENDPOINT,
        creator_id: CREATOR,
        index,
        ordinal: 0,
        attempt: 1,
        status: Some(status),
        error: None,
        duration_ms: 20,
        retry_in_ms: RETRY_MS,
        gone: false,
    }
}

impl Machine {
    /// Has endpoint 1.
    pub(super) fn with_endpoint() -> Self {
        let mut machine = Machine::default();
        machine.webhooks(Command::Create(create(1))).expect("there is none");
        machine
    }

    /// Has endpoint 1, and deliveries to it of events 1 to `events`.
    pub(super) fn with_deliveries(events: u64) -> Self {
        let mut machine = Machine::with_endpoint();
        machine.enqueue((1..=events).map(news).collect()).expect("nobody else enqueues");
        machine
    }

    pub(super) fn webhooks(&mut self, command: Command) -> Result<Reply, Rejection> {
        self.run(command).map(|reply| match reply {
            words::Reply::Webhooks(reply) => reply,
            other => panic!("not of this room: {other:?}"),
        })
    }

    /// Moves the cursor to the last of the events.
    pub(super) fn enqueue(&mut self, deliveries: Vec<NewDelivery>) -> Result<Reply, Rejection> {
        let from = cursor(&self.view).expect("memory does not fail");
        let through = deliveries.iter().map(|new| new.index).max().unwrap_or(from);
        self.webhooks(Command::Enqueue(Enqueue { from, through, deliveries }))
    }

    /// Disables endpoint 1, or enables it.
    pub(super) fn enable(&mut self, enabled: bool) {
        self.webhooks(Command::Edit(Edit { enabled: Some(enabled), ..edit() })).expect("it is there");
    }

    pub(super) fn delete_endpoint(&mut self) {
        let delete = Delete { endpoint_id: ENDPOINT, creator_id: CREATOR };
        self.webhooks(Command::Delete(delete)).expect("it is there");
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        endpoint(&self.view, CREATOR, ENDPOINT).expect("memory does not fail").expect("it is there")
    }

    pub(super) fn delivery(&self, index: u64) -> Delivery {
        delivery(&self.view, ENDPOINT, (index, 0)).expect("memory does not fail").expect("it is there")
    }

    /// The events whose deliveries to endpoint 1 there are, newest first.
    pub(super) fn delivered_or_not(&self) -> Vec<u64> {
        let all = deliveries(&self.view, ENDPOINT, None, 100).expect("memory does not fail");
        all.into_iter().map(|((index, _), _)| index).collect()
    }

    /// The events whose deliveries are due.
    pub(super) fn due(&self) -> Vec<u64> {
        let due = due(&self.view, self.now, 100).expect("memory does not fail");
        due.into_iter().map(|waiting| waiting.index).collect()
    }
}
