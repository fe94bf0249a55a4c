//! Amounts of money as people write them.

use livedrop_proto::rest::Money;

/// Digits after the point, as in ISO 4217; two unless listed here.
fn exponent(currency: &str) -> usize {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// `49.99 EUR`
pub fn show(money: &Money) -> String {
    let digits = exponent(&money.currency);
    let scale = 10_u64.pow(digits as u32);
    let (whole, rest) = (money.amount / scale, money.amount % scale);
    if digits == 0 {
        format!("{whole} {}", money.currency)
    } else {
        format!("{whole}.{rest:0digits$} {}", money.currency)
    }
}

/// Reads `49.99` as an amount of a currency.
pub fn read(text: &str, currency: &str) -> Result<Money, String> {
    let digits = exponent(currency);
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(rest) || text.ends_with('.') {
        return Err(format!("`{text}` is not an amount; write it like 49.99"));
    }
    if rest.len() > digits {
        return Err(format!("{currency} has {digits} digits after the point"));
    }
    let amount = format!("{whole}{rest:0<digits$}").parse().map_err(|_| format!("`{text}` is too much"))?;
    Ok(Money { amount, currency: currency.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_as_they_are_read() {
        for (text, currency, amount) in
            [("49.99", "EUR", 4_999), ("0.05", "USD", 5), ("1500", "JPY", 1_500), ("1.250", "KWD", 1_250)]
        {
            let money = read(text, currency).expect("an amount");
            assert_eq!(money.amount, amount, "{text} {currency}");
            assert_eq!(show(&money), format!("{text} {currency}"));
        }
        assert_eq!(read("7.5", "EUR").map(|money| money.amount), Ok(750));
        assert_eq!(read("7", "EUR").map(|money| money.amount), Ok(700));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "-1", "1,50", "1.", ".5", "1.999", "1e3", "99999999999999999999"] {
            assert!(read(text, "EUR").is_err(), "{text}");
        }
        assert!(read("1.5", "JPY").is_err());
    }
}
