//! The rows of this room, and the names of what they are about.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};

use crate::{Money, NotAnId, OrderId, Timestamp};

/// The payment methods that there are. What each does shows at its confirmation; of the slow one and of the one that
/// gives no answer in time the delay is not here, where nothing waits, but with whoever asks.
pub const METHODS: [&str; 5] = [CARD_OK, CARD_SLOW, CARD_TIMEOUT, CARD_DECLINED, CARD_INSUFFICIENT_FUNDS];

pub(super) const CARD_OK: &str = "pm_card_ok";
pub(super) const CARD_SLOW: &str = "pm_card_slow";
pub(super) const CARD_TIMEOUT: &str = "pm_card_timeout";
pub(super) const CARD_DECLINED: &str = "pm_card_declined";
pub(super) const CARD_INSUFFICIENT_FUNDS: &str = "pm_card_insufficient_funds";

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            pub const fn bytes(&self) -> [u8; 16] {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{:032x}", $prefix, u128::from_be_bytes(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                text.strip_prefix($prefix)
                    .filter(|digits| digits.len() == 32 && digits.bytes().all(is_digit))
                    .and_then(|digits| u128::from_str_radix(digits, 16).ok())
                    .map(|number| Self(number.to_be_bytes()))
                    .ok_or_else(|| NotAnId { prefix: $prefix, text: text.chars().take(64).collect() })
            }
        }
    };
}

digest!(
    /// A payment that was asked for: a digest of the idempotency key of its creation.
    IntentId,
    "pi_sandbox_"
);
digest!(
    /// Money that was asked back: a digest of the idempotency key.
    RefundId,
    "re_sandbox_"
);

/// How far an intent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Status {
    #[n(0)]
    RequiresConfirmation,
    #[n(1)]
    Succeeded,
    #[n(2)]
    Declined,
    #[n(3)]
    Canceled,
}

/// One payment that was asked for, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Intent {
    #[n(0)]
    pub id: IntentId,
    /// What the caller says it is for.
    #[n(1)]
    pub order_id: OrderId,
    #[n(2)]
    pub amount: Money,
    /// One of [`METHODS`].
    #[n(3)]
    pub method: String,
    #[n(4)]
    pub status: Status,
    /// Why the method was declined, once it was.
    #[n(5)]
    pub declined: Option<String>,
    /// Oldest first.
    #[n(6)]
    pub refunds: Vec<Refund>,
    #[n(7)]
    pub created_at: Timestamp,
    #[n(8)]
    pub changed_at: Timestamp,
}

impl Intent {
    /// What was charged, in minor units.
    pub fn charged(&self) -> u64 {
        if self.status == Status::Succeeded { self.amount.amount } else { 0 }
    }

    /// What was paid back of it, in minor units.
    pub fn refunded(&self) -> u64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }
}

/// A part of a charge that was paid back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Refund {
    #[n(0)]
    pub id: RefundId,
    /// In minor units of the intent's currency.
    #[n(1)]
    pub amount: u64,
    #[n(2)]
    pub at: Timestamp,
}

/// Which way money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    #[n(0)]
    Charge,
    #[n(1)]
    Refund,
}

/// A line of the books.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Movement {
    #[n(0)]
    pub at: Timestamp,
    #[n(1)]
    pub intent: IntentId,
    #[n(2)]
    pub order_id: OrderId,
    #[n(3)]
    pub kind: Kind,
    #[n(4)]
    pub amount: Money,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let id = IntentId::from_bytes([0x0a; 16]);
        assert_eq!(id.to_string(), format!("pi_sandbox_{}", "0a".repeat(16)));
        assert_eq!(id.to_string().parse(), Ok(id));
        let refund = RefundId::from_bytes([0xff; 16]);
        assert_eq!(refund.to_string().parse(), Ok(refund));
    }

    #[test]
    fn what_is_written_otherwise_is_no_id() {
        let digits = "0a".repeat(16);
        for wrong in [
            format!("re_sandbox_{digits}"),
            format!("pi_sandbox_{}", digits.to_uppercase()),
            format!("pi_sandbox_{}", &digits[1..]),
            format!("pi_sandbox_{digits}0"),
            format!("pi_sandbox_+{}", &digits[1..]),
            "pi_sandbox_".to_owned(),
        ] {
            assert!(wrong.parse::<IntentId>().is_err(), "{wrong}");
        }
    }
}
