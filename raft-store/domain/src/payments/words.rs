//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::types::{Gateway, Payment};
use crate::orders::{Order, Place, Status};
use crate::{AccountId, OrderId};

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Pay(#[n(0)] Pay),
    #[n(1)]
    PlaceAndPay(#[n(0)] PlaceAndPay),
    #[n(2)]
    Cancel(#[n(0)] Cancel),
    #[n(3)]
    Report(#[n(0)] Report),
    #[n(4)]
    Refund(#[n(0)] AskRefund),
    #[n(5)]
    ReportRefund(#[n(0)] ReportRefund),
}

/// How an order is to be paid.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct With {
    #[n(0)]
    pub gateway: Gateway,
    /// The gateway's name for the card or account: letters, digits, `_` and `-`.
    #[n(1)]
    pub method: String,
    /// How long the units are held from now on at least, in milliseconds.
    #[n(2)]
    pub hold_ms: u64,
    /// How long they wait for the gateway once the payment is called off, in milliseconds.
    #[n(3)]
    pub give_up_ms: u64,
}

/// Begins to pay for an order.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Pay {
    #[n(0)]
    pub order_id: OrderId,
    #[n(1)]
    pub buyer_id: AccountId,
    #[n(2)]
    pub with: With,
}

/// Holds units of a drop for a buyer, who pays for them at once.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PlaceAndPay {
    #[n(0)]
    pub place: Place,
    #[n(1)]
    pub with: With,
}

/// Gives the units of an order back that is not paid.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Cancel {
    #[n(0)]
    pub order_id: OrderId,
    #[n(1)]
    pub buyer_id: AccountId,
}

/// What the gateway said about the latest intent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Report {
    #[n(0)]
    pub order_id: OrderId,
    /// Of the intent that it is about.
    #[n(1)]
    pub attempt: u32,
    #[n(2)]
    pub result: Outcome,
}

/// What became of an intent at the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Outcome {
    /// It is made, and charges nothing until it is confirmed.
    #[n(0)]
    Created {
        #[n(0)]
        intent_id: String,
    },
    /// The money is there.
    #[n(1)]
    Succeeded,
    #[n(2)]
    Declined {
        #[n(0)]
        code: String,
    },
    /// The buyer must authenticate at this address.
    #[n(3)]
    ActionRequired {
        #[n(0)]
        url: String,
    },
    /// The gateway does not know yet.
    #[n(4)]
    Processing,
    /// The gateway did not say.
    #[n(5)]
    Unknown,
    /// It is cancelled, and can never charge.
    #[n(6)]
    Canceled,
    /// It waits to be confirmed.
    #[n(7)]
    NotConfirmed,
    /// It was not made: there is nothing at the gateway.
    #[n(8)]
    Refused {
        #[n(0)]
        code: String,
    },
}

/// Pays money back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct AskRefund {
    #[n(0)]
    pub order_id: OrderId,
    /// Who asks: the drop's creator, or an operator.
    #[n(1)]
    pub by: AccountId,
    #[n(2)]
    pub operator: bool,
    /// In minor units; all that is left if it is not said.
    #[n(3)]
    pub amount: Option<u64>,
    /// Whether the units are for sale again; only with all that is left.
    #[n(4)]
    pub restock: bool,
}

/// What the gateway said about the latest attempt at a refund.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ReportRefund {
    #[n(0)]
    pub order_id: OrderId,
    #[n(1)]
    pub number: u32,
    #[n(2)]
    pub attempt: u32,
    #[n(3)]
    pub result: RefundOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum RefundOutcome {
    #[n(0)]
    Done {
        #[n(0)]
        refund_id: String,
    },
    /// It is not done and never will be: it may be tried anew.
    #[n(1)]
    Failed {
        #[n(0)]
        code: String,
    },
}

/// The order and its payment as they are after the command. The payment is boxed, so that the answers of purchases,
/// which have none, stay small.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    #[n(0)]
    Changed(#[n(0)] Order, #[n(1)] Box<Payment>),
    #[n(1)]
    Placed(#[n(0)] Order, #[n(1)] Box<Payment>),
    /// Without a payment: none was begun.
    #[n(2)]
    Cancelled(#[n(0)] Order, #[n(1)] Option<Box<Payment>>),
    /// The number is that of the refund.
    #[n(3)]
    Refunding(#[n(0)] Order, #[n(1)] Box<Payment>, #[n(2)] u32),
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// No such order, payment or refund, or it belongs to somebody else.
    #[n(0)]
    NotFound,
    /// The order is not in a status in which this can be done.
    #[n(1)]
    WrongStatus {
        #[n(0)]
        status: Status,
    },
    /// The units are no longer held for the order, though the clock has not said so yet.
    #[n(2)]
    HoldOver,
    /// A method that is empty, too long, or of other than letters, digits, `_` and `-`.
    #[n(3)]
    BadMethod,
    /// The result is of an intent that is not the latest.
    #[n(4)]
    Stale {
        /// The latest.
        #[n(0)]
        attempt: u32,
    },
    /// Nothing, or more than is left.
    #[n(5)]
    BadAmount {
        #[n(0)]
        left: u64,
    },
    /// Units are for sale again only when all is paid back.
    #[n(6)]
    RestockNeedsAll,
    #[n(7)]
    TooManyRefunds,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// Somebody must talk to the gateway now.
    #[n(0)]
    Due {
        #[n(0)]
        order_id: OrderId,
    },
}
