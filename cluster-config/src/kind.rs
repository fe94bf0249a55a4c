//! The kinds of value an option may have: how each is read, checked and shown.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::layers::Written;

/// How one kind of value is read, checked and shown.
pub(crate) trait Kind {
    type Value;
    /// Reads and checks a value. The error says what is wrong with it, without a full stop.
    fn read(&self, written: &Written) -> Result<Self::Value, String>;
    /// What to write instead, as a sentence.
    fn advice(&self) -> String;
    /// The value as it is written in a file.
    fn show(&self, value: &Self::Value) -> String;
    /// Unit and range, for the list of all options.
    fn describe(&self) -> String;
}

/// A whole number in a range, with its unit.
pub(crate) struct Number<T> {
    range: RangeInclusive<T>,
    unit: &'static str,
}

pub(crate) fn milliseconds(range: RangeInclusive<u64>) -> Number<u64> {
    Number { range, unit: "milliseconds" }
}

pub(crate) fn seconds(range: RangeInclusive<u64>) -> Number<u64> {
    Number { range, unit: "seconds" }
}

pub(crate) fn bytes(range: RangeInclusive<usize>) -> Number<usize> {
    Number { range, unit: "bytes" }
}

/// A number of something that is not time or bytes; `unit` is its plural.
pub(crate) fn count<T>(unit: &'static str, range: RangeInclusive<T>) -> Number<T> {
    Number { range, unit }
}

impl<T> Kind for Number<T>
where
    T: Copy + PartialOrd + Display + FromStr + TryFrom<i64>,
{
    type Value = T;

    fn read(&self, written: &Written) -> Result<T, String> {
        let value = match written {
            Written::Toml(toml::Value::Integer(number)) => T::try_from(*number).map_err(|_| self.outside(number))?,
            Written::Toml(other) => return Err(format!("{other} is not a whole number")),
            Written::Text(text) => {
                text.trim().parse().map_err(|_| format!("\"{text}\" is not a whole number that fits"))?
            }
        };
        if self.range.contains(&value) { Ok(value) } else { Err(self.outside(&value)) }
    }

    fn advice(&self) -> String {
        format!("Write a number of {}.", self.describe())
    }

    fn show(&self, value: &T) -> String {
        value.to_string()
    }

    fn describe(&self) -> String {
        format!("{}, {} to {}", self.unit, self.range.start(), self.range.end())
    }
}

impl<T: Display> Number<T> {
    fn outside(&self, value: &dyn Display) -> String {
        format!("{value} is outside of {} to {}", self.range.start(), self.range.end())
    }
}

/// True or false.
pub(crate) struct Switch;

impl Kind for Switch {
    type Value = bool;

    fn read(&self, written: &Written) -> Result<bool, String> {
        match written {
            Written::Toml(toml::Value::Boolean(value)) => Ok(*value),
            Written::Toml(other) => Err(format!("{other} is neither true nor false")),
            Written::Text(text) => text.trim().parse().map_err(|_| format!("\"{text}\" is neither true nor false")),
        }
    }

    fn advice(&self) -> String {
        "Write true or false.".to_owned()
    }

    fn show(&self, value: &bool) -> String {
        value.to_string()
    }

    fn describe(&self) -> String {
        "true or false".to_owned()
    }
}

/// An address to listen on.
pub(crate) struct Address;

impl Kind for Address {
    type Value = SocketAddr;

    fn read(&self, written: &Written) -> Result<SocketAddr, String> {
        let text = text_of(written)?;
        let address: SocketAddr = text.parse().map_err(|_| format!("\"{text}\" is not an address with a port"))?;
        if address.port() == 0 {
            return Err("port 0 is no port that others could be told".to_owned());
        }
        Ok(address)
    }

    fn advice(&self) -> String {
        "Write an IP address and a port, for example 127.0.0.1:8080 or [::]:8080; a name is not resolved here."
            .to_owned()
    }

    fn show(&self, value: &SocketAddr) -> String {
        format!("\"{value}\"")
    }

    fn describe(&self) -> String {
        "IP address and port".to_owned()
    }
}

/// A text with a rule.
pub(crate) struct Text {
    /// The rule in words: what is allowed.
    pub allowed: &'static str,
    /// The rule itself.
    pub rule: fn(&str) -> bool,
}

impl Kind for Text {
    type Value = String;

    fn read(&self, written: &Written) -> Result<String, String> {
        let text = text_of(written)?;
        if (self.rule)(text) { Ok(text.to_owned()) } else { Err(format!("\"{text}\" is not {}", self.allowed)) }
    }

    fn advice(&self) -> String {
        format!("Write {}.", self.allowed)
    }

    fn show(&self, value: &String) -> String {
        toml::Value::String(value.clone()).to_string()
    }

    fn describe(&self) -> String {
        self.allowed.to_owned()
    }
}

/// One of a few words.
pub(crate) struct OneOf<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Copy + PartialEq> Kind for OneOf<T> {
    type Value = T;

    fn read(&self, written: &Written) -> Result<T, String> {
        let text = text_of(written)?;
        let found = self.0.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| format!("\"{text}\" is not one of {}", self.describe()))
    }

    fn advice(&self) -> String {
        format!("Write {}.", self.describe())
    }

    fn show(&self, value: &T) -> String {
        let word = self.0.iter().find(|(_, candidate)| candidate == value).map(|(word, _)| *word);
        format!("\"{}\"", word.expect("every value of the type has its word"))
    }

    fn describe(&self) -> String {
        let words: Vec<String> = self.0.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        words.join(" or ")
    }
}

fn text_of(written: &Written) -> Result<&str, String> {
    match written {
        Written::Toml(toml::Value::String(text)) | Written::Text(text) => Ok(text),
        Written::Toml(other) => Err(format!("{other} is not a text in quotation marks")),
    }
}
