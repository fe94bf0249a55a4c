//! The row of this room, its limits, and what it says about itself.

use minicbor::{Decode, Decoder, Encode, Encoder};

use crate::orders::Status;
use crate::{Money, OrderId, Timestamp};

/// The longest name of a payment method, in bytes.
pub const METHOD_MAX: usize = 255;
/// The most refunds of one payment that can be asked for. A drop that is cancelled adds one more, of what is left.
pub const REFUNDS_MAX: usize = 100;

/// Enums that stand in fields which may be absent. Of a number that it does not know there minicbor would make
/// `None`; here it is an error wherever it stands.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $number),+
        }

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.u32(*self as u32)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                match d.u32()? {
                    $($number => Ok($name::$variant),)+
                    _ => Err(minicbor::decode::Error::message("a number that this program does not know")),
                }
            }
        }
    };
}

numbered! {
    /// Who takes the money.
    Gateway { Sandbox = 0, Stripe = 1 }
}

numbered! {
    /// Where a payment stands: what the cluster means to do next, or knows.
    Stage {
        /// An intent is to be made at the gateway, which charges nothing yet.
        Creating = 0,
        /// The intent is known, and is to be confirmed: this charges.
        Confirming = 1,
        /// The buyer has to authenticate first.
        Acting = 2,
        /// Nobody knows whether it was charged: the gateway is to be asked.
        Unknown = 3,
        /// The intent is to be cancelled; that it was charged before is possible.
        Cancelling = 4,
        /// The money is there.
        Charged = 5,
        /// Nothing was charged, and nothing ever will be.
        Closed = 6,
        /// As `Cancelling`, but the units went back without waiting for the gateway any longer.
        Abandoned = 7,
    }
}

numbered! {
    /// Why a payment is called off.
    End { Declined = 0, Expired = 1, Cancelled = 2, DropCancelled = 3 }
}

impl End {
    /// How the order ends when its payment is called off for this.
    pub fn order_status(self) -> Status {
        match self {
            End::Declined => Status::Failed,
            End::Expired => Status::Expired,
            End::Cancelled | End::DropCancelled => Status::Cancelled,
        }
    }
}

/// One attempt to be paid for an order, and what was paid back of it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Payment {
    #[n(0)]
    pub order_id: OrderId,
    #[n(1)]
    pub gateway: Gateway,
    /// The gateway's name for the card or account that pays.
    #[n(2)]
    pub method: String,
    #[n(3)]
    pub amount: Money,
    #[n(4)]
    pub stage: Stage,
    /// The number of the latest intent. A result that carries another one is stale.
    #[n(5)]
    pub attempt: u32,
    /// The gateway's name for the payment, once it is known.
    #[n(6)]
    pub intent_id: Option<String>,
    #[n(7)]
    pub started_at: Timestamp,
    /// How long the units wait for the gateway once the payment is called off, in milliseconds.
    #[n(8)]
    pub give_up_ms: u64,
    /// While it is called off: when the units go back though the gateway has not answered.
    #[n(9)]
    pub give_up_at: Option<Timestamp>,
    /// Why it is called off, or was. Of a charge that was made all the same: it came after the units went back.
    #[n(10)]
    pub end: Option<End>,
    /// What the gateway said when it declined.
    #[n(11)]
    pub declined: Option<String>,
    /// Where the buyer goes to authenticate (3-D Secure), while the stage is `Acting`.
    #[n(12)]
    pub next_action: Option<String>,
    #[n(13)]
    pub refunds: Vec<Refund>,
    /// The log index of the last change.
    #[n(14)]
    pub version: u64,
}

/// A part of a charge that goes back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Refund {
    /// From 1.
    #[n(0)]
    pub number: u32,
    /// In minor units of the payment's currency.
    #[n(1)]
    pub amount: u64,
    /// Whether the units are for sale again when all is paid back.
    #[n(2)]
    pub restock: bool,
    /// From 1. The gateway has said of the attempts before that they are not done and never will be.
    #[n(3)]
    pub attempt: u32,
    #[n(4)]
    pub requested_at: Timestamp,
    /// The gateway's name for the refund, once it is done.
    #[n(5)]
    pub refund_id: Option<String>,
    #[n(6)]
    pub done_at: Option<Timestamp>,
}

impl Payment {
    /// What was charged, in minor units.
    pub fn charged(&self) -> u64 {
        if self.stage == Stage::Charged { self.amount.amount } else { 0 }
    }

    /// What is to go back of it, done or not.
    pub fn refund_asked(&self) -> u64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }

    /// What went back of it.
    pub fn refunded(&self) -> u64 {
        self.refunds.iter().filter(|refund| refund.done_at.is_some()).map(|refund| refund.amount).sum()
    }

    /// The refunds that are not done.
    pub fn open_refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| refund.done_at.is_none())
    }

    /// Whether somebody must still talk to the gateway about it.
    pub fn needs_gateway(&self) -> bool {
        !matches!(self.stage, Stage::Charged | Stage::Closed) || self.open_refunds().next().is_some()
    }
}
