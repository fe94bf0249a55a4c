use super::types::Halted;
use super::{Edit, Endpoint, Rejection, Reply, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Changes an endpoint. One that is disabled is told nothing, and what waits for it fails; one that is enabled again
/// starts anew, and so does one with another address: it has not failed yet.
///
/// Rejects, in this order: `NotFound`, `BadField`.
pub(super) fn edit(tx: &mut Tx, entry: &Entry, command: Edit) -> Result<Reply, Stop> {
    let before = table::endpoint(tx, command.creator_id, command.endpoint_id)?.ok_or(Rejection::NotFound)?;
    let mut endpoint = Endpoint {
        url: command.url.unwrap_or_else(|| before.url.clone()),
        events: command.events.unwrap_or_else(|| before.events.clone()),
        enabled: command.enabled.unwrap_or(before.enabled),
        version: entry.index,
        ..before.clone()
    };
    ensure(endpoint.is_well_formed(), Rejection::BadField)?;
    // From here on it must succeed.
    if endpoint.url != before.url || (endpoint.enabled && !before.enabled) {
        endpoint.failing_since = None;
    }
    if endpoint.enabled {
        endpoint.disabled_because = None;
    } else if before.enabled {
        table::put_halted(tx, endpoint.id, &Halted { creator_id: endpoint.creator_id, after: None });
    }
    table::put_endpoint(tx, &endpoint);
    Ok(Reply::Edited(endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccountId;
    use crate::machine::testing::Machine;
    use crate::webhooks::testing::{attempted, edit, news};
    use crate::webhooks::{Command, State};

    #[test]
    fn an_edit_changes_what_it_names() {
        let mut machine = Machine::with_endpoint();
        let before = machine.endpoint();
        let events = Some(vec!["drop.live".to_owned()]);
        machine.webhooks(Command::Edit(Edit { events, ..edit() })).expect("it is there");
        let after = machine.endpoint();
        assert_eq!(after, Endpoint { events: vec!["drop.live".into()], version: machine.index, ..before });
    }

    #[test]
    fn somebody_elses_endpoint_is_not_there_and_a_bad_address_is_refused() {
        let mut machine = Machine::with_endpoint();
        let foreign = Edit { creator_id: AccountId::from_u128(2), ..edit() };
        assert_eq!(machine.webhooks(Command::Edit(foreign)), Err(Rejection::NotFound.into()));
        let bad = Edit { url: Some(String::new()), ..edit() };
        assert_eq!(machine.webhooks(Command::Edit(bad)), Err(Rejection::BadField.into()));
    }

    #[test]
    fn a_disabled_endpoint_is_told_nothing_and_what_waited_has_failed() {
        let mut machine = Machine::with_deliveries(2);
        machine.webhooks(Command::Attempted(attempted(1, 200))).expect("it is due");
        machine.enable(false);
        assert_eq!(machine.due(), [], "nothing is sent from then on, however much the clock has yet to do");
        machine.tick();
        assert_eq!([1, 2].map(|index| machine.delivery(index).state), [State::Delivered, State::Failed]);
        machine.enqueue(vec![news(3)]).expect("nobody else enqueues");
        assert_eq!(machine.delivered_or_not(), [2, 1]);
    }

    #[test]
    fn what_waits_for_an_endpoint_that_is_enabled_again_in_time_is_sent() {
        let mut machine = Machine::with_deliveries(2);
        machine.enable(false);
        machine.tick_with(1);
        machine.enable(true);
        machine.tick();
        assert_eq!([1, 2].map(|index| machine.delivery(index).state), [State::Failed, State::Pending]);
        assert_eq!(machine.due(), [2]);
    }

    #[test]
    fn an_endpoint_that_is_enabled_again_or_moves_has_not_failed() {
        let mut machine = Machine::with_deliveries(2);
        machine.webhooks(Command::Attempted(attempted(1, 500))).expect("it is due");
        assert!(machine.endpoint().failing_since.is_some());
        machine
            .webhooks(Command::Edit(Edit { url: Some("https://example.org".into()), ..edit() }))
            .expect("it is there");
        assert_eq!(machine.endpoint().failing_since, None);
        machine.webhooks(Command::Attempted(attempted(2, 410))).expect("it is due");
        assert_eq!(machine.endpoint().disabled_because.as_deref(), Some("gone"));
        machine.enable(true);
        let endpoint = machine.endpoint();
        assert_eq!((endpoint.enabled, endpoint.disabled_because, endpoint.failing_since), (true, None, None));
    }
}
