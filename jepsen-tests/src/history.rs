//! What happened in a run, in the order in which it was written down: one JSON object a line.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;

/// One thing that was done or seen. Nodes are numbered from 1, as in the cluster's configuration; times are
/// nanoseconds since the run began, on one clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    Offer(Offer),
    Attempt(Attempt),
    Stock(StockRead),
    Key(KeyRead),
    Hash(HashRead),
    Fault(Fault),
}

/// A drop was opened: what may be sold at most. A limit of 0 is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    pub drop_id: String,
    pub stock: u64,
    pub per_customer_limit: u64,
}

/// One request to buy. Several attempts may carry the same key; together they are one purchase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub drop_id: String,
    pub account: String,
    pub key: String,
    pub quantity: u64,
    pub node: usize,
    pub invoked_ns: u64,
    pub returned_ns: u64,
    pub outcome: Outcome,
}

/// One node's count of a drop's units. `last` marks the reads at the very end, with nothing in flight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StockRead {
    pub drop_id: String,
    pub node: usize,
    pub stock: u64,
    pub available: u64,
    pub held: u64,
    pub sold: u64,
    pub last: bool,
}

/// What one node says, at the end, that a key came to: an order with its quantity, or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyRead {
    pub drop_id: String,
    pub account: String,
    pub key: String,
    pub node: usize,
    pub order: Option<FoundOrder>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundOrder {
    pub order_id: String,
    pub quantity: u64,
}

/// One node's hash of everything it has applied up to an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HashRead {
    pub node: usize,
    pub index: u64,
    pub hash: String,
}

/// Something was done to a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    pub what: String,
    pub node: usize,
    pub at_ns: u64,
}

/// The records of one run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    pub records: Vec<Record>,
}

impl History {
    pub fn push(&mut self, record: Record) {
        self.records.push(record);
    }

    pub fn offers(&self) -> impl Iterator<Item = &Offer> {
        self.records.iter().filter_map(|record| if let Record::Offer(offer) = record { Some(offer) } else { None })
    }

    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.records.iter().filter_map(|record| if let Record::Attempt(it) = record { Some(it) } else { None })
    }

    pub fn stock_reads(&self) -> impl Iterator<Item = &StockRead> {
        self.records.iter().filter_map(|record| if let Record::Stock(read) = record { Some(read) } else { None })
    }

    pub fn key_reads(&self) -> impl Iterator<Item = &KeyRead> {
        self.records.iter().filter_map(|record| if let Record::Key(read) = record { Some(read) } else { None })
    }

    pub fn hash_reads(&self) -> impl Iterator<Item = &HashRead> {
        self.records.iter().filter_map(|record| if let Record::Hash(read) = record { Some(read) } else { None })
    }

    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.records.iter().filter_map(|record| if let Record::Fault(fault) = record { Some(fault) } else { None })
    }

    /// Writes the history to a file, one record a line.
    pub fn save(&self, path: &Path) -> Result<()> {
        let file = std::fs::File::create(path).with_context(|| format!("writing the history to {}", path.display()))?;
        let mut writer = std::io::BufWriter::new(file);
        for record in &self.records {
            serde_json::to_writer(&mut writer, record)?;
            writer.write_all(b"\n")?;
        }
        writer.flush().with_context(|| format!("writing the history to {}", path.display()))
    }

    /// Reads a history back from a file that [`History::save`] wrote.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let records = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        Ok(Self { records: records.with_context(|| format!("reading {}", path.display()))? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_history_reads_back_as_it_was() {
        let mut history = History::default();
        history.push(Record::Offer(Offer { drop_id: "drp_1".into(), stock: 3, per_customer_limit: 0 }));
        history.push(Record::Attempt(Attempt {
            drop_id: "drp_1".into(),
            account: "usr_1".into(),
            key: "k1".into(),
            quantity: 1,
            node: 2,
            invoked_ns: 5,
            returned_ns: 9,
            outcome: Outcome::Ok { order_id: "ord_1".into(), index: 12, replayed: false },
        }));
        history.push(Record::Fault(Fault { what: "kill".into(), node: 1, at_ns: 7 }));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.jsonl");
        history.save(&path).unwrap();
        assert_eq!(History::load(&path).unwrap(), history);
    }
}
