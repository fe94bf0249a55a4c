//! How orders are paid: what the cluster means to say to the payment gateway, what the gateway said, and what follows.
//!
//! ```text
//!  pay ─► Creating ──Created──► Confirming ──Succeeded──► Charged ──refunds──► (order refunding ─► refunded)
//!            │                    │  │  ▲ └─ActionRequired─► Acting ─┐
//!            │                    │  └Unknown─► Unknown ◄────────────┘ (asked again; NotConfirmed ─► Confirming)
//!            │ Refused            │ Declined, hold over, buyer cancels, drop cancelled
//!            ▼                    ▼
//!          Closed ◄──Canceled── Cancelling ──give_up_at──► Abandoned (units back; still asked) ──Canceled──► Closed
//!                                 └──Succeeded──► Charged              └──Succeeded──► Charged, and all of it refunded
//! ```
//!
//! Nothing here talks to a gateway. A stage is an intent that is in the log before anybody acts on it, so whoever leads
//! next goes on with it; whoever acts reports what came of it, and names the attempt, so that what an earlier leader
//! still learns of an older intent changes nothing. An intent is charged by its name alone, which is in the log before
//! it is confirmed: two leaders can repeat a charge, and cannot add one.
//!
//! The first result that ends a payment decides; later ones change nothing. Units go back when the gateway can no
//! longer charge, or when it has not answered for too long: what it charges after that is paid back.

mod call_off;
mod cancel;
mod charge;
mod hold_over;
mod pay;
mod place_and_pay;
mod refund;
mod report;
mod report_refund;
mod table;
mod types;
mod wind_down;
mod words;

pub(crate) use hold_over::hold_over;
pub(crate) use table::all;
pub use table::{get, list, open};
pub use types::{End, Gateway, METHOD_MAX, Payment, REFUNDS_MAX, Refund, Stage};
pub(crate) use wind_down::wind_down;
pub use words::{
    AskRefund, Cancel, Command, Event, Outcome, Pay, PlaceAndPay, RefundOutcome, Rejection, Reply, Report,
    ReportRefund, With,
};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Pay(command) => pay::pay(tx, entry, command),
        Command::PlaceAndPay(command) => place_and_pay::place_and_pay(tx, entry, command),
        Command::Cancel(command) => cancel::cancel(tx, entry, command),
        Command::Report(command) => report::report(tx, entry, command),
        Command::Refund(command) => refund::refund(tx, entry, command),
        Command::ReportRefund(command) => report_refund::report_refund(tx, entry, command),
    }
}
