//! What the nodes say is held and sold.

use futures_util::future::join_all;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::drops::{Drop, Item};
use serde::Serialize;

use super::shop::Shop;
use crate::ctl::context::Context;
use crate::ctl::trouble::{Doing, Stop};
use crate::{Endpoint, Policy};

/// The counts of a drop as one node tells them, in units over all variants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Books {
    pub endpoint: String,
    pub stock: u64,
    pub available: u64,
    pub held: u64,
    pub sold: u64,
}

impl Books {
    fn new(endpoint: String, drop: &Drop) -> Self {
        let sum = |count: fn(&Item) -> u64| drop.items.iter().map(count).sum();
        Books {
            endpoint,
            stock: sum(|item| item.stock),
            available: sum(|item| item.available),
            held: sum(|item| item.held),
            sold: sum(|item| item.sold),
        }
    }

    pub fn taken(&self) -> u64 {
        self.held + self.sold
    }

    /// What is wrong with them: `added` is what was taken since `before`, and nobody else buys when `alone`.
    pub fn findings(&self, before: u64, added: u64, alone: bool) -> Vec<String> {
        let Books { endpoint, stock, available, held, sold } = self;
        let mut findings = Vec::new();
        if available + held + sold != *stock {
            findings.push(format!("{endpoint}: {available} available + {held} held + {sold} sold is not {stock}"));
        }
        if self.taken() > *stock {
            findings.push(format!("{endpoint}: oversold: {held} held + {sold} sold of {stock}"));
        }
        let expected = before + added;
        if self.taken() < expected || (alone && self.taken() > expected) {
            let counted = format!("{held} held + {sold} sold");
            findings.push(format!("{endpoint}: {counted}, but {expected} units were acknowledged"));
        }
        findings
    }
}

/// Units held and sold before the run: none in a drop that was made for it.
pub async fn units_taken(context: &Context, shop: &Shop) -> Result<u64, Stop> {
    if shop.is_own {
        return Ok(0);
    }
    let answer = context.client.drop(&shop.drop_id, Some(Consistency::Linearizable)).await;
    let answer = answer.doing(format!("the drop {} cannot be read", shop.drop_id))?;
    Ok(Books::new(String::new(), &answer.body).taken())
}

/// What each node says after the run, or why it says nothing.
pub async fn read_all(context: &Context, shop: &Shop) -> Vec<Result<Books, String>> {
    // A node that was killed for the run's sake need not be waited for.
    let client = context.client.with_policy(Policy { attempts: 4, ..Policy::default() });
    let read = async |endpoint: &Endpoint| {
        let answer = client.at(endpoint).drop(&shop.drop_id, Some(Consistency::Linearizable)).await;
        answer
            .map(|answer| Books::new(endpoint.to_string(), &answer.body))
            .map_err(|error| format!("{endpoint}: {error}"))
    };
    join_all(client.endpoints().iter().map(read)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books(stock: u64, available: u64, held: u64, sold: u64) -> Books {
        Books { endpoint: "node".to_owned(), stock, available, held, sold }
    }

    #[test]
    fn exact_books_have_no_findings() {
        assert_eq!(books(10, 3, 5, 2).findings(0, 7, true), Vec::<String>::new());
        assert_eq!(books(10, 3, 5, 2).findings(4, 3, true), Vec::<String>::new());
        assert_eq!(books(10, 2, 6, 2).findings(0, 7, false), Vec::<String>::new(), "somebody else bought one");
    }

    #[test]
    fn wrong_books_are_found() {
        assert_eq!(books(10, 0, 11, 0).findings(0, 11, true).len(), 2, "oversold, and the sum is wrong");
        assert_eq!(books(10, 4, 4, 2).findings(0, 7, true).len(), 1, "an acknowledged order is lost");
        assert_eq!(books(10, 2, 6, 2).findings(0, 7, true).len(), 1, "an order that nobody asked for");
        assert_eq!(books(10, 4, 4, 2).findings(0, 7, false).len(), 1, "lost, whoever else buys");
    }
}
