//! What the demo's shop sells and who may sign in: the same in every demo, so that a page of commands can name it.

use livedrop_proto::rest::accounts::Role;

/// Who may sign in. The passwords are public, and the nodes listen on this machine only.
#[derive(Debug)]
pub(in crate::demo) struct Account {
    pub role: Role,
    pub email: &'static str,
    pub password: &'static str,
    pub display_name: &'static str,
}

pub(in crate::demo) const ACCOUNTS: [Account; 4] = [
    Account {
        role: Role::Operator,
        email: "operator@demo.example",
        password: "demo-lantern-keeper-7",
        display_name: "Demo operator",
    },
    Account {
        role: Role::Creator,
        email: "nora@demo.example",
        password: "demo-harbor-atelier-7",
        display_name: "Atelier Nora",
    },
    Account { role: Role::Buyer, email: "ada@demo.example", password: "demo-willow-teapot-7", display_name: "Ada" },
    Account { role: Role::Buyer, email: "ben@demo.example", password: "demo-copper-kettle-7", display_name: "Ben" },
];

/// The account that sells.
pub(super) fn creator() -> &'static Account {
    &ACCOUNTS[1]
}

impl Account {
    /// The account to try a purchase with.
    pub fn buyer() -> &'static Self {
        &ACCOUNTS[2]
    }
}

/// When the drop of a ware opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    Now,
    /// So many minutes after the shop was filled.
    Minutes(u32),
    /// It was open and has ended.
    Over,
}

/// A product with its one drop.
#[derive(Debug)]
pub(super) struct Ware {
    pub name: &'static str,
    pub description: &'static str,
    /// In cents of a euro.
    pub price_minor_units: u64,
    pub tags: &'static [&'static str],
    /// Variants with their stock, in units.
    pub items: &'static [(&'static str, u64)],
    pub per_customer_limit: u32,
    pub low_stock_threshold: u64,
    pub opening: Opening,
}

pub(super) const SHELF: [Ware; 5] = [
    Ware {
        name: "Harbor Lantern",
        description: "A storm lantern of hand-blown glass.",
        price_minor_units: 4_900,
        tags: &["home", "glass"],
        items: &[("default", 500)],
        per_customer_limit: 2,
        low_stock_threshold: 50,
        opening: Opening::Now,
    },
    Ware {
        name: "Night Ferry, signed print",
        description: "Five prints, numbered and signed.",
        price_minor_units: 12_000,
        tags: &["art", "print"],
        items: &[("default", 5)],
        per_customer_limit: 1,
        low_stock_threshold: 2,
        opening: Opening::Now,
    },
    Ware {
        name: "Dock Worker Jacket",
        description: "Waxed cotton, made once.",
        price_minor_units: 18_900,
        tags: &["clothes"],
        items: &[("S", 40), ("M", 60), ("L", 60)],
        per_customer_limit: 1,
        low_stock_threshold: 10,
        opening: Opening::Now,
    },
    Ware {
        name: "Tide Clock",
        description: "Shows high water instead of the hour.",
        price_minor_units: 7_500,
        tags: &["home"],
        items: &[("default", 100)],
        per_customer_limit: 2,
        low_stock_threshold: 10,
        opening: Opening::Minutes(10),
    },
    Ware {
        name: "Last Summer's Map",
        description: "All gone; shown so that the list of ended drops is not empty.",
        price_minor_units: 2_500,
        tags: &["art", "print"],
        items: &[("default", 20)],
        per_customer_limit: 0,
        low_stock_threshold: 0,
        opening: Opening::Over,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn wares_and_accounts_can_be_told_apart_by_name() {
        let names: BTreeSet<&str> = SHELF.iter().map(|ware| ware.name).collect();
        assert_eq!(names.len(), SHELF.len());
        let emails: BTreeSet<&str> = ACCOUNTS.iter().map(|account| account.email).collect();
        assert_eq!(emails.len(), ACCOUNTS.len());
    }

    #[test]
    fn who_sells_is_a_creator_and_who_buys_is_a_buyer() {
        assert_eq!(creator().role, Role::Creator);
        assert_eq!(Account::buyer().role, Role::Buyer);
    }
}
