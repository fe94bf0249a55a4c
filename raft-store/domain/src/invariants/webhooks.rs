//! No creator has more endpoints than they may, every delivery leads to somebody, and those that are due are the pending
//! ones.

use std::collections::BTreeMap;

use super::Broken;
use crate::webhooks::{self, ENDPOINTS_MAX, SECRETS_MAX, State};
use crate::{AccountId, View, WebhookId};

pub(super) fn check(view: &dyn View) -> Result<(), Broken> {
    let mut known: BTreeMap<WebhookId, bool> =
        webhooks::halted(view, usize::MAX)?.into_iter().map(|(id, _)| (id, true)).collect();
    let mut counts: BTreeMap<AccountId, usize> = BTreeMap::new();
    for endpoint in webhooks::all_endpoints(view)? {
        let endpoints = counts.entry(endpoint.creator_id).or_default();
        *endpoints += 1;
        let secrets = endpoint.secrets.len();
        if *endpoints > ENDPOINTS_MAX || !(1..=SECRETS_MAX).contains(&secrets) {
            return Err(Broken::Endpoints { creator: endpoint.creator_id, endpoints: *endpoints, secrets });
        }
        *known.entry(endpoint.id).or_default() |= endpoint.enabled;
    }
    let mut waiting: BTreeMap<_, _> = webhooks::all_waiting(view)?
        .into_iter()
        .map(|waiting| ((waiting.endpoint_id, waiting.index, waiting.ordinal), waiting.at))
        .collect();
    for (endpoint, (index, ordinal), delivery) in webhooks::all_deliveries(view)? {
        let is_pending = delivery.state == State::Pending;
        let what = match known.get(&endpoint) {
            None => "is to nobody",
            Some(false) if is_pending => "waits for a disabled endpoint",
            _ if waiting.remove(&(endpoint, index, ordinal)) != delivery.due_at => {
                "is due at another time than its row says"
            }
            _ if is_pending != delivery.due_at.is_some() => "is due and not pending, or the other way round",
            _ => continue,
        };
        return Err(Broken::Delivery { endpoint, index, ordinal, what });
    }
    match waiting.first_key_value() {
        Some(((endpoint, index, ordinal), _)) => Err(Broken::Delivery {
            endpoint: *endpoint,
            index: *index,
            ordinal: *ordinal,
            what: "is due and is not there",
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;
    use crate::webhooks::{Command, Create, Delivery, Endpoint, Enqueue, NewDelivery, SecretBytes};
    use crate::{Timestamp, codec, keys};

    const CREATOR: AccountId = AccountId::from_u128(1);
    const ENDPOINT: WebhookId = WebhookId::from_u128(1);

    /// Enqueues a delivery, then changes rows as a bug would.
    fn enqueued(bug: impl FnOnce(&mut Machine)) -> Result<(), Broken> {
        let mut machine = Machine::default();
        let (creator_id, endpoint_id, secret) = (CREATOR, ENDPOINT, SecretBytes(vec![1; 32]));
        let create = Create { endpoint_id, creator_id, url: "https://example.com".into(), events: vec![], secret };
        machine.run(Command::Create(create)).expect("there is none");
        let (kind, body) = ("drop.live".to_owned(), vec![]);
        let deliveries = vec![NewDelivery { creator_id, endpoint_id, index: 1, ordinal: 0, kind, body }];
        machine.run(Command::Enqueue(Enqueue { from: 0, through: 1, deliveries })).expect("nobody else enqueues");
        bug(&mut machine);
        check(&machine.view)
    }

    fn change_endpoint(machine: &mut Machine, change: impl FnOnce(&mut Endpoint)) {
        let endpoint = webhooks::endpoint(&machine.view, CREATOR, ENDPOINT);
        let mut endpoint = endpoint.expect("memory does not fail").expect("it is there");
        change(&mut endpoint);
        let key = keys::of_ids(keys::WEBHOOK_ENDPOINT, CREATOR.bytes(), endpoint.id.bytes());
        machine.view.0.insert(key.to_vec(), codec::encode(&endpoint));
    }

    fn change_delivery(machine: &mut Machine, change: impl FnOnce(&mut Delivery)) {
        let mut rows = machine.view.0.iter_mut().filter(|(key, _)| key[0] == keys::WEBHOOK_DELIVERY);
        let row = rows.next().expect("there is one").1;
        let mut delivery = codec::decode(row, "a delivery").expect("it was written just so");
        change(&mut delivery);
        *row = codec::encode(&delivery);
    }

    fn what(checked: Result<(), Broken>) -> &'static str {
        match checked {
            Err(Broken::Delivery { endpoint: ENDPOINT, index: 1, ordinal: 0, what }) => what,
            other => panic!("another law: {other:?}"),
        }
    }

    #[test]
    fn a_delivery_that_nobody_will_send_is_found() {
        assert!(enqueued(|_| ()).is_ok());
        let without = |prefix: u8| enqueued(|machine| machine.view.0.retain(|key, _| key[0] != prefix));
        assert_eq!(what(without(keys::WEBHOOK_DUE)), "is due at another time than its row says");
        let later = |delivery: &mut Delivery| delivery.due_at = Some(Timestamp(7));
        let later = enqueued(|machine| change_delivery(machine, later));
        assert_eq!(what(later), "is due at another time than its row says");
    }

    #[test]
    fn a_delivery_that_is_sent_though_it_is_not_pending_or_not_there_is_found() {
        let failed = enqueued(|machine| change_delivery(machine, |delivery| delivery.state = State::Failed));
        assert_eq!(what(failed), "is due and not pending, or the other way round");
        let gone = enqueued(|machine| machine.view.0.retain(|key, _| key[0] != keys::WEBHOOK_DELIVERY));
        assert_eq!(what(gone), "is due and is not there");
    }

    #[test]
    fn a_delivery_to_nobody_is_found() {
        let gone = enqueued(|machine| machine.view.0.retain(|key, _| key[0] != keys::WEBHOOK_ENDPOINT));
        assert_eq!(what(gone), "is to nobody");
        let disabled = enqueued(|machine| change_endpoint(machine, |endpoint| endpoint.enabled = false));
        assert_eq!(what(disabled), "waits for a disabled endpoint");
    }

    #[test]
    fn too_many_endpoints_and_an_endpoint_that_cannot_sign_are_found() {
        let silent = enqueued(|machine| change_endpoint(machine, |endpoint| endpoint.secrets.clear()));
        assert!(matches!(silent, Err(Broken::Endpoints { endpoints: 1, secrets: 0, .. })));
        let many = enqueued(|machine| {
            for n in 1..=17 {
                change_endpoint(machine, |endpoint| endpoint.id = WebhookId::from_u128(n));
            }
        });
        assert!(matches!(many, Err(Broken::Endpoints { endpoints: 17, .. })));
    }
}
