//! Which commands are deeds: what goes into the audit trail when they change something.
//!
//! Not here: orders, which have a row each that says who placed them; places in waiting lines, which become orders; what
//! nodes do by themselves all the time (ticks, reports of gateways, of deliveries and of caches); what somebody wants to
//! be told; refreshes, whose session is on record since its sign-in. But that a token was used twice is: somebody else
//! may have it.

use crate::accounts::{self, Role};
use crate::audit::{Action, Actor, Deed};
use crate::words::By;
use crate::{AccountId, Command, Fault, Reply, View, drops, follows, members, payments, products, webhooks};

/// What to put on record if the command changes something, and [`is_done`]. Looks at nothing, but for the session that is
/// signed out or refreshed.
pub(super) fn of(view: &dyn View, command: &Command, by: Option<By>) -> Result<Option<Deed>, Fault> {
    Ok(match command {
        Command::Orders(_)
        | Command::Waitlist(_)
        | Command::Clock(_)
        | Command::Sandbox(_)
        | Command::Cdn(_)
        | Command::Notifications(_) => None,
        Command::Payments(command) => payment(command, by),
        Command::Accounts(accounts::Command::SignOut(command)) => {
            let session = accounts::session(view, command.session_id)?;
            let whose = session.map_or(operator(by), |session| by_default(by, session.account_id));
            Some(deed(whose, Action::SignedOut, command.session_id, ""))
        }
        Command::Accounts(accounts::Command::Refresh(command)) => {
            // Nobody knows who of those that have the token was first: the cluster closes the session by itself.
            let session = accounts::session(view, command.session_id)?;
            session.map(|session| {
                let whose = format!("account={}", session.account_id);
                deed(Actor::System, Action::SessionReused, command.session_id, whose)
            })
        }
        Command::Accounts(command) => account(command, by),
        Command::Products(command) => Some(product(command)),
        Command::Drops(command) => Some(drop(command)),
        Command::Webhooks(command) => webhook(command),
        Command::Follows(command) => Some(follow(command, by)),
        Command::Members(command) => Some(member(command, by)),
    })
}

/// Whether a command that changed something did what the deed says.
pub(super) fn is_done(deed: &Deed, reply: &Reply) -> bool {
    deed.action != Action::SessionReused || *reply == Reply::Accounts(accounts::Reply::ReuseDetected)
}

/// The operator who asks, or a node.
fn operator(by: Option<By>) -> Actor {
    by.map_or(Actor::System, |by| by.account.map_or(Actor::Operator, Actor::Account))
}

/// The operator who asks, or the account that the command names.
fn by_default(by: Option<By>, account: AccountId) -> Actor {
    by.map_or(Actor::Account(account), |by| operator(Some(by)))
}

fn deed(actor: Actor, action: Action, subject: impl ToString, detail: impl Into<String>) -> Deed {
    Deed { actor, action, subject: subject.to_string(), detail: detail.into() }
}

fn account(command: &accounts::Command, by: Option<By>) -> Option<Deed> {
    use accounts::Command::*;
    let of = |id, action, detail: String| Some(deed(by_default(by, id), action, id, detail));
    match command {
        Register(it) => of(it.account_id, Action::AccountRegistered, role(it.role)),
        SignIn(it) => of(it.account_id, Action::SignedIn, it.session_id.to_string()),
        Refresh(_) | SignOut(_) => None,
        Import(it) => {
            let count = format!("accounts={}", it.accounts.len());
            Some(deed(operator(by), Action::AccountsImported, "", count))
        }
        ChangePassword(it) => {
            let kept = it.keep.map(|session| format!("kept={session}"));
            of(it.account_id, Action::PasswordChanged, kept.unwrap_or_default())
        }
        SignOutEverywhere(it) => {
            let kept = it.except.map(|session| format!("kept={session}"));
            of(it.account_id, Action::SignedOutEverywhere, kept.unwrap_or_default())
        }
        SetRole(it) => Some(deed(operator(by), Action::RoleSet, it.account_id, role(it.role))),
        Disable(it) => Some(deed(operator(by), Action::AccountDisabled, it.account_id, "")),
        Enable(it) => Some(deed(operator(by), Action::AccountEnabled, it.account_id, "")),
        AddSigningKey(it) => Some(deed(operator(by), Action::SigningKeyAdded, &it.key.id, "")),
        RotateSigningKey(it) => {
            let old_until = format!("old_good_for_ms={}", it.old_good_for_ms);
            Some(deed(operator(by), Action::SigningKeyRotated, &it.key.id, old_until))
        }
        RevokeSigningKey(it) => Some(deed(operator(by), Action::SigningKeyRevoked, &it.key_id, "")),
    }
}

fn role(role: Role) -> String {
    let name = match role {
        Role::Buyer => "buyer",
        Role::Creator => "creator",
        Role::Operator => "operator",
    };
    format!("role={name}")
}

fn product(command: &products::Command) -> Deed {
    use products::Command::*;
    let of = |creator, action, id, detail: String| deed(Actor::Account(creator), action, id, detail);
    match command {
        Create(it) => of(it.creator_id, Action::ProductCreated, it.product_id, String::new()),
        Edit(it) => {
            let given = given([
                ("name", it.name.is_some()),
                ("description", it.description.is_some()),
                ("image_url", it.image_url.is_some()),
                ("price", it.price.is_some()),
                ("tags", it.tags.is_some()),
            ]);
            of(it.creator_id, Action::ProductEdited, it.product_id, given)
        }
        Retire(it) => of(it.creator_id, Action::ProductRetired, it.product_id, String::new()),
    }
}

fn drop(command: &drops::Command) -> Deed {
    use drops::Command::*;
    let steer = |it: &drops::Steer, action| deed(Actor::Account(it.creator_id), action, it.drop_id, "");
    match command {
        Schedule(it) => {
            deed(Actor::Account(it.creator_id), Action::DropScheduled, it.drop_id, it.product_id.to_string())
        }
        Edit(it) => {
            let given = given([
                ("starts_at", it.starts_at.is_some()),
                ("ends_at", it.ends_at.is_some()),
                ("items", it.items.is_some()),
                ("per_customer_limit", it.per_customer_limit.is_some()),
                ("hold_ms", it.hold_ms.is_some()),
                ("low_stock_threshold", it.low_stock_threshold.is_some()),
            ]);
            deed(Actor::Account(it.creator_id), Action::DropEdited, it.drop_id, given)
        }
        Restock(it) => {
            let units = format!("{}+{}", it.sku, it.quantity);
            deed(Actor::Account(it.creator_id), Action::DropRestocked, it.drop_id, units)
        }
        Pause(it) => steer(it, Action::DropPaused),
        Resume(it) => steer(it, Action::DropResumed),
        End(it) => steer(it, Action::DropEnded),
        Cancel(it) => steer(it, Action::DropCancelled),
    }
}

fn follow(command: &follows::Command, by: Option<By>) -> Deed {
    use follows::Command::*;
    match command {
        Follow(it) => deed(Actor::Account(it.follower_id), Action::Followed, it.creator_id, ""),
        Unfollow(it) => deed(Actor::Account(it.follower_id), Action::Unfollowed, it.creator_id, ""),
        Import(it) => {
            let count = format!("followers={}", it.followers.len());
            deed(operator(by), Action::FollowersImported, it.creator_id, count)
        }
    }
}

fn member(command: &members::Command, by: Option<By>) -> Deed {
    use members::Command::*;
    match command {
        Register(it) => deed(Actor::System, Action::MemberRegistered, it.node_id, ""),
        // The id is not known before it is given; its registration will say it.
        Invite(it) => {
            let detail = format!("peer={} http={} to_vote={}", it.peer, it.http, it.to_vote);
            let again = it.node_id.map(|id| id.to_string());
            deed(operator(by), Action::MemberInvited, again.unwrap_or_default(), detail)
        }
        Promote(it) => deed(operator(by), Action::MemberPromoted, it.node_id, ""),
        Remove(it) => deed(operator(by), Action::MemberRemoved, it.node_id, ""),
        LeaveBehind(it) => {
            let ids: Vec<String> = it.node_ids.iter().map(u64::to_string).collect();
            deed(Actor::Operator, Action::MembersLeftBehind, ids.join(","), "")
        }
    }
}

fn payment(command: &payments::Command, by: Option<By>) -> Option<Deed> {
    use payments::Command::*;
    match command {
        Pay(_) | PlaceAndPay(_) | Report(_) | ReportRefund(_) => None,
        Cancel(it) => Some(deed(Actor::Account(it.buyer_id), Action::OrderCancelled, it.order_id, "")),
        Refund(it) => {
            let amount = it.amount.map_or("all".to_owned(), |amount| amount.to_string());
            let detail = format!("amount={amount} restock={}", it.restock);
            Some(deed(by_default(by, it.by), Action::OrderRefunded, it.order_id, detail))
        }
    }
}

fn webhook(command: &webhooks::Command) -> Option<Deed> {
    use webhooks::Command::*;
    let of = |creator, action, id, detail: String| Some(deed(Actor::Account(creator), action, id, detail));
    match command {
        // Addresses may have secrets in them.
        Create(it) => of(it.creator_id, Action::EndpointCreated, it.endpoint_id, String::new()),
        Edit(it) => {
            let given =
                given([("url", it.url.is_some()), ("events", it.events.is_some()), ("enabled", it.enabled.is_some())]);
            of(it.creator_id, Action::EndpointEdited, it.endpoint_id, given)
        }
        Delete(it) => of(it.creator_id, Action::EndpointDeleted, it.endpoint_id, String::new()),
        Rotate(it) => of(it.creator_id, Action::EndpointRotated, it.endpoint_id, String::new()),
        Enqueue(_) | Attempted(_) | Resend(_) => None,
    }
}

/// The names of the fields that are given.
fn given<const FIELDS: usize>(fields: [(&str, bool); FIELDS]) -> String {
    let names: Vec<&str> = fields.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Disable, SignIn, SignOut};
    use crate::audit::{Record, after};
    use crate::machine::testing::{Machine, drop as schedule};
    use crate::{OrderId, SessionId};

    fn records(machine: &Machine) -> Vec<Record> {
        after(&machine.view, 0, 100).expect("memory does not fail")
    }

    fn told(machine: &Machine) -> Vec<(String, &'static str, String)> {
        let told = |record: Record| (record.actor.to_string(), record.action.name(), record.detail);
        records(machine).into_iter().map(told).collect()
    }

    #[test]
    fn a_purchase_is_not_on_record_and_its_cancelling_is() {
        let mut machine = Machine::with_drop(5);
        let before = records(&machine).len();
        machine.place(1, 1, 1).expect("there are five");
        machine.pay(1, 1).expect("it is reserved");
        machine.tick();
        assert_eq!(records(&machine).len(), before);
        machine.cancel(1, 1).expect("it is not paid");
        let last = records(&machine).pop().expect("there is one");
        assert_eq!((last.action, last.subject), (Action::OrderCancelled, OrderId::from_u128(1).to_string()));
        assert_eq!(last.actor, Actor::Account(machine.buyer(1)));
    }

    #[test]
    fn a_record_says_who_did_what_to_what() {
        let mut machine = Machine::with_drop(5);
        let creator = schedule(1).creator_id.to_string();
        let restock = drops::Restock {
            drop_id: schedule(1).drop_id,
            creator_id: schedule(1).creator_id,
            sku: "default".into(),
            quantity: 3,
        };
        machine.run(drops::Command::Restock(restock)).expect("the creator may");
        let product = schedule(1).product_id.to_string();
        let expected = [
            (creator.clone(), "account.registered", "role=creator".to_owned()),
            (creator.clone(), "product.created", String::new()),
            (creator.clone(), "drop.scheduled", product),
            (creator, "drop.restocked", "default+3".to_owned()),
        ];
        assert_eq!(told(&machine), expected);
    }

    #[test]
    fn an_operator_is_named_where_the_command_names_nobody() {
        let mut machine = Machine::with_creator();
        let (account_id, olga) = (schedule(1).creator_id, AccountId::from_u128(7));
        for by in [Some(By { account: None }), Some(By { account: Some(olga) }), None] {
            machine.run_by(by, accounts::Command::Disable(Disable { account_id }).into()).expect("it is there");
            let enable = accounts::Command::Enable(accounts::Enable { account_id });
            machine.run_by(by, enable.into()).expect("it is there");
        }
        let actors: Vec<_> = records(&machine)[1..].iter().map(|record| record.actor).collect();
        let olga = Actor::Account(olga);
        use Actor::{Operator, System};
        assert_eq!(actors, [Operator, Operator, olga, olga, System, System]);
    }

    #[test]
    fn signing_out_is_the_deed_of_whose_session_it_is() {
        let mut machine = Machine::with_creator();
        let (account_id, session_id) = (schedule(1).creator_id, SessionId::from_u128(5));
        let sign_in = SignIn { session_id, account_id, refresh_hash: [1; 32], lasts_ms: 1_000, era: None };
        machine.run(accounts::Command::SignIn(sign_in)).expect("the account is there");
        for _ in 0..2 {
            machine.run(accounts::Command::SignOut(SignOut { session_id })).expect("signing out always works");
        }
        let all = records(&machine);
        let [_, signed_in, signed_out] = &all[..] else { panic!("the second signing out changed nothing: {all:?}") };
        assert_eq!((signed_in.actor, signed_out.actor), (Actor::Account(account_id), Actor::Account(account_id)));
        assert_eq!(signed_out.subject, session_id.to_string());
    }

    #[test]
    fn a_token_that_is_used_twice_is_on_record_and_a_refresh_is_not() {
        let mut machine = Machine::with_creator();
        let (account_id, session_id) = (schedule(1).creator_id, SessionId::from_u128(5));
        let sign_in = SignIn { session_id, account_id, refresh_hash: [1; 32], lasts_ms: 1_000, era: None };
        machine.run(accounts::Command::SignIn(sign_in)).expect("the account is there");
        let refresh = |presented: u8, next: u8| {
            let (presented_hash, next_hash) = ([presented; 32], [next; 32]);
            accounts::Command::Refresh(accounts::Refresh { session_id, presented_hash, next_hash, lasts_ms: 1_000 })
        };
        machine.run(refresh(1, 2)).expect("it is the newest");
        let before = records(&machine).len();
        machine.run(refresh(1, 3)).expect("it is an answer");
        machine.run(refresh(2, 3)).expect_err("the session is closed");
        let all = records(&machine);
        let [last] = &all[before..] else { panic!("one of the three is on record: {:?}", &all[before..]) };
        assert_eq!((last.action, last.actor), (Action::SessionReused, Actor::System));
        assert_eq!((&last.subject, &last.detail), (&session_id.to_string(), &format!("account={account_id}")));
    }
}
