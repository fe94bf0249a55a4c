//! Numbers that JSON readers may round.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// A 64-bit number, written as text: many JSON readers keep 53 bits of a number only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]{1,20}$", example = "1284")]
pub struct Wide(pub u64);

impl From<u64> for Wide {
    fn from(number: u64) -> Self {
        Wide(number)
    }
}

impl fmt::Display for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Wide {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Reads the text, and a plain number too.
impl<'de> Deserialize<'de> for Wide {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Wide;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number from 0 to 18446744073709551615, as text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Wide, E> {
                text.parse().map(Wide).map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Wide, E> {
                Ok(Wide(number))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_beyond_53_bits_survives_as_text() {
        let json = serde_json::to_string(&Wide(u64::MAX)).expect("a number is JSON");
        assert_eq!(json, r#""18446744073709551615""#);
        assert_eq!(serde_json::from_str::<Wide>(&json).expect("what was written reads back"), Wide(u64::MAX));
    }

    #[test]
    fn a_plain_number_is_read_and_a_negative_one_refused() {
        assert_eq!(serde_json::from_str::<Wide>("7").expect("a plain number is read"), Wide(7));
        assert!(serde_json::from_str::<Wide>("-7").is_err());
        assert!(serde_json::from_str::<Wide>(r#""seven""#).is_err());
    }
}
