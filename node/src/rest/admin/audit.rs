//! The audit trail, as operators read it.

use axum::extract::{OriginalUri, State};
use http::HeaderMap;
use livedrop_domain::View;
use livedrop_domain::audit::{self, Record};
use livedrop_proto::rest;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::audit as shape;

use crate::rest::Rest;
use crate::rest::answer::Answer;
use crate::rest::body::Params;
use crate::rest::docs::Problems;
use crate::rest::freshness;
use crate::rest::identity::Operator;
use crate::rest::page::{RecordNumber, Wanted};
use crate::rest::problem::Problem;
use crate::rest::text;

/// Records that are looked at for one page, when only some of them are wanted.
const LOOK_AT: usize = 1_000;

/// Who did what, and when, oldest first. Orders are not in it: who placed one, and when, is in the order.
#[utoipa::path(get, path = "/v1/admin/audit", tag = "operations", security(("bearer" = [])), params(shape::ReadAudit), responses(
    (status = 200, description = "A page.", body = rest::List<shape::AuditRecord>),
    Problems,
))]
pub async fn list(
    State(rest): State<Rest>,
    _: Operator,
    Params(asked): Params<shape::ReadAudit>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let wanted = Wanted::<RecordNumber>::new(asked.limit, asked.cursor.as_deref())?;
    let from = wanted.after.map_or(0, |RecordNumber(number)| number).max(asked.after.unwrap_or(0));
    let all = asked.actor.is_none() && asked.subject.is_none();
    let look_at = if all { wanted.look_for() } else { LOOK_AT };
    let get = |view: &dyn View| audit::after(view, from, look_at);
    let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Linearizable, get).await?;
    let (items, next) = page(&seen.what, &asked, wanted.limit, look_at);
    Ok(wanted.answer_until(&uri, items, next).at(seen.index))
}

/// The records of a page, and the last one that was looked at when there may be more after it.
fn page(
    records: &[Record],
    asked: &shape::ReadAudit,
    limit: usize,
    looked_for: usize,
) -> (Vec<shape::AuditRecord>, Option<RecordNumber>) {
    let (mut items, mut last) = (Vec::new(), None);
    for record in records {
        if items.len() == limit {
            return (items, last);
        }
        last = Some(RecordNumber(record.number));
        let by = asked.actor.as_ref().is_none_or(|actor| *actor == record.actor.to_string());
        if by && asked.subject.as_ref().is_none_or(|subject| *subject == record.subject) {
            items.push(record_shape(record));
        }
    }
    (items, last.filter(|_| records.len() == looked_for))
}

fn record_shape(record: &Record) -> shape::AuditRecord {
    let hex = |hash: [u8; 32]| blake3::Hash::from(hash).to_hex().to_string();
    shape::AuditRecord {
        number: record.number.into(),
        at: text::time(record.at),
        at_ms: record.at.0,
        log_index: record.index.into(),
        request_id: record.request_id.clone(),
        actor: record.actor.to_string(),
        action: record.action.name().to_owned(),
        subject: record.subject.clone(),
        detail: record.detail.clone(),
        previous: hex(record.previous),
        hash: hex(record.hash),
    }
}
