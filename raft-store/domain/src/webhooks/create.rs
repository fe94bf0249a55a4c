use super::{Create, ENDPOINTS_MAX, Endpoint, Rejection, Reply, Secret, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Adds an endpoint, enabled.
///
/// Rejects, in this order: `BadField`, `IdTaken` (also by one that is deleted, while its deliveries are not),
/// `TooManyEndpoints`.
pub(super) fn create(tx: &mut Tx, entry: &Entry, command: Create) -> Result<Reply, Stop> {
    let endpoint = Endpoint {
        id: command.endpoint_id,
        creator_id: command.creator_id,
        url: command.url,
        events: command.events,
        secrets: vec![Secret { bytes: command.secret, expires_at: None }],
        enabled: true,
        disabled_because: None,
        failing_since: None,
        created_at: entry.now,
        version: entry.index,
    };
    ensure(endpoint.is_well_formed(), Rejection::BadField)?;
    let others = table::endpoints(tx, endpoint.creator_id)?;
    let is_free = !table::is_halted(tx, endpoint.id)? && others.iter().all(|other| other.id != endpoint.id);
    ensure(is_free, Rejection::IdTaken)?;
    ensure(others.len() < ENDPOINTS_MAX, Rejection::TooManyEndpoints)?;
    // From here on it must succeed.
    table::put_endpoint(tx, &endpoint);
    Ok(Reply::Created(endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;
    use crate::webhooks::testing::{CREATOR, create};
    use crate::webhooks::{Command, SecretBytes, endpoints};
    use crate::{AccountId, WebhookId};

    #[test]
    fn an_endpoint_is_enabled_and_wants_what_it_asked_for() {
        let mut machine = Machine::with_endpoint();
        assert!(machine.endpoint().wants("order.confirmed"), "one that names nothing wants everything");
        let picky = Create { events: vec!["drop.live".into()], ..create(2) };
        machine.webhooks(Command::Create(picky)).expect("the id is free");
        let all = endpoints(&machine.view, CREATOR).expect("memory does not fail");
        let wants: Vec<_> = all.iter().map(|it| (it.wants("drop.live"), it.wants("order.confirmed"))).collect();
        assert_eq!(wants, [(true, true), (true, false)]);
    }

    #[test]
    fn a_creator_has_so_many_endpoints_and_no_more() {
        let mut machine = Machine::default();
        for n in 1..=ENDPOINTS_MAX as u128 {
            machine.webhooks(Command::Create(create(n))).expect("the id is free");
        }
        assert_eq!(machine.webhooks(Command::Create(create(99))), Err(Rejection::TooManyEndpoints.into()));
        let of_another = Create { creator_id: AccountId::from_u128(2), ..create(99) };
        machine.webhooks(Command::Create(of_another)).expect("somebody else may");
        assert_eq!(endpoints(&machine.view, CREATOR).expect("memory does not fail").len(), ENDPOINTS_MAX);
    }

    #[test]
    fn an_id_is_taken_for_as_long_as_it_has_deliveries() {
        let mut machine = Machine::with_deliveries(1);
        assert_eq!(machine.webhooks(Command::Create(create(1))), Err(Rejection::IdTaken.into()));
        machine.delete_endpoint();
        assert_eq!(machine.webhooks(Command::Create(create(1))), Err(Rejection::IdTaken.into()));
        machine.tick();
        machine.webhooks(Command::Create(create(1))).expect("nothing is left of it");
        assert!(machine.delivered_or_not().is_empty());
    }

    #[test]
    fn what_is_empty_or_too_long_is_refused() {
        let mut machine = Machine::default();
        let long = |length| "x".repeat(length);
        for wrong in [
            Create { url: String::new(), ..create(1) },
            Create { url: long(2_049), ..create(1) },
            Create { events: vec![String::new()], ..create(1) },
            Create { events: vec![long(65)], ..create(1) },
            Create { events: vec![long(1); 33], ..create(1) },
            Create { secret: SecretBytes(vec![1; 23]), ..create(1) },
            Create { secret: SecretBytes(vec![1; 65]), ..create(1) },
        ] {
            assert_eq!(machine.webhooks(Command::Create(wrong)), Err(Rejection::BadField.into()));
        }
        let most = Create {
            endpoint_id: WebhookId::from_u128(1),
            creator_id: CREATOR,
            url: long(2_048),
            events: vec![long(64); 32],
            secret: SecretBytes(vec![1; 64]),
        };
        machine.webhooks(Command::Create(most)).expect("it is just so much");
    }

    #[test]
    fn a_secret_is_not_shown_where_commands_are_logged() {
        let create = Create { secret: SecretBytes(vec![77; 32]), ..create(1) };
        assert!(!format!("{create:?}").contains("77"));
    }
}
