//! Whose turn it is: what a line looked like before an entry says who must be offered what by it.

use std::collections::BTreeMap;

use livedrop_domain::waitlist::{Event as Told, Waiter};
use livedrop_domain::{
    AccountId, Applied, Command, DropId, Event, MemView, Reply, codec, drops, keys, orders, payments,
};
use proptest::prelude::*;

/// Everybody who waits, by drop and variant, in the order of joining.
pub struct Lines(BTreeMap<(DropId, u16), Vec<AccountId>>);

impl Lines {
    pub fn of(view: &MemView) -> Lines {
        let mut lines: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (key, row) in view.0.range(vec![keys::WAITING]..vec![keys::WAITING + 1]) {
            let drop = DropId::from_bytes(keys::id(key, 1).expect("a drop"));
            let item = u16::from_be_bytes(key[17..19].try_into().expect("a variant"));
            let waiter: Waiter = codec::decode(row, "a row").expect("it was written just so");
            lines.entry((drop, item)).or_default().push(waiter.account_id);
        }
        Lines(lines)
    }

    /// Checks an entry of one command against the lines as they were before it.
    pub fn check(&self, after: &MemView, command: &Command, applied: &Applied) -> Result<(), TestCaseError> {
        let after_lines = Lines::of(after);
        let mut offered: BTreeMap<(DropId, u16), Vec<AccountId>> = BTreeMap::new();
        for fact in &applied.facts {
            if let Event::Waitlist(Told::Offered { drop_id, account_id, order_id, .. }) = fact {
                let order = orders::get(after, *order_id).expect("memory does not fail").expect("an offer is an order");
                let item = item_of(after, *drop_id, &order.sku);
                offered.entry((*drop_id, item)).or_default().push(*account_id);
            }
        }
        for (line, offered) in &offered {
            let before = self.0.get(line).map(Vec::as_slice).unwrap_or_default();
            let turns: Vec<_> = offered.iter().map(|who| before.iter().position(|other| other == who)).collect();
            prop_assert!(turns.iter().all(Option::is_some), "{line:?}: {offered:?} did not all wait");
            prop_assert!(turns.is_sorted(), "{line:?}: {offered:?} had their turns in another order");
            let last = turns.last().copied().flatten().expect("somebody was offered something");
            let passed = after_lines
                .0
                .get(line)
                .into_iter()
                .flatten()
                .filter_map(|who| before[..last].iter().find(|other| *other == who));
            prop_assert_eq!(passed.count(), 0, "somebody still waits before those who were offered something");
        }
        self.check_purchase(after, command, applied)
    }

    /// Who bought did not buy what somebody waited for.
    fn check_purchase(&self, view: &MemView, command: &Command, applied: &Applied) -> Result<(), TestCaseError> {
        let (Command::Orders(orders::Command::Place(_)) | Command::Payments(payments::Command::PlaceAndPay(_))) =
            command
        else {
            return Ok(());
        };
        let outcome = &applied.outcomes[0];
        let order = match &outcome.answer {
            Ok(Reply::Orders(orders::Reply::Placed(order))) if !outcome.replayed => order,
            Ok(Reply::Payments(payments::Reply::Placed(order, _))) if !outcome.replayed => order,
            _ => return Ok(()),
        };
        let line = (order.drop_id, item_of(view, order.drop_id, &order.sku));
        prop_assert!(!self.0.contains_key(&line), "{} was sold though somebody waits for it", order.sku);
        Ok(())
    }
}

/// Where a variant is in the stock of its drop.
fn item_of(view: &MemView, drop: DropId, sku: &str) -> u16 {
    let stock = drops::stock(view, drop).expect("a drop has counts");
    stock.0.iter().position(|item| item.sku == sku).expect("orders are of variants") as u16
}
