//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::{Intent, IntentId, RefundId, Status};
use crate::{Money, OrderId};

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Create(#[n(0)] Create),
    #[n(1)]
    Confirm(#[n(0)] Confirm),
    #[n(2)]
    Cancel(#[n(0)] Cancel),
    #[n(3)]
    Refund(#[n(0)] PayBack),
}

/// Asks for a payment, without confirming it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Create {
    #[n(0)]
    pub id: IntentId,
    #[n(1)]
    pub order_id: OrderId,
    #[n(2)]
    pub amount: Money,
    #[n(3)]
    pub method: String,
}

/// Charges the method, once, however often it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Confirm {
    #[n(0)]
    pub id: IntentId,
}

/// Makes sure that nothing will ever be charged.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Cancel {
    #[n(0)]
    pub id: IntentId,
}

/// Pays a part of a charge back, or all of it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PayBack {
    #[n(0)]
    pub id: IntentId,
    #[n(1)]
    pub refund_id: RefundId,
    /// In minor units of the intent's currency.
    #[n(2)]
    pub amount: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    /// The intent as it is after the command.
    #[n(0)]
    Intent(#[n(0)] Intent),
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// No such intent.
    #[n(0)]
    NotFound,
    /// Not one of [`super::METHODS`].
    #[n(1)]
    UnknownMethod,
    /// The id was used to ask for something else.
    #[n(2)]
    KeyReused,
    /// It was canceled and is never charged.
    #[n(3)]
    Canceled,
    /// It cannot be done to an intent that is this far.
    #[n(4)]
    WrongStatus {
        #[n(0)]
        status: Status,
    },
    /// So much is left of the charge, in minor units.
    #[n(5)]
    MoreThanCharged {
        #[n(0)]
        left: u64,
    },
}
