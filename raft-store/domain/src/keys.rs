//! The whole key layout on one page. A prefix never changes its meaning; numbers are big-endian, so keys sort as they do.
//!
//! Keys that begin with 0x00 belong to whoever stores the rows (last applied log id, membership).

use crate::Timestamp;

/// One raft entry's time, state hash and events: `index`.
pub const JOURNAL: u8 = 0x01;
/// The clock and the rolling hash after the last entry: one row.
pub const META: u8 = 0x02;
/// Decided idempotency keys: `account, key hash`.
pub const IDEMPOTENCY: u8 = 0x03;
/// Which of them to forget, and when: `time, index` → keys, end to end.
pub const IDEMPOTENCY_DUE: u8 = 0x04;

/// `account`.
pub const ACCOUNT: u8 = 0x10;
/// `e-mail address in lower case` → account.
pub const ACCOUNT_BY_EMAIL: u8 = 0x11;
/// `session`.
pub const SESSION: u8 = 0x12;
/// `key id`.
pub const SIGNING_KEY: u8 = 0x13;
/// `time, index` → the sessions to look at then, end to end.
pub const SESSION_DUE: u8 = 0x14;

/// Until when a token may be good of an account that was disabled since: one row.
pub const TOKENS_LEFT: u8 = 0x15;

/// `creator, bucket, follower`: in the order of keys, since pages of a long list are read from it.
pub const FOLLOWER: u8 = 0x18;
/// `follower, creator` → since when.
pub const FOLLOWING: u8 = 0x19;
/// `account` → how many follow it, and how many it follows.
pub const FOLLOW_COUNTS: u8 = 0x1a;

/// `product`.
pub const PRODUCT: u8 = 0x20;
/// `creator, product`.
pub const PRODUCT_BY_CREATOR: u8 = 0x21;
/// `tag, 0x00, product`.
pub const PRODUCT_BY_TAG: u8 = 0x22;

/// `drop`.
pub const DROP: u8 = 0x30;
/// `drop` → the counts of each variant.
pub const STOCK: u8 = 0x31;
/// `stage, drop`.
pub const DROP_BY_STAGE: u8 = 0x32;
/// `creator, drop`.
pub const DROP_BY_CREATOR: u8 = 0x33;
/// `time, drop` → what is due then.
pub const DROP_DUE: u8 = 0x34;
/// `drop, account` → units held or bought.
pub const CUSTOMER: u8 = 0x35;
/// `drop` → what came of its orders.
pub const DROP_TALLY: u8 = 0x36;
/// `drop, minutes since the Unix epoch` → what was sold in that minute.
pub const DROP_MINUTE: u8 = 0x37;
/// `product, drop`.
pub const DROP_BY_PRODUCT: u8 = 0x38;

/// `order`.
pub const ORDER: u8 = 0x40;
/// `buyer, order`.
pub const ORDER_BY_BUYER: u8 = 0x41;
/// `drop, index` → the orders placed by that entry, end to end.
pub const ORDER_BY_DROP: u8 = 0x42;
/// `time, index` → the orders whose hold ends then, or whose payment is given up then, end to end.
pub const HOLD_DUE: u8 = 0x43;
/// `order`.
pub const PAYMENT: u8 = 0x44;
/// `order`, while somebody must talk to the gateway about its payment.
pub const PAYMENT_OPEN: u8 = 0x45;
/// `drop`, while orders of a cancelled drop are called off → how far that is.
pub const DROP_WINDING: u8 = 0x46;

/// `node id`.
pub const MEMBER: u8 = 0x50;
/// `node id` → who may join under it.
pub const INVITATION: u8 = 0x51;
/// Which node ids were given: one row.
pub const ROSTER: u8 = 0x52;

/// `number` → who did what.
pub const AUDIT: u8 = 0x58;
/// The number and the hash of the newest of them: one row.
pub const AUDIT_HEAD: u8 = 0x59;

/// `intent`.
pub const SANDBOX_INTENT: u8 = 0x60;
/// `index` → the lines that the entry wrote into the sandbox's books, end to end.
pub const SANDBOX_LEDGER: u8 = 0x61;

/// `creator, endpoint`.
pub const WEBHOOK_ENDPOINT: u8 = 0x68;
/// `endpoint, event index, event ordinal`.
pub const WEBHOOK_DELIVERY: u8 = 0x69;
/// `time, endpoint, event index, event ordinal` → the creator whose delivery is due then.
pub const WEBHOOK_DUE: u8 = 0x6a;
/// Up to which log index events were enqueued: one row.
pub const WEBHOOK_CURSOR: u8 = 0x6b;
/// Which deliveries to forget, and when: `time, index` → `endpoint, event index, event ordinal` of each, end to end.
pub const WEBHOOK_OLD: u8 = 0x6c;
/// `endpoint` that was deleted or disabled → how far the clock has gone through its deliveries.
pub const WEBHOOK_HALTED: u8 = 0x6d;
/// Up to which log index caches in front of the cluster were told of events: one row.
pub const CDN_CURSOR: u8 = 0x6e;

/// `creator, event index, event ordinal` → what everyone who follows the creator may read.
pub const NOTICE_OF_CREATOR: u8 = 0x70;
/// `account, event index, event ordinal` → what the account may read.
pub const NOTICE_OF_ACCOUNT: u8 = 0x71;
/// Which notices to forget, and when: `time, index` → their keys, end to end.
pub const NOTICE_OLD: u8 = 0x72;
/// `account` → what it has read, and what it does not want to be told.
pub const INBOX: u8 = 0x73;
/// `drop, item, sequence`: somebody who waits for a variant.
pub const WAITING: u8 = 0x78;
/// `drop, account` → their place in a line, or what they were offered.
pub const WAITING_OF: u8 = 0x79;
/// `drop, item` → the line for a variant, while somebody waits for it.
pub const WAITLIST: u8 = 0x7a;
/// `drop` whose lines the clock has yet to go on with.
pub const WAITLIST_DUE: u8 = 0x7c;

/// Rows that are read by their whole key, and in runs only to check a whole state: a store need not keep the newest of
/// them in order.
pub const POINTS: [u8; 3] = [IDEMPOTENCY, CUSTOMER, ORDER];

/// Rows that are read in runs whose keys begin with the same [`GROUP`] bytes: no order is needed beyond such a group.
pub const GROUPED: [u8; 1] = [ORDER_BY_BUYER];

/// A prefix and an id.
pub const GROUP: usize = 17;

/// The key of a row that one id names.
pub fn of_id(prefix: u8, id: [u8; 16]) -> [u8; 17] {
    let mut key = [prefix; 17];
    key[1..].copy_from_slice(&id);
    key
}

/// The key of a row that two ids name.
pub fn of_ids(prefix: u8, first: [u8; 16], second: [u8; 16]) -> [u8; 33] {
    let mut key = [prefix; 33];
    key[1..17].copy_from_slice(&first);
    key[17..].copy_from_slice(&second);
    key
}

/// The key of a row that an id and a log index name.
pub fn of_id_at(prefix: u8, id: [u8; 16], index: u64) -> [u8; 25] {
    let mut key = [prefix; 25];
    key[1..17].copy_from_slice(&id);
    key[17..].copy_from_slice(&index.to_be_bytes());
    key
}

/// The key of a row that a time and a log index name.
pub fn of_time_at(prefix: u8, time: Timestamp, index: u64) -> [u8; 17] {
    let mut key = [prefix; 17];
    key[1..9].copy_from_slice(&time.0.to_be_bytes());
    key[9..].copy_from_slice(&index.to_be_bytes());
    key
}

/// A key made of a prefix and any other parts.
pub fn key(prefix: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(prefix);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

/// The first key after all those that begin with `key`.
pub fn after(key: &[u8]) -> Vec<u8> {
    let mut end = key.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// The big-endian number at `at` in a key.
pub fn number(key: &[u8], at: usize) -> Option<u64> {
    key.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes)
}

/// The id at `at` in a key or a list of ids.
pub fn id(key: &[u8], at: usize) -> Option<[u8; 16]> {
    key.get(at..at + 16)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_their_parts_end_to_end() {
        let (one, two) = ([1; 16], [2; 16]);
        assert_eq!(key(0x30, &[&one]), of_id(0x30, one));
        assert_eq!(key(0x30, &[&one, &two]), of_ids(0x30, one, two));
        assert_eq!(key(0x30, &[&one, &[0, 0, 0, 0, 0, 0, 1, 2]]), of_id_at(0x30, one, 0x0102));
        assert_eq!(key(0x30, &[&[0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9]]), of_time_at(0x30, Timestamp(7), 9));
    }

    #[test]
    fn after_a_prefix_come_no_more_of_its_keys() {
        assert_eq!(after(&[0x30]), [0x31]);
        assert_eq!(after(&[0x30, 0xff, 0xff]), [0x31]);
        assert!(key(0x30, &[&[0xff; 16]]) < after(&[0x30]));
    }
}
