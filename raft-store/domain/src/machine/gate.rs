//! Who may not act any more: an account that an operator has disabled, from the entry on that disables it.
//!
//! A token is good until it runs out, and a node that lags takes it for good though the account is disabled by now. So
//! whoever a command acts for is looked up here, but only while a token could be left that was signed before: a plain
//! purchase costs a comparison, and an entry one look at the row that says until when.

use crate::accounts::{self, Role};
use crate::tx::Tx;
use crate::words::{By, Command};
use crate::{AccountId, Entry, Fault, drops, follows, notifications, orders, payments, products, waitlist, webhooks};

/// Whether nobody has taken the right to act from whoever asks: a disabled account, or an operator who is none now.
pub(super) fn may_act(tx: &mut Tx, entry: &Entry, command: &Command, by: Option<By>) -> Result<bool, Fault> {
    match by {
        // Operators are few and ask for little: they are looked up each time.
        Some(By { account: Some(id) }) => {
            let is_one = |account: accounts::Account| account.disabled_at.is_none() && account.role == Role::Operator;
            Ok(accounts::get(tx, id)?.is_none_or(is_one))
        }
        Some(By { account: None }) => Ok(true),
        None => match actor(command) {
            Some(id) if accounts::any_disabled_lately(tx, entry)? => Ok(!accounts::is_disabled(tx, id)?),
            _ => Ok(true),
        },
    }
}

/// Whose token a command was taken for; none of what nodes say by themselves, and of what the room of accounts checks
/// by itself.
fn actor(command: &Command) -> Option<AccountId> {
    match command {
        Command::Orders(orders::Command::Place(it)) => Some(it.buyer_id),
        Command::Payments(command) => payer(command),
        Command::Waitlist(waitlist::Command::Join(it)) => Some(it.account_id),
        Command::Waitlist(waitlist::Command::Leave(it)) => Some(it.account_id),
        Command::Products(command) => Some(seller(command)),
        Command::Drops(command) => Some(host(command)),
        Command::Webhooks(command) => listener(command),
        Command::Follows(follows::Command::Follow(it)) => Some(it.follower_id),
        Command::Follows(follows::Command::Unfollow(it)) => Some(it.follower_id),
        Command::Notifications(notifications::Command::MarkRead(it)) => Some(it.account_id),
        Command::Notifications(notifications::Command::SetPreferences(it)) => Some(it.account_id),
        Command::Follows(follows::Command::Import(_))
        | Command::Clock(_)
        | Command::Members(_)
        | Command::Accounts(_)
        | Command::Sandbox(_)
        | Command::Cdn(_) => None,
    }
}

fn payer(command: &payments::Command) -> Option<AccountId> {
    use payments::Command::*;
    match command {
        Pay(it) => Some(it.buyer_id),
        PlaceAndPay(it) => Some(it.place.buyer_id),
        Cancel(it) => Some(it.buyer_id),
        Refund(it) => Some(it.by),
        Report(_) | ReportRefund(_) => None,
    }
}

fn seller(command: &products::Command) -> AccountId {
    use products::Command::*;
    match command {
        Create(it) => it.creator_id,
        Edit(it) => it.creator_id,
        Retire(it) => it.creator_id,
    }
}

fn host(command: &drops::Command) -> AccountId {
    use drops::Command::*;
    match command {
        Schedule(it) => it.creator_id,
        Edit(it) => it.creator_id,
        Restock(it) => it.creator_id,
        Pause(it) | Resume(it) | End(it) | Cancel(it) => it.creator_id,
    }
}

fn listener(command: &webhooks::Command) -> Option<AccountId> {
    use webhooks::Command::*;
    match command {
        Create(it) => Some(it.creator_id),
        Edit(it) => Some(it.creator_id),
        Delete(it) => Some(it.creator_id),
        Rotate(it) => Some(it.creator_id),
        Resend(it) => Some(it.creator_id),
        Enqueue(_) | Attempted(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Disable, Enable, Rejection, TOKENS_LAST_MS};
    use crate::batch::BatchBuilder;
    use crate::machine::apply;
    use crate::machine::testing::{Machine, account, drop};
    use crate::words::{Rejection as No, Request};
    use crate::{OrderId, Overlay, codec};

    /// Five units of a creator's, and buyer 1, who has an account.
    fn with_buyer() -> (Machine, AccountId) {
        let mut machine = Machine::with_drop(5);
        let account_id = machine.buyer(1);
        let register = accounts::Register { account_id, ..account(1_001, Role::Buyer) };
        machine.run(accounts::Command::Register(register)).expect("nobody has the address");
        (machine, account_id)
    }

    fn disabled<T>() -> Result<T, No> {
        Err(Rejection::Disabled.into())
    }

    #[test]
    fn whoever_is_disabled_buys_pays_joins_and_follows_nothing_from_that_entry_on() {
        let (mut machine, account_id) = with_buyer();
        machine.place(1, 1, 1).expect("there are five");
        machine.run(accounts::Command::Disable(Disable { account_id })).expect("it is there");
        assert_eq!(machine.place(2, 1, 1), disabled());
        assert_eq!(machine.pay(1, 1), disabled());
        assert_eq!(machine.cancel(1, 1), disabled());
        assert_eq!(machine.join(102, 1, 1), disabled());
        let follow = follows::Follow { follower_id: account_id, creator_id: drop(1).creator_id };
        assert_eq!(machine.run(follows::Command::Follow(follow)), disabled());
        machine.place(3, 2, 1).expect("somebody else may");
        machine.run(accounts::Command::Enable(Enable { account_id })).expect("it is there");
        machine.place(4, 1, 1).expect("it is enabled");
        assert_eq!(machine.counts(), (2, 3, 0));
    }

    #[test]
    fn a_creator_who_is_disabled_steers_nothing() {
        let mut machine = Machine::with_drop(5);
        let account_id = drop(1).creator_id;
        machine.run(accounts::Command::Disable(Disable { account_id })).expect("it is there");
        let steer = drops::Steer { drop_id: drop(1).drop_id, creator_id: account_id };
        assert_eq!(machine.run(drops::Command::Pause(steer)), disabled());
        let retire = products::Retire { product_id: drop(1).product_id, creator_id: account_id };
        assert_eq!(machine.run(products::Command::Retire(retire)), disabled());
        machine.place(1, 2, 1).expect("the drop goes on");
    }

    #[test]
    fn in_the_entry_that_disables_an_account_what_comes_after_is_refused_and_what_came_before_is_not() {
        let (machine, account_id) = with_buyer();
        let disable = accounts::Command::Disable(Disable { account_id });
        let mut batch = BatchBuilder::new();
        for command in [machine.place_command(1, 1, None, 1), disable.into(), machine.place_command(2, 1, None, 1)] {
            let request = Request { request_id: "test".into(), idempotency: None, command, by: None };
            batch.push(&codec::encode(&request));
        }
        let mut overlay = Overlay::default();
        let applied = apply(&machine.view, &mut overlay, machine.index + 1, &batch.finish(machine.now));
        let answers: Vec<_> = applied.expect("no fault").outcomes.into_iter().map(|outcome| outcome.answer).collect();
        assert!(answers[0].is_ok() && answers[1].is_ok());
        assert_eq!(answers[2], disabled());
    }

    #[test]
    fn when_every_token_of_before_has_run_out_nobody_is_looked_up() {
        let (mut machine, account_id) = with_buyer();
        machine.run(accounts::Command::Disable(Disable { account_id })).expect("it is there");
        machine.now.0 += TOKENS_LAST_MS - 1;
        assert_eq!(machine.place(1, 1, 1), disabled());
        machine.now.0 += 1;
        machine.place(2, 1, 1).expect("no token is left: whoever signs commands for it is a node");
        assert_eq!(machine.order(2).id, OrderId::from_u128(2));
    }

    #[test]
    fn an_operator_who_is_none_any_more_operates_nothing() {
        let (mut machine, account_id) = with_buyer();
        let operator = AccountId::from_u128(7);
        machine.run(accounts::Command::Register(account(7, Role::Operator))).expect("nobody has the address");
        let by = Some(By { account: Some(operator) });
        let disable = |account_id| accounts::Command::Disable(Disable { account_id });
        machine.run_by(by, disable(account_id).into()).expect("it is an operator");
        let set = accounts::SetRole { account_id: operator, role: Role::Buyer };
        machine.run(accounts::Command::SetRole(set)).expect("it is there");
        let enable = accounts::Command::Enable(Enable { account_id });
        assert_eq!(machine.run_by(by, enable.into()), disabled());
    }
}
