//! Whoever takes the money, as the rest of the node sees it: six calls, and three ways in which one can go wrong.

use futures_util::future::BoxFuture;
use livedrop_domain::{Money, OrderId};

/// Whoever takes the money. Every call that moves something carries an idempotency key; the same key asks for the
/// same thing again.
pub trait Gateway: Send + Sync + 'static {
    /// Makes a payment without confirming it: no money moves.
    fn create<'a>(&'a self, key: &'a str, charge: &'a Charge) -> BoxFuture<'a, Result<Intent, Trouble>>;

    /// Takes the money. An intent can be confirmed once only, whatever the key.
    fn confirm<'a>(
        &'a self,
        key: &'a str,
        intent_id: &'a str,
        charge: &'a Charge,
    ) -> BoxFuture<'a, Result<Intent, Trouble>>;

    /// Calls a payment off. One that has succeeded stays so, and is given as it is.
    fn cancel<'a>(
        &'a self,
        key: &'a str,
        intent_id: &'a str,
        charge: &'a Charge,
    ) -> BoxFuture<'a, Result<Intent, Trouble>>;

    /// What became of a payment, which must be for this charge: an answer about another one proves nothing.
    fn retrieve<'a>(&'a self, intent_id: &'a str, charge: &'a Charge) -> BoxFuture<'a, Result<Intent, Trouble>>;

    /// Gives money back.
    fn refund<'a>(
        &'a self,
        key: &'a str,
        intent_id: &'a str,
        refund: &'a RefundAsk,
    ) -> BoxFuture<'a, Result<Refund, Trouble>>;

    /// All money that was ever given back of a payment, and what is on its way.
    fn refunds<'a>(&'a self, intent_id: &'a str) -> BoxFuture<'a, Result<Vec<Refund>, Trouble>>;
}

/// What is to be taken, of whom, for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub order_id: OrderId,
    pub amount: Money,
    /// The gateway's name of a means of payment.
    pub method: String,
}

/// What is to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundAsk {
    pub order_id: OrderId,
    /// Which refund of the order it is, from 1.
    pub number: u32,
    /// Which attempt at it, from 1: those before have failed for good.
    pub attempt: u32,
    /// In the minor unit of what was charged.
    pub amount: u64,
}

/// A payment as the gateway has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub id: String,
    /// The order that it was made for, as far as the gateway says.
    pub order_id: Option<OrderId>,
    pub state: State,
}

/// Where a payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nobody has asked for the money.
    NotConfirmed,
    /// The buyer must authenticate at `url`; empty when the gateway gives none.
    ActionRequired { url: String },
    /// The gateway does not know yet.
    Processing,
    /// The money was taken.
    Succeeded,
    /// No money was taken. `code` is `[a-z0-9_]{1,64}`.
    Declined { code: String },
    /// No money was taken, and none ever will be.
    Canceled,
}

/// Money that goes back, as the gateway has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub id: String,
    /// Which refund of the order it is, as far as the gateway says.
    pub number: Option<u32>,
    /// Which attempt at it, as far as the gateway says.
    pub attempt: Option<u32>,
    /// In the minor unit of what was charged.
    pub amount: u64,
    pub state: RefundState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundState {
    /// The money went back.
    Done,
    /// It is on its way.
    Pending,
    /// It did not go back and will not by itself. `code` is `[a-z0-9_]{1,64}`.
    Failed { code: String },
}

/// Why there is no answer to go by. The words are for the log of the node, never for a buyer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It was definitely not done, and asking again is of no use. `code` is `[a-z0-9_]{1,64}`.
    #[error("the gateway refused: {code}")]
    Refused { code: String },
    /// It was certainly not done; the same may go well a moment later.
    #[error("the gateway is not available: {0}")]
    Unavailable(String),
    /// It may have been done.
    #[error("it is not known what the gateway did: {0}")]
    Unknown(String),
}
