//! A small good history, made by hand, that each checker's test spoils in its own way.

use crate::history::{Attempt, FoundOrder, HashRead, History, KeyRead, Offer, Record, StockRead};
use crate::outcome::Outcome;

pub(crate) const DROP: &str = "drp_1";

/// Three units, three buyers and a late one, two nodes: k1 was acknowledged twice (once as a replay), k2 was unknown
/// and turned out to be an order, k3 was acknowledged, k4 came too late.
pub(crate) fn good() -> History {
    let mut history = History::default();
    history.push(Record::Offer(Offer { drop_id: DROP.into(), stock: 3, per_customer_limit: 1 }));
    history.push(attempt("usr_1", "k1", 1, ok("ord_1", false)));
    history.push(attempt("usr_1", "k1", 2, ok("ord_1", true)));
    history.push(attempt("usr_2", "k2", 1, Outcome::Unknown { reason: "the connection broke".into() }));
    history.push(attempt("usr_2", "k2", 2, ok("ord_2", true)));
    history.push(attempt("usr_3", "k3", 2, ok("ord_3", false)));
    history.push(attempt("usr_4", "k4", 1, Outcome::Rejected { status: 409, code: "sold_out".into() }));
    history.push(attempt("usr_5", "k5", 1, Outcome::Refused { reason: "503 no_quorum".into() }));
    for node in [1, 2] {
        history.push(key_read(node, "usr_1", "k1", Some("ord_1")));
        history.push(key_read(node, "usr_2", "k2", Some("ord_2")));
        history.push(key_read(node, "usr_3", "k3", Some("ord_3")));
        history.push(key_read(node, "usr_4", "k4", None));
        history.push(key_read(node, "usr_5", "k5", None));
        history.push(stock_read(node, 0, 3, 0));
        history.push(hash_read(node, 40, "aa"));
    }
    history
}

pub(crate) fn ok(order_id: &str, replayed: bool) -> Outcome {
    Outcome::Ok { order_id: order_id.into(), index: 10, replayed }
}

pub(crate) fn attempt(account: &str, key: &str, node: usize, outcome: Outcome) -> Record {
    Record::Attempt(Attempt {
        drop_id: DROP.into(),
        account: account.into(),
        key: key.into(),
        quantity: 1,
        node,
        invoked_ns: 0,
        returned_ns: 1,
        outcome,
    })
}

pub(crate) fn key_read(node: usize, account: &str, key: &str, order: Option<&str>) -> Record {
    let order = order.map(|order_id| FoundOrder { order_id: order_id.into(), quantity: 1 });
    Record::Key(KeyRead { drop_id: DROP.into(), account: account.into(), key: key.into(), node, order })
}

pub(crate) fn stock_read(node: usize, available: u64, held: u64, sold: u64) -> Record {
    Record::Stock(StockRead { drop_id: DROP.into(), node, stock: 3, available, held, sold, last: true })
}

pub(crate) fn hash_read(node: usize, index: u64, hash: &str) -> Record {
    Record::Hash(HashRead { node, index, hash: hash.into() })
}

impl History {
    /// The history without the records that `unwanted` picks.
    pub(crate) fn without(mut self, unwanted: impl Fn(&Record) -> bool) -> Self {
        self.records.retain(|record| !unwanted(record));
        self
    }

    pub(crate) fn with(mut self, record: Record) -> Self {
        self.records.push(record);
        self
    }
}
