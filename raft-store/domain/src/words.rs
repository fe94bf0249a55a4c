//! All that can be said to the state machine and by it, one variant per room. Numbers never change their meaning.

use minicbor::{Decode, Encode};

use crate::{
    AccountId, accounts, cdn, clock, drops, follows, members, notifications, orders, payments, products, sandbox,
    waitlist, webhooks,
};

/// What one caller asks for, with what came with it. Encoded once, at the node that took it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Request {
    /// Names the request in the logs of every node it touches.
    #[n(0)]
    pub request_id: String,
    #[n(1)]
    pub idempotency: Option<Idempotency>,
    #[n(2)]
    pub command: Command,
    /// Who asks, where the command does not say it: an operator.
    #[n(3)]
    pub by: Option<By>,
}

/// An operator. Not an enum: of a variant that it does not know, an older program would make nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct By {
    /// Whoever showed the node's own operator token has none.
    #[n(0)]
    pub account: Option<AccountId>,
}

/// The name of an encoded [`Request`], unless it is none.
pub fn name_of(request: &[u8]) -> Option<&str> {
    #[derive(Decode)]
    struct Named<'a> {
        #[b(0)]
        request_id: &'a str,
    }
    crate::codec::decode::<Named>(request, "the name of a request").ok().map(|named| named.request_id)
}

/// A [`Request`] as it is applied.
#[derive(Debug, Decode)]
pub(crate) struct Applicable<'a> {
    #[b(0)]
    pub request_id: &'a str,
    #[n(1)]
    pub idempotency: Option<Idempotency>,
    #[n(2)]
    pub command: Command,
    #[n(3)]
    pub by: Option<By>,
}

/// Makes a request safe to repeat: the same account and key get the first answer again.
/// Follows draft-ietf-httpapi-idempotency-key-header.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Idempotency {
    #[n(0)]
    pub account: AccountId,
    /// A digest of the key that the caller chose.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub key_hash: [u8; 16],
    /// A digest of what was asked for: the same key with another one is refused.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub body_hash: [u8; 16],
}

/// A verb of one room.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Clock(#[n(0)] clock::Tick),
    #[n(1)]
    Members(#[n(0)] members::Command),
    #[n(2)]
    Accounts(#[n(0)] accounts::Command),
    #[n(3)]
    Products(#[n(0)] products::Command),
    #[n(4)]
    Drops(#[n(0)] drops::Command),
    #[n(5)]
    Orders(#[n(0)] orders::Command),
    #[n(6)]
    Payments(#[n(0)] payments::Command),
    #[n(7)]
    Sandbox(#[n(0)] sandbox::Command),
    #[n(8)]
    Webhooks(#[n(0)] webhooks::Command),
    #[n(9)]
    Follows(#[n(0)] follows::Command),
    #[n(10)]
    Notifications(#[n(0)] notifications::Command),
    #[n(11)]
    Waitlist(#[n(0)] waitlist::Command),
    #[n(12)]
    Cdn(#[n(0)] cdn::Command),
}

/// The answer to a command that went through.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    #[n(0)]
    Clock(#[n(0)] clock::Ticked),
    #[n(1)]
    Members(#[n(0)] members::Reply),
    #[n(2)]
    Accounts(#[n(0)] accounts::Reply),
    #[n(3)]
    Products(#[n(0)] products::Reply),
    #[n(4)]
    Drops(#[n(0)] drops::Reply),
    #[n(5)]
    Orders(#[n(0)] orders::Reply),
    #[n(6)]
    Payments(#[n(0)] payments::Reply),
    #[n(7)]
    Sandbox(#[n(0)] sandbox::Reply),
    #[n(8)]
    Webhooks(#[n(0)] webhooks::Reply),
    #[n(9)]
    Follows(#[n(0)] follows::Reply),
    #[n(10)]
    Notifications(#[n(0)] notifications::Reply),
    #[n(11)]
    Waitlist(#[n(0)] waitlist::Reply),
    #[n(12)]
    Cdn(#[n(0)] cdn::Reply),
}

/// The answer to a command that may not go through. It wrote nothing.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// The idempotency key was decided for another request.
    #[n(0)]
    KeyReused,
    #[n(1)]
    Members(#[n(0)] members::Rejection),
    #[n(2)]
    Accounts(#[n(0)] accounts::Rejection),
    #[n(3)]
    Products(#[n(0)] products::Rejection),
    #[n(4)]
    Drops(#[n(0)] drops::Rejection),
    #[n(5)]
    Orders(#[n(0)] orders::Rejection),
    #[n(6)]
    Payments(#[n(0)] payments::Rejection),
    #[n(7)]
    Sandbox(#[n(0)] sandbox::Rejection),
    #[n(8)]
    Webhooks(#[n(0)] webhooks::Rejection),
    #[n(9)]
    Follows(#[n(0)] follows::Rejection),
    #[n(10)]
    Notifications(#[n(0)] notifications::Rejection),
    #[n(11)]
    Waitlist(#[n(0)] waitlist::Rejection),
    #[n(12)]
    Cdn(#[n(0)] cdn::Rejection),
}

impl Rejection {
    /// Whether the same request may be decided otherwise later, so that its idempotency key stays undecided:
    /// HTTP 425 asks to repeat the very same request.
    pub fn is_too_early(&self) -> bool {
        matches!(
            self,
            Rejection::Orders(orders::Rejection::NotOpen { .. })
                | Rejection::Waitlist(waitlist::Rejection::NotOpen { .. })
        )
    }
}

/// What one command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The log index of the entry that decided it; for a replay, of the first one.
    pub index: u64,
    /// Whether this is the first answer to the idempotency key once more.
    pub replayed: bool,
    pub answer: Result<Reply, Rejection>,
}

/// A fact, told to everyone who follows the feed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    #[n(0)]
    Accounts(#[n(0)] accounts::Event),
    #[n(1)]
    Products(#[n(0)] products::Event),
    #[n(2)]
    Drops(#[n(0)] drops::Event),
    #[n(3)]
    Orders(#[n(0)] orders::Event),
    #[n(4)]
    Payments(#[n(0)] payments::Event),
    #[n(5)]
    Webhooks(#[n(0)] webhooks::Event),
    #[n(6)]
    Follows(#[n(0)] follows::Event),
    #[n(7)]
    Waitlist(#[n(0)] waitlist::Event),
}

macro_rules! rooms {
    ($of:ident: $($room:ident => $variant:ident),+ $(,)?) => {
        $(impl From<$room::$of> for $of {
            fn from(word: $room::$of) -> Self {
                $of::$variant(word)
            }
        })+
    };
}

rooms!(Command:
    members => Members, accounts => Accounts, products => Products, drops => Drops, orders => Orders, payments => Payments,
);
rooms!(Reply:
    members => Members, accounts => Accounts, products => Products, drops => Drops, orders => Orders, payments => Payments,
);
rooms!(Rejection:
    members => Members, accounts => Accounts, products => Products, drops => Drops, orders => Orders, payments => Payments,
);
rooms!(Event: accounts => Accounts, products => Products, drops => Drops, orders => Orders, payments => Payments);
rooms!(Command: sandbox => Sandbox, webhooks => Webhooks);
rooms!(Reply: sandbox => Sandbox, webhooks => Webhooks);
rooms!(Rejection: sandbox => Sandbox, webhooks => Webhooks);
rooms!(Event: webhooks => Webhooks);
rooms!(Command: cdn => Cdn);
rooms!(Reply: cdn => Cdn);
rooms!(Rejection: cdn => Cdn);
rooms!(Command: follows => Follows, notifications => Notifications);
rooms!(Reply: follows => Follows, notifications => Notifications);
rooms!(Rejection: follows => Follows, notifications => Notifications);
rooms!(Event: follows => Follows);
rooms!(Command: waitlist => Waitlist);
rooms!(Reply: waitlist => Waitlist);
rooms!(Rejection: waitlist => Waitlist);
rooms!(Event: waitlist => Waitlist);

/// An answer on its way through bytes: CBOR has no `Result` of its own.
#[derive(Encode, Decode)]
enum Answer {
    #[n(0)]
    Done(#[n(0)] Reply),
    #[n(1)]
    Rejected(#[n(0)] Rejection),
}

impl<C> Encode<C> for Outcome {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        context: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(3)?.u64(self.index)?.bool(self.replayed)?.array(2)?;
        // The same bytes as `Answer`, without taking the reply out of the outcome.
        match &self.answer {
            Ok(reply) => e.u32(0)?.array(1)?.encode_with(reply, context)?.ok(),
            Err(rejection) => e.u32(1)?.array(1)?.encode_with(rejection, context)?.ok(),
        }
    }
}

impl<'b, C> Decode<'b, C> for Outcome {
    fn decode(d: &mut minicbor::Decoder<'b>, context: &mut C) -> Result<Self, minicbor::decode::Error> {
        if d.array()? != Some(3) {
            return Err(minicbor::decode::Error::message("an outcome has three fields"));
        }
        let (index, replayed) = (d.u64()?, d.bool()?);
        let answer = match d.decode_with(context)? {
            Answer::Done(reply) => Ok(reply),
            Answer::Rejected(rejection) => Err(rejection),
        };
        Ok(Outcome { index, replayed, answer })
    }
}
