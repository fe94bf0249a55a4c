//! New ids. They are made here, at the edge, and carried in commands, since applying one must draw no random numbers.

use std::cell::RefCell;

use livedrop_domain::{AccountId, DropId, OrderId, ProductId, SessionId, Timestamp, WebhookId};
use ulid::Ulid;

/// Random bytes that are fetched from the system at once: one call is then enough for many ids.
const STOCKED: usize = 1_024;

struct Stock {
    bytes: [u8; STOCKED],
    used: usize,
}

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { bytes: [0; STOCKED], used: STOCKED }) };
}

/// Random bytes from the system, each handed out once.
///
/// # Panics
///
/// When the system has none to give: ids that can be guessed are worse than none.
fn random<const N: usize>() -> [u8; N] {
    STOCK.with_borrow_mut(|stock| {
        if stock.used + N > STOCKED {
            getrandom::fill(&mut stock.bytes).expect("the system gives random bytes");
            stock.used = 0;
        }
        let taken = &mut stock.bytes[stock.used..stock.used + N];
        let random = <[u8; N]>::try_from(&*taken).expect("the slice was cut to this length");
        taken.fill(0);
        stock.used += N;
        random
    })
}

/// 48 bits of time and 80 that nobody can guess.
fn ulid(now: Timestamp) -> u128 {
    let mut low = [0; 16];
    low[6..].copy_from_slice(&random::<10>());
    Ulid::from_parts(now.0, u128::from_be_bytes(low)).0
}

pub fn account(now: Timestamp) -> AccountId {
    AccountId::from_u128(ulid(now))
}

pub fn session(now: Timestamp) -> SessionId {
    SessionId::from_u128(ulid(now))
}

pub fn product(now: Timestamp) -> ProductId {
    ProductId::from_u128(ulid(now))
}

pub fn webhook(now: Timestamp) -> WebhookId {
    WebhookId::from_u128(ulid(now))
}

/// What an endpoint's deliveries are signed with: 32 bytes, as many as the digest has.
pub fn secret() -> Vec<u8> {
    random::<32>().to_vec()
}

pub fn drop(now: Timestamp) -> DropId {
    DropId::from_u128(ulid(now))
}

pub fn order(now: Timestamp) -> OrderId {
    OrderId::from_u128(ulid(now))
}

/// `req_` and 26 characters.
pub fn request_id() -> String {
    let mut text = [0; ulid::ULID_LEN];
    let random = Ulid(u128::from_be_bytes(random())).array_to_str(&mut text);
    ["req_", random].concat()
}

/// Names a stretch of work in a trace; never 0.
pub fn span() -> u64 {
    u64::from_be_bytes(random()).max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_id_is_made_twice_and_later_ones_sort_later() {
        let ids: BTreeSet<_> = (0..10_000).map(|_| order(Timestamp(5))).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| *id < order(Timestamp(6))));
    }
}
