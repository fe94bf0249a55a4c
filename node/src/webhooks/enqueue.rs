//! Making deliveries of events: the journal is read from the cursor on, and what creators asked for is put in the log.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use livedrop_domain::webhooks::{self, BODY_MAX, Command, Endpoint, Enqueue, NewDelivery};
use livedrop_domain::{AccountId, Fault, View, journal};

use super::event::{self, Creators};

/// Entries whose events are looked through at once.
const STRETCH: usize = 32;
/// A cursor that only passes by what nobody asked for is put in the log this rarely. It is less than the journal keeps
/// of any log, so that the next leader finds the entries after the cursor.
const LAZY_ENTRIES: u64 = 500;
/// Deliveries that end a stretch.
const DELIVERIES_MAX: usize = 1_000;
/// Deliveries of one command.
const ENQUEUED_AT_ONCE: usize = 250;

/// What the next stretch of the journal comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// What to put in the log, in this order; nothing when it is not worth an entry.
    pub commands: Vec<Command>,
    /// Where the next stretch begins once that is there.
    pub through: u64,
    /// Whether there may be more.
    pub more: bool,
    /// Entries that the journal no longer had though somebody was to be told of them.
    pub missed: Option<RangeInclusive<u64>>,
}

/// Looks through the events after `seen`, which is not before the cursor in the log.
pub fn gather(view: &dyn View, seen: u64) -> Result<Gathered, Fault> {
    if !webhooks::any_endpoint(view)? {
        // Whoever comes is told of what happens from then on: what was before need not be looked through.
        return Ok(Gathered { through: journal::meta(view)?.index.max(seen), ..Gathered::default() });
    }
    let from = webhooks::cursor(view)?;
    let start = seen.max(from);
    let floor = journal::floor(view)?;
    if floor > start + 1 {
        return missed(view, from, start + 1..=floor - 1);
    }
    let stretch = journal::after(view, start, STRETCH)?;
    let (mut through, mut more) = (start, stretch.len() == STRETCH);
    let (mut endpoints, mut creators) = (BTreeMap::new(), Creators::default());
    let mut deliveries = Vec::new();
    for (index, entry) in stretch {
        let of_entry = of_entry(view, &mut endpoints, &mut creators, index, &entry)?;
        deliveries.extend(of_entry);
        through = index;
        if deliveries.len() >= DELIVERIES_MAX {
            more = true;
            break;
        }
    }
    Ok(Gathered { commands: commands(from, through, deliveries), through, more, missed: None })
}

/// Goes on after entries that the journal has let go of before their events were enqueued. Every endpoint that was there
/// then is told so, whatever it asked for: its creator can ask for the orders and the drops.
fn missed(view: &dyn View, from: u64, entries: RangeInclusive<u64>) -> Result<Gathered, Fault> {
    let through = *entries.end();
    // Whoever came after the first entry that is there has missed nothing.
    let since = match journal::after(view, through, 1)?.first() {
        Some((_, entry)) => entry.at,
        None => journal::meta(view)?.clock,
    };
    let concerned =
        webhooks::all_endpoints(view)?.into_iter().filter(|endpoint| endpoint.enabled && endpoint.created_at < since);
    let body = event::missed(since, &entries);
    let deliveries: Vec<_> = concerned
        .map(|endpoint| NewDelivery {
            creator_id: endpoint.creator_id,
            endpoint_id: endpoint.id,
            index: through,
            // No entry tells so many events: none of them is named like this.
            ordinal: u32::MAX,
            kind: event::MISSED.to_owned(),
            body: body.clone(),
        })
        .collect();
    let missed = (!deliveries.is_empty()).then_some(entries);
    Ok(Gathered { commands: commands(from, through, deliveries), through, more: true, missed })
}

/// Puts deliveries into commands of a moderate size. Only the last one moves the cursor: those before it are made again
/// if it does not come through, which makes no delivery twice.
fn commands(from: u64, through: u64, mut deliveries: Vec<NewDelivery>) -> Vec<Command> {
    let mut commands = Vec::new();
    while deliveries.len() > ENQUEUED_AT_ONCE {
        let rest = deliveries.split_off(ENQUEUED_AT_ONCE);
        commands.push(Command::Enqueue(Enqueue { from, through: from, deliveries }));
        deliveries = rest;
    }
    if !deliveries.is_empty() || through >= from + LAZY_ENTRIES {
        commands.push(Command::Enqueue(Enqueue { from, through, deliveries }));
    }
    commands
}

fn of_entry(
    view: &dyn View,
    endpoints: &mut BTreeMap<AccountId, Vec<Endpoint>>,
    creators: &mut Creators,
    index: u64,
    entry: &journal::Journal,
) -> Result<Vec<NewDelivery>, Fault> {
    let mut deliveries = Vec::new();
    for (ordinal, event) in entry.events.iter().enumerate() {
        let Some((creator_id, kind)) = event::addressed(view, creators, event)? else { continue };
        if let std::collections::btree_map::Entry::Vacant(place) = endpoints.entry(creator_id) {
            place.insert(webhooks::endpoints(view, creator_id)?);
        }
        let wants = |endpoint: &&Endpoint| endpoint.wants(kind) && endpoint.created_at <= entry.at;
        let wanted: Vec<&Endpoint> = endpoints[&creator_id].iter().filter(wants).collect();
        if wanted.is_empty() {
            continue;
        }
        let body = event::body(view, kind, entry.at, event)?;
        if body.len() > BODY_MAX {
            // One that the log would not take must not keep all others back.
            tracing::error!(index, ordinal, kind, "an event is too long to be delivered");
            continue;
        }
        for endpoint in wanted {
            deliveries.push(NewDelivery {
                creator_id,
                endpoint_id: endpoint.id,
                index,
                ordinal: u32::try_from(ordinal).unwrap_or(u32::MAX),
                kind: kind.to_owned(),
                body: body.clone(),
            });
        }
    }
    Ok(deliveries)
}

#[cfg(test)]
mod tests {
    use livedrop_domain::WebhookId;

    use super::*;

    fn deliveries(count: u32) -> Vec<NewDelivery> {
        let (creator_id, endpoint_id) = (AccountId::from_u128(1), WebhookId::from_u128(2));
        let one = |ordinal| NewDelivery { creator_id, endpoint_id, index: 8, ordinal, kind: "k".into(), body: vec![] };
        (0..count).map(one).collect()
    }

    fn cut(count: u32, through: u64) -> Vec<(u64, usize)> {
        let part = |command: Command| match command {
            Command::Enqueue(part) => (part.through, part.deliveries.len()),
            other => panic!("{other:?} makes no deliveries"),
        };
        commands(7, through, deliveries(count)).into_iter().map(part).collect()
    }

    #[test]
    fn only_the_last_part_moves_the_cursor() {
        assert_eq!(cut(501, 9), [(7, 250), (7, 250), (9, 1)]);
        assert_eq!(cut(250, 9), [(9, 250)]);
    }

    #[test]
    fn what_nobody_asked_for_moves_the_cursor_now_and_then() {
        assert_eq!(cut(0, 6 + LAZY_ENTRIES), []);
        assert_eq!(cut(0, 7 + LAZY_ENTRIES), [(7 + LAZY_ENTRIES, 0)]);
    }
}
