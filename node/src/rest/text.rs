//! How values of the domain look outside.

use std::fmt;

use livedrop_domain::{Timestamp, accounts, drops, orders};
use livedrop_proto::rest::accounts::Role;
use livedrop_proto::rest::drops::DropStatus;
use livedrop_proto::rest::orders::OrderStatus;

/// A time as RFC 3339 in UTC, with milliseconds.
pub fn time(time: Timestamp) -> String {
    Rfc3339(time).to_string()
}

/// A time as RFC 3339 in UTC, given in microseconds since the epoch, and with as many digits.
pub fn time_micros(micros: u64) -> String {
    let time = i64::try_from(micros).ok().and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
    format!("{:.6}", time.unwrap_or_default())
}

pub fn money(money: livedrop_domain::Money) -> livedrop_proto::rest::Money {
    livedrop_proto::rest::Money { amount: money.amount, currency: money.currency.to_string() }
}

/// A time that a caller wrote, in any offset.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok().map(Timestamp)
}

/// Prints a time without asking for memory.
pub struct Rfc3339(pub Timestamp);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY_MS: u64 = 86_400_000;
        let (days, ms) = (self.0.0 / DAY_MS, self.0.0 % DAY_MS);
        let (year, month, day) = civil(days);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let parts = [
            (0..4, year),
            (5..7, month),
            (8..10, day),
            (11..13, ms / 3_600_000),
            (14..16, ms / 60_000 % 60),
            (17..19, ms / 1_000 % 60),
            (20..23, ms % 1_000),
        ];
        for (place, mut number) in parts {
            for digit in text[place].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        f.write_str(std::str::from_utf8(&text).expect("digits are ASCII"))
    }
}

/// Year, month and day, so many days after 1 January 1970: Howard Hinnant's `civil_from_days`,
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

pub fn order_status(status: orders::Status) -> &'static str {
    match status {
        orders::Status::Reserved => "reserved",
        orders::Status::Confirmed => "confirmed",
        orders::Status::Cancelled => "cancelled",
        orders::Status::Expired => "expired",
        orders::Status::Paying => "paying",
        orders::Status::Failed => "failed",
        orders::Status::Refunding => "refunding",
        orders::Status::Refunded => "refunded",
    }
}

pub fn order_status_shape(status: orders::Status) -> OrderStatus {
    match status {
        orders::Status::Reserved => OrderStatus::Reserved,
        orders::Status::Confirmed => OrderStatus::Confirmed,
        orders::Status::Cancelled => OrderStatus::Cancelled,
        orders::Status::Expired => OrderStatus::Expired,
        orders::Status::Paying => OrderStatus::Paying,
        orders::Status::Failed => OrderStatus::Failed,
        orders::Status::Refunding => OrderStatus::Refunding,
        orders::Status::Refunded => OrderStatus::Refunded,
    }
}

pub fn drop_status(status: drops::Status) -> &'static str {
    match status {
        drops::Status::Upcoming => "upcoming",
        drops::Status::Live => "live",
        drops::Status::Paused => "paused",
        drops::Status::SoldOut => "sold_out",
        drops::Status::Ended => "ended",
        drops::Status::Cancelled => "cancelled",
    }
}

pub fn drop_status_shape(status: drops::Status) -> DropStatus {
    match status {
        drops::Status::Upcoming => DropStatus::Upcoming,
        drops::Status::Live => DropStatus::Live,
        drops::Status::Paused => DropStatus::Paused,
        drops::Status::SoldOut => DropStatus::SoldOut,
        drops::Status::Ended => DropStatus::Ended,
        drops::Status::Cancelled => DropStatus::Cancelled,
    }
}

pub fn role_shape(role: accounts::Role) -> Role {
    match role {
        accounts::Role::Buyer => Role::Buyer,
        accounts::Role::Creator => Role::Creator,
        accounts::Role::Operator => Role::Operator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_as_a_calendar_library_prints_them() {
        let days = [0, 1, 59, 789, 10_957, 11_016, 19_723, 20_148, 47_541, 1_000_000, 2_932_894];
        for day in days {
            for ms in [0, 1, 999, 3_599_999, 86_399_999] {
                let at = Timestamp(day * 86_400_000 + ms);
                let expected = jiff::Timestamp::from_millisecond(at.0 as i64).expect("within its calendar");
                assert_eq!(time(at), format!("{expected:.3}"));
                assert_eq!(parse_time(&time(at)), Some(at));
            }
        }
    }

    #[test]
    fn a_time_with_an_offset_is_the_same_moment() {
        assert_eq!(parse_time("1970-01-01T01:00:01+01:00"), Some(Timestamp(1_000)));
        assert_eq!(parse_time("1969-12-31T23:59:59Z"), None);
        assert_eq!(parse_time("tomorrow"), None);
    }
}
