//! The bytes of everything that is stored or sent, in files: a log written today must be read for good.
//!
//! `UPDATE_GOLDEN=1 cargo test -p livedrop-domain --test golden` writes the files anew. A line that changes there is
//! a change to what running clusters have on their disks; new lines are new words. `codec.rs` says what is allowed.

mod cdn;
mod file;
mod follows;
mod members;
mod money;
mod sandbox;
mod state;
mod values;
mod variants;
mod versions;
mod waitlist;
mod webhooks;

use file::check;
use livedrop_domain::audit::{Action, Actor};

#[test]
fn commands_keep_their_bytes() {
    let rooms = [
        sandbox::commands(),
        webhooks::commands(),
        follows::commands(),
        waitlist::commands(),
        cdn::commands(),
        members::commands(),
    ];
    let all = [values::commands(), rooms.concat()].concat();
    check("commands.txt", variants::commands(all));
}

#[test]
fn replies_keep_their_bytes() {
    let rooms = [
        sandbox::replies(),
        webhooks::replies(),
        follows::replies(),
        waitlist::replies(),
        cdn::replies(),
        members::replies(),
    ];
    let all = [values::replies(), rooms.concat()].concat();
    check("replies.txt", variants::replies(all));
}

#[test]
fn rejections_keep_their_bytes() {
    let rooms = [
        sandbox::rejections(),
        webhooks::rejections(),
        follows::rejections(),
        waitlist::rejections(),
        cdn::rejections(),
        members::rejections(),
    ];
    let all = [values::rejections(), rooms.concat()].concat();
    check("rejections.txt", variants::rejections(all));
}

#[test]
fn events_keep_their_bytes() {
    let all = [values::events(), webhooks::events(), follows::events(), waitlist::events()].concat();
    check("events.txt", variants::events(all));
}

#[test]
fn requests_and_outcomes_keep_their_bytes() {
    check("requests.txt", values::requests());
    check("outcomes.txt", values::outcomes());
}

#[test]
fn states_and_roles_keep_their_numbers() {
    check("roles.txt", variants::roles(values::roles()));
    check("drop-phases.txt", variants::drop_phases(values::drop_phases()));
    check("drop-statuses.txt", variants::drop_statuses(values::drop_statuses()));
    check("order-statuses.txt", variants::order_statuses(values::order_statuses()));
    check("sandbox-statuses.txt", variants::sandbox_statuses(sandbox::statuses()));
    check("sandbox-kinds.txt", variants::sandbox_kinds(sandbox::kinds()));
    check("delivery-states.txt", variants::delivery_states(webhooks::states()));
    check("notice-kinds.txt", variants::notice_kinds(follows::kinds()));
    check("payment-gateways.txt", variants::payment_gateways(money::gateways()));
    check("payment-stages.txt", variants::payment_stages(money::stages()));
    check("payment-ends.txt", variants::payment_ends(money::ends()));
}

/// They are in hashes, so their names are for good as well.
#[test]
fn deeds_keep_their_numbers_and_names() {
    let all = Action::ALL.iter().map(|action| (action.name(), *action)).collect();
    check("audit-actions.txt", all);
    check(
        "audit-actors.txt",
        vec![("account", Actor::Account(values::CREATOR)), ("operator", Actor::Operator), ("system", Actor::System)],
    );
}

#[test]
fn results_of_the_gateway_keep_their_bytes() {
    check("payment-outcomes.txt", variants::payment_outcomes(money::outcomes()));
    check("refund-outcomes.txt", variants::refund_outcomes(money::refund_outcomes()));
}

#[test]
fn rows_keep_their_bytes() {
    check(
        "accounts.txt",
        vec![("account", values::account()), ("account that was disabled", values::disabled_account())],
    );
    check("sessions.txt", vec![("session", values::session()), ("session of a later era", values::later_session())]);
    check(
        "signing-keys.txt",
        vec![("signing key", values::signing_key()), ("key that retires", values::retiring_key())],
    );
    check("records.txt", vec![("record", values::record())]);
    check("audit-heads.txt", vec![("newest record", values::head())]);
    check("products.txt", vec![("product", values::product()), ("product without a picture", values::plain_product())]);
    check(
        "drops.txt",
        vec![
            ("drop", values::drop()),
            ("drop without an end", values::endless_drop()),
            ("drop that is waited for", waitlist::drop()),
        ],
    );
    check("waiters.txt", vec![("waiter", waitlist::waiter())]);
    check("places.txt", vec![("place", waitlist::place()), ("offered place", waitlist::offered_place())]);
    check("lines.txt", vec![("line", waitlist::line())]);
    check("stocks.txt", vec![("stock", values::stock())]);
    check("orders.txt", vec![("order", values::order()), ("order that is being paid", money::paying())]);
    check(
        "payments.txt",
        vec![
            ("payment", money::payment()),
            ("payment that is called off", money::cancelled_payment()),
            ("payment that the buyer must act for", money::acting_payment()),
            ("payment that goes back", money::refunded_payment()),
        ],
    );
    check("tallies.txt", vec![("tally", money::tally())]);
    check("minutes.txt", vec![("minute", money::minute())]);
    check("events-that-say-more.txt", vec![("drop that was moved", values::moved_drop())]);
    check("members.txt", vec![("member", values::member()), ("member that was removed", members::removed())]);
    check("invitations.txt", vec![("invitation", members::invitation())]);
    check("meta.txt", vec![("clock and hash", values::meta())]);
    check("intents.txt", vec![("intent", sandbox::intent()), ("declined intent", sandbox::declined_intent())]);
    check("movements.txt", vec![("movement", sandbox::movement())]);
    check("edges.txt", vec![("edge", follows::edge())]);
    check("follow-counts.txt", vec![("counts", follows::counts())]);
    check("notices.txt", vec![("notice", follows::notice())]);
    check("inboxes.txt", vec![("inbox", follows::inbox())]);
    check("endpoints.txt", vec![("endpoint", webhooks::endpoint())]);
    check("cdn-cursors.txt", vec![("cursor of the caches", cdn::cursor())]);
    check("deliveries.txt", vec![("delivery", webhooks::delivery()), ("failed delivery", webhooks::failed_delivery())]);
}
