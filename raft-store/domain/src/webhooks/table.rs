//! Keys of this room, and typed reads.

use std::collections::BTreeMap;

use super::types::Halted;
use super::{Delivery, Endpoint, KEPT_MS, Position, Waiting};
use crate::keys::{self, key};
use crate::tx::{DueRow, Tx};
use crate::view::{Order, Row};
use crate::{AccountId, Entry, Fault, Timestamp, View, WebhookId, codec, tx};

/// A delivery among all: its endpoint and the position of its event.
pub(super) const NAME_BYTES: usize = 28;

fn endpoint_key(creator: AccountId, id: WebhookId) -> [u8; 33] {
    keys::of_ids(keys::WEBHOOK_ENDPOINT, creator.bytes(), id.bytes())
}

/// What names a delivery, in keys and among those to forget.
fn name(endpoint: WebhookId, (index, ordinal): Position) -> [u8; NAME_BYTES] {
    let mut name = [0; NAME_BYTES];
    name[..16].copy_from_slice(&endpoint.bytes());
    name[16..24].copy_from_slice(&index.to_be_bytes());
    name[24..].copy_from_slice(&ordinal.to_be_bytes());
    name
}

/// What is named at `at` in a key or a list of names.
pub(super) fn named(bytes: &[u8], at: usize) -> Result<(WebhookId, Position), Fault> {
    let ordinal = bytes.get(at + 24..at + NAME_BYTES).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    match (keys::id(bytes, at), keys::number(bytes, at + 16), ordinal) {
        (Some(id), Some(index), Some(ordinal)) => Ok((WebhookId::from_bytes(id), (index, ordinal))),
        _ => Err(Fault::new("reading deliveries", "a key without the name of a delivery")),
    }
}

fn delivery_key(endpoint: WebhookId, position: Position) -> Vec<u8> {
    key(keys::WEBHOOK_DELIVERY, &[&name(endpoint, position)])
}

fn due_key(at: Timestamp, endpoint: WebhookId, position: Position) -> Vec<u8> {
    key(keys::WEBHOOK_DUE, &[&at.0.to_be_bytes(), &name(endpoint, position)])
}

fn old_key(at: Timestamp, index: u64) -> [u8; 17] {
    keys::of_time_at(keys::WEBHOOK_OLD, at, index)
}

fn halted_key(endpoint: WebhookId) -> [u8; 17] {
    keys::of_id(keys::WEBHOOK_HALTED, endpoint.bytes())
}

fn cursor_key() -> Vec<u8> {
    key(keys::WEBHOOK_CURSOR, &[])
}

pub(super) fn put_endpoint(tx: &mut Tx, endpoint: &Endpoint) {
    tx.put(endpoint_key(endpoint.creator_id, endpoint.id), endpoint);
}

pub(super) fn delete_endpoint(tx: &mut Tx, endpoint: &Endpoint) {
    tx.delete(endpoint_key(endpoint.creator_id, endpoint.id));
}

/// Stores a new delivery and the rows that lead to it.
pub(super) fn insert(tx: &mut Tx, entry: &Entry, whose: (AccountId, WebhookId), position: Position, row: &Delivery) {
    put(tx, whose, position, row, None);
    tx.append(old_key(row.created_at.after_ms(KEPT_MS), entry.index), &name(whose.1, position));
}

/// Stores a delivery; `before` is what was stored.
pub(super) fn put(
    tx: &mut Tx,
    (creator, endpoint): (AccountId, WebhookId),
    position: Position,
    delivery: &Delivery,
    before: Option<&Delivery>,
) {
    let due_before = before.and_then(|before| before.due_at);
    if let Some(at) = due_before.filter(|_| due_before != delivery.due_at) {
        tx.delete(due_key(at, endpoint, position));
    }
    if let Some(at) = delivery.due_at.filter(|_| due_before != delivery.due_at) {
        tx.put_bytes(due_key(at, endpoint, position), &creator.bytes());
    }
    tx.put(delivery_key(endpoint, position), delivery);
}

/// Removes a delivery and what says that it is due.
pub(super) fn delete(tx: &mut Tx, endpoint: WebhookId, position: Position, delivery: &Delivery) {
    if let Some(at) = delivery.due_at {
        tx.delete(due_key(at, endpoint, position));
    }
    tx.delete(delivery_key(endpoint, position));
}

pub(super) fn put_cursor(tx: &mut Tx, cursor: u64) {
    tx.put(cursor_key(), &cursor);
}

/// Has the clock go through the deliveries of an endpoint.
pub(super) fn put_halted(tx: &mut Tx, endpoint: WebhookId, halted: &Halted) {
    tx.put(halted_key(endpoint), halted);
}

pub(super) fn delete_halted(tx: &mut Tx, endpoint: WebhookId) {
    tx.delete(halted_key(endpoint));
}

/// Whether the clock has yet to go through deliveries of this endpoint.
pub(super) fn is_halted(view: &dyn View, endpoint: WebhookId) -> Result<bool, Fault> {
    Ok(view.get(&halted_key(endpoint))?.is_some())
}

/// The endpoints whose deliveries the clock has yet to go through.
pub(crate) fn halted(view: &dyn View, limit: usize) -> Result<Vec<(WebhookId, Halted)>, Fault> {
    view.scan(&[keys::WEBHOOK_HALTED], &[keys::WEBHOOK_HALTED + 1], Order::Forward, limit)?
        .iter()
        .map(|(row, bytes)| {
            let id = keys::id(row, 1).map(WebhookId::from_bytes);
            let id = id.ok_or_else(|| Fault::new("reading halted endpoints", "a key without an endpoint id"))?;
            Ok((id, codec::decode(bytes, "a halted endpoint")?))
        })
        .collect()
}

/// The endpoint with this id, if it belongs to the creator.
pub fn endpoint(view: &dyn View, creator: AccountId, id: WebhookId) -> Result<Option<Endpoint>, Fault> {
    tx::row(view, &endpoint_key(creator, id), "a webhook endpoint")
}

/// All endpoints of a creator, oldest first.
pub fn endpoints(view: &dyn View, creator: AccountId) -> Result<Vec<Endpoint>, Fault> {
    endpoints_from(view, &key(keys::WEBHOOK_ENDPOINT, &[&creator.bytes()]))
}

/// Whether anybody is to be told of anything.
pub fn any_endpoint(view: &dyn View) -> Result<bool, Fault> {
    let rows = view.scan(&[keys::WEBHOOK_ENDPOINT], &[keys::WEBHOOK_ENDPOINT + 1], Order::Forward, 1)?;
    Ok(!rows.is_empty())
}

/// Every endpoint of every creator.
pub fn all_endpoints(view: &dyn View) -> Result<Vec<Endpoint>, Fault> {
    endpoints_from(view, &[keys::WEBHOOK_ENDPOINT])
}

fn endpoints_from(view: &dyn View, prefix: &[u8]) -> Result<Vec<Endpoint>, Fault> {
    let rows = view.scan(prefix, &keys::after(prefix), Order::Forward, usize::MAX)?;
    rows.iter().map(|(_, bytes)| codec::decode(bytes, "a webhook endpoint")).collect()
}

/// The log index up to which all events have been enqueued.
pub fn cursor(view: &dyn View) -> Result<u64, Fault> {
    Ok(tx::row(view, &cursor_key(), "the cursor of the webhooks")?.unwrap_or(0))
}

/// The delivery of an event to an endpoint.
pub fn delivery(view: &dyn View, endpoint: WebhookId, position: Position) -> Result<Option<Delivery>, Fault> {
    tx::row(view, &delivery_key(endpoint, position), "a delivery")
}

/// At most `limit` deliveries to an endpoint, newest event first, older than `before`.
pub fn deliveries(
    view: &dyn View,
    endpoint: WebhookId,
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<(Position, Delivery)>, Fault> {
    let prefix = key(keys::WEBHOOK_DELIVERY, &[&endpoint.bytes()]);
    let before = before.map(|position| name(endpoint, position));
    let rows = tx::keys_before(view, &prefix, before.as_ref().map(|name| &name[16..]), limit)?;
    rows.iter().map(delivery_of).map(|row| row.map(|(_, position, delivery)| (position, delivery))).collect()
}

/// At most `limit` deliveries to an endpoint, oldest event first, younger than `after`.
pub(super) fn deliveries_after(
    view: &dyn View,
    endpoint: WebhookId,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<(Position, Delivery)>, Fault> {
    let prefix = key(keys::WEBHOOK_DELIVERY, &[&endpoint.bytes()]);
    let from = after.map_or(prefix.clone(), |position| next_after(delivery_key(endpoint, position)));
    let rows = view.scan(&from, &keys::after(&prefix), Order::Forward, limit)?;
    rows.iter().map(delivery_of).map(|row| row.map(|(_, position, delivery)| (position, delivery))).collect()
}

/// Every delivery, for checks of the whole state.
pub(crate) fn all_deliveries(view: &dyn View) -> Result<Vec<(WebhookId, Position, Delivery)>, Fault> {
    let (from, to) = ([keys::WEBHOOK_DELIVERY], [keys::WEBHOOK_DELIVERY + 1]);
    view.scan(&from, &to, Order::Forward, usize::MAX)?.iter().map(delivery_of).collect()
}

fn delivery_of((row, bytes): &Row) -> Result<(WebhookId, Position, Delivery), Fault> {
    let (endpoint, position) = named(row, 1)?;
    Ok((endpoint, position, codec::decode(bytes, "a delivery")?))
}

/// At most `limit` deliveries that are to be sent by `now`, longest overdue first; none to disabled endpoints.
pub fn due(view: &dyn View, now: Timestamp, limit: usize) -> Result<Vec<Waiting>, Fault> {
    due_from(view, vec![keys::WEBHOOK_DUE], now, limit)
}

/// As [`due`], of those that come after this one: whoever sends can look past those that are on their way.
pub fn due_after(view: &dyn View, after: &Waiting, now: Timestamp, limit: usize) -> Result<Vec<Waiting>, Fault> {
    due_from(view, next_after(due_key(after.at, after.endpoint_id, (after.index, after.ordinal))), now, limit)
}

fn due_from(view: &dyn View, mut from: Vec<u8>, now: Timestamp, limit: usize) -> Result<Vec<Waiting>, Fault> {
    let end = key(keys::WEBHOOK_DUE, &[&now.after_ms(1).0.to_be_bytes()]);
    let mut enabled: BTreeMap<WebhookId, bool> = BTreeMap::new();
    let mut due = Vec::new();
    while due.len() < limit {
        let wanted = limit - due.len();
        let rows = view.scan(&from, &end, Order::Forward, wanted)?;
        for row in &rows {
            let waiting = waiting_of(row)?;
            let id = waiting.endpoint_id;
            let is_enabled = match enabled.get(&id) {
                Some(known) => *known,
                None => endpoint(view, waiting.creator_id, id)?.is_some_and(|endpoint| endpoint.enabled),
            };
            enabled.insert(id, is_enabled);
            due.extend(is_enabled.then_some(waiting));
        }
        match rows.into_iter().next_back() {
            // Those of disabled endpoints stand among all of them until the clock has been there.
            Some((row, _)) => from = next_after(row),
            None => break,
        }
    }
    Ok(due)
}

/// Every delivery that says when it is due, for checks of the whole state.
pub(crate) fn all_waiting(view: &dyn View) -> Result<Vec<Waiting>, Fault> {
    view.scan(&[keys::WEBHOOK_DUE], &[keys::WEBHOOK_DUE + 1], Order::Forward, usize::MAX)?
        .iter()
        .map(waiting_of)
        .collect()
}

fn waiting_of((row, creator): &Row) -> Result<Waiting, Fault> {
    let wrong = || Fault::new("reading due deliveries", "a row without a time or a creator");
    let at = keys::number(row, 1).map(Timestamp).ok_or_else(wrong)?;
    let creator_id = keys::id(creator, 0).map(AccountId::from_bytes).ok_or_else(wrong)?;
    let (endpoint_id, (index, ordinal)) = named(row, 9)?;
    Ok(Waiting { at, creator_id, endpoint_id, index, ordinal })
}

/// The oldest row of deliveries that are to be forgotten by `now`, not looking before `from`.
pub(crate) fn first_old(view: &dyn View, from: Timestamp, now: Timestamp) -> Result<Option<DueRow>, Fault> {
    let rows = view.scan(&old_key(from, 0), &old_key(now.after_ms(1), 0), Order::Forward, 1)?;
    let Some((row, names)) = rows.into_iter().next() else { return Ok(None) };
    let at = keys::number(&row, 1).ok_or_else(|| Fault::new("forgetting deliveries", "a key without a time"))?;
    Ok(Some((row, Timestamp(at), names)))
}

/// The first key that sorts after this one.
fn next_after(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}
