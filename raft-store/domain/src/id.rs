//! Identifiers: ULIDs with a prefix that says what they name.
//!
//! They are made at the node that takes a request and carried in its command; the domain never makes one.
//! A ULID (<https://github.com/ulid/spec>) is 128 bits, the first 48 of them milliseconds, so ids sort by age.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder};
use ulid::Ulid;

/// Text that is not the id it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id that begins with `{prefix}`")]
pub struct NotAnId {
    pub prefix: &'static str,
    pub text: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            pub const fn from_u128(bits: u128) -> Self {
                Self(bits.to_be_bytes())
            }

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Big-endian, so that keys sort as ids do.
            pub const fn bytes(&self) -> [u8; 16] {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; ulid::ULID_LEN];
                f.write_str($prefix)?;
                f.write_str(Ulid(u128::from_be_bytes(self.0)).array_to_str(&mut text))
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
                text.strip_prefix($prefix)
                    .and_then(|rest| Ulid::from_string(rest).ok())
                    .map(|ulid| Self(ulid.0.to_be_bytes()))
                    .ok_or_else(|| NotAnId { prefix: $prefix, text: text.chars().take(64).collect() })
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                d.bytes()?.try_into().map(Self).map_err(|_| minicbor::decode::Error::message("an id has 16 bytes"))
            }
        }
    };
}

id!(
    /// A buyer, creator or operator.
    AccountId,
    "usr_"
);
id!(
    /// One sign-in, from its password to its end.
    SessionId,
    "ses_"
);
id!(
    /// What a creator sells.
    ProductId,
    "prd_"
);
id!(
    /// One timed sale of a product.
    DropId,
    "drp_"
);
id!(
    /// One buyer's units of a drop.
    OrderId,
    "ord_"
);
id!(
    /// Where a creator wants to be told what happens.
    WebhookId,
    "whk_"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let id = OrderId::from_u128(0x0192_3456_789a_bcde_f012_3456_789a_bcde);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), 30);
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let text = DropId::from_u128(7).to_string();
        assert!(text.parse::<OrderId>().is_err());
        assert!("ord_".parse::<OrderId>().is_err());
        assert!("ord_not-a-ulid".parse::<OrderId>().is_err());
    }

    #[test]
    fn ids_sort_by_age_in_keys_and_in_text() {
        let (older, younger) = (DropId::from_u128(1 << 80), DropId::from_u128(2 << 80));
        assert!(older < younger && older.bytes() < younger.bytes() && older.to_string() < younger.to_string());
    }
}
