//! The orders of a drop as CSV (RFC 4180), all of them, read and sent a stretch at a time.

use std::fmt::Write;

use axum::body::Body;
use axum::response::IntoResponse;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};
use livedrop_domain::orders::{self, Order, Position};
use livedrop_domain::{DropId, Fault};

use super::super::Rest;
use super::super::answer::Answer;
use super::super::shop::look;
use super::super::text::{self, Rfc3339};

const HEADER: &str =
    "id,buyer_id,product_id,sku,quantity,amount,currency,status,created_at,hold_expires_at,log_index\r\n";
/// Orders that are read at once.
const STRETCH: usize = 500;

/// Where an export stands.
enum At {
    Begin,
    After(Position),
}

/// Newest first. Orders that are placed meanwhile are not in it; those that change meanwhile are as they are then.
pub fn csv(rest: &Rest, drop: DropId) -> Answer {
    let rest = rest.clone();
    let stretches = stream::try_unfold(Some(At::Begin), move |at| {
        let rest = rest.clone();
        async move {
            let Some(at) = at else { return Ok(None) };
            let stretch = stretch(&rest, drop, &at);
            // The answer has begun, so all that is left to say is that it ends too soon: the connection breaks off.
            stretch.inspect_err(|fault| tracing::error!(%fault, %drop, "an export broke off")).map(Some)
        }
    });
    let mut response = Body::from_stream(stretches).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Answer::from(response).with_text(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{drop}-orders.csv\""))
}

fn stretch(rest: &Rest, drop: DropId, at: &At) -> Result<(Bytes, Option<At>), Fault> {
    let (mut lines, after) = match at {
        At::Begin => (HEADER.to_owned(), None),
        At::After(position) => (String::new(), Some(*position)),
    };
    let found = look(&*rest.shop, |view| orders::of_drop(view, drop, after, STRETCH))?.what;
    for (_, order) in &found {
        line(&mut lines, order).expect("writing into memory cannot fail");
    }
    let next = found.last().filter(|_| found.len() == STRETCH).map(|(position, _)| At::After(*position));
    Ok((lines.into(), next))
}

fn line(lines: &mut String, order: &Order) -> std::fmt::Result {
    let Order { id, buyer_id, product_id, sku, quantity, created_at, placed_index, .. } = order;
    let (amount, sku, status) = (order.amount(), quoted(sku), text::order_status(order.status));
    write!(lines, "{id},{buyer_id},{product_id},{sku},{quantity},{},{},{status},", amount.amount, amount.currency)?;
    write!(lines, "{},{},{placed_index}\r\n", Rfc3339(*created_at), Rfc3339(order.held_until()))
}

/// A field in quotes. One that a spreadsheet would take for a formula is made a text.
fn quoted(field: &str) -> String {
    let text = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{text}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_and_is_never_a_formula() {
        assert_eq!(quoted("L \"large\", blue"), "\"L \"\"large\"\", blue\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
