//! A shop in which people wait.

use super::{Join, Leave, Line, Position, Reply, Standing, line, standing, waiting};
use crate::drops::{self, Steer};
use crate::machine::testing::{Machine, drop};
use crate::words::{Command, Rejection};
use crate::{OrderId, codec, keys};

fn steer() -> Steer {
    Steer { drop_id: drop(1).drop_id, creator_id: drop(1).creator_id }
}

impl Machine {
    /// Drop 1 has so many units, and order 1 of buyer 9 holds all of them.
    pub fn sold_out(units: u32) -> Self {
        let mut machine = Machine::with_drop(units.into());
        machine.place(1, 9, units).expect("there are so many");
        machine
    }

    pub fn join_command(&self, order: u128, buyer: u128, sku: Option<&str>, quantity: u32) -> Command {
        let (drop_id, account_id, sku) = (drop(1).drop_id, self.buyer(buyer), sku.map(str::to_owned));
        super::Command::Join(Join { drop_id, account_id, sku, quantity, order_id: OrderId::from_u128(order) }).into()
    }

    pub fn join(&mut self, order: u128, buyer: u128, quantity: u32) -> Result<Reply, Rejection> {
        self.join_sku(order, buyer, None, quantity)
    }

    pub fn join_sku(&mut self, order: u128, buyer: u128, sku: Option<&str>, quantity: u32) -> Result<Reply, Rejection> {
        self.run(self.join_command(order, buyer, sku, quantity)).map(|reply| match reply {
            crate::Reply::Waitlist(reply) => reply,
            other => panic!("not an answer of a line: {other:?}"),
        })
    }

    pub fn leave(&mut self, buyer: u128) {
        let leave = Leave { drop_id: drop(1).drop_id, account_id: self.buyer(buyer) };
        self.run(super::Command::Leave(leave)).expect("it is never rejected");
    }

    pub fn pause(&mut self) {
        self.run(drops::Command::Pause(steer())).expect("it is live");
    }

    pub fn resume(&mut self) {
        self.run(drops::Command::Resume(steer())).expect("it is paused");
    }

    pub fn restock(&mut self, quantity: u64) -> drops::Stock {
        let Steer { drop_id, creator_id } = steer();
        let restock = drops::Restock { drop_id, creator_id, sku: "default".into(), quantity };
        match self.run(drops::Command::Restock(restock)).expect("it has not ended") {
            crate::Reply::Drops(drops::Reply::Changed(_, stock)) => stock,
            other => panic!("not restocked: {other:?}"),
        }
    }

    /// The buyers who wait for the first variant, in order.
    pub fn waiting(&self) -> Vec<u128> {
        let waiting = waiting(&self.view, drop(1).drop_id, 0, 0, usize::MAX).expect("memory does not fail");
        let buyer = |account: crate::AccountId| u128::from_be_bytes(account.bytes()) - 1_000;
        waiting.into_iter().map(|(_, waiter)| buyer(waiter.account_id)).collect()
    }

    /// At which place a buyer waits, if they do.
    pub fn position(&self, buyer: u128) -> Option<u64> {
        match standing(&self.view, drop(1).drop_id, self.buyer(buyer)).expect("memory does not fail") {
            Some(Standing::Waiting { position: Position::Exactly(position), .. }) => Some(position),
            _ => None,
        }
    }

    /// Changes the row of the first variant's line as a bug would.
    pub fn change_line(&mut self, change: impl FnOnce(&mut Line)) {
        let mut changed = line(&self.view, drop(1).drop_id, 0).expect("memory does not fail");
        change(&mut changed);
        let key = keys::key(keys::WAITLIST, &[&drop(1).drop_id.bytes(), &[0, 0]]);
        self.view.0.insert(key, codec::encode(&changed));
    }
}
