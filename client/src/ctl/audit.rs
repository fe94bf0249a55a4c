//! `audit`: who did what, and whether the records are as they were written.

use clap::Args;
use livedrop_proto::rest::Wide;
use livedrop_proto::rest::audit::{AuditRecord, ReadAudit};
use livedrop_proto::rest::list::LIMIT_MAX;
use serde::Serialize;

use super::context::Context;
use super::output::note;
use super::product::tell_of_more;
use super::trouble::{Exit, Stop};

#[derive(Debug, Args)]
pub struct Wanted {
    /// What this account did: its id, `operator` or `system`
    #[arg(long)]
    actor: Option<String>,
    /// What was done to the thing with this id
    #[arg(long)]
    subject: Option<String>,
    /// Records with greater numbers only
    #[arg(long)]
    after: Option<u64>,
    /// How many to show
    #[arg(long, default_value = "20", value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// Where to go on, as the page before said
    #[arg(long)]
    cursor: Option<String>,
    /// Reads all records that are kept, checks that each follows from the one before, and names the first that does not
    #[arg(long, conflicts_with_all = ["actor", "subject", "after", "cursor", "limit"])]
    verify: bool,
}

pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    if wanted.verify {
        return verify(context).await;
    }
    let Wanted { actor, subject, after, limit, cursor, verify: _ } = wanted;
    let asked = ReadAudit { limit: Some(limit), cursor, after, actor, subject, consistency: None };
    let what = "the audit trail cannot be read";
    let list = context.signed_in(what, async |client| client.audit(&asked).await).await?;
    let row = |record: &AuditRecord| {
        let AuditRecord { number, at, actor, action, subject, detail, .. } = record.clone();
        vec![number.to_string(), at, actor, action, subject, detail]
    };
    let rows = list.items.iter().map(row).collect();
    context.output.list(&list, &["NUMBER", "AT", "ACTOR", "ACTION", "SUBJECT", "DETAIL"], rows)?;
    tell_of_more(list.next_cursor.as_deref());
    Ok(Exit::Ok)
}

/// What came of checking the chain.
#[derive(Debug, Serialize)]
struct Report {
    records: u64,
    /// The number of the first record that there is: those before were let go of, as the trail says itself.
    first: u64,
    /// The hash of the newest record that is good: whoever notes it down can tell later that nothing before changed.
    head: String,
    /// The first record that is not as it was written, and why.
    broken: Option<String>,
}

async fn verify(context: &Context) -> Result<Exit, Stop> {
    let (mut chain, mut broken, mut cursor) = (Chain::default(), None, None);
    while broken.is_none() {
        let asked = ReadAudit { limit: Some(LIMIT_MAX), cursor, ..ReadAudit::default() };
        let what = "the audit trail cannot be read";
        let list = context.signed_in(what, async |client| client.audit(&asked).await).await?;
        broken = list.items.iter().find_map(|record| chain.add(record).err());
        cursor = list.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let broken = broken.or_else(|| chain.beginning_is_taken());
    let first = chain.first.as_ref().map_or(1, |(number, _)| *number);
    let report = Report { records: chain.number + 1 - first, first, head: chain.hash, broken };
    let fields = vec![
        ("records", report.records.to_string()),
        ("first", report.first.to_string()),
        ("head", report.head.clone()),
        ("broken", report.broken.clone().unwrap_or_else(|| "-".to_owned())),
    ];
    context.output.record(&report, fields)?;
    match &report.broken {
        None => Ok(Exit::Ok),
        Some(why) => {
            note(&format!("the audit trail is broken: {why}"));
            Ok(Exit::Failed)
        }
    }
}

/// What the trail says when it lets go of its oldest records: the subject is the number of the last of them, and the
/// detail its hash.
const TRIMMED: &str = "audit.trimmed";

/// The newest record that is good.
struct Chain {
    number: u64,
    hash: String,
    /// The first record that was added, and the hash that it follows from.
    first: Option<(u64, String)>,
    /// Whether it is on record that all before the first were let go of.
    trimmed: bool,
}

impl Default for Chain {
    fn default() -> Self {
        Chain { number: 0, hash: "0".repeat(64), first: None, trimmed: false }
    }
}

impl Chain {
    /// Errors: why the record does not follow. The first one may have any number: see [`Chain::beginning_is_taken`].
    fn add(&mut self, record: &AuditRecord) -> Result<(), String> {
        let Wide(number) = record.number;
        if self.first.is_none() {
            if number > 1 {
                (self.number, self.hash) = (number - 1, record.previous.clone());
            }
            self.first = Some((number, self.hash.clone()));
        }
        if number != self.number + 1 {
            return Err(format!("record {} is followed by record {number}", self.number));
        }
        if record.previous != self.hash {
            return Err(format!("record {number} does not follow from the one before"));
        }
        let hash = blake3::hash(&record.hashed()).to_hex().to_string();
        if record.hash != hash {
            return Err(format!("record {number} is not as it was written"));
        }
        if let Some((first, before)) = &self.first {
            let of_first = record.subject == (first - 1).to_string() && record.detail == format!("hash={before}");
            self.trimmed |= record.action == TRIMMED && of_first;
        }
        (self.number, self.hash) = (number, hash);
        Ok(())
    }

    /// Why the first record cannot be the first, if it cannot: those before it are gone, and no record says so.
    fn beginning_is_taken(&self) -> Option<String> {
        let (first, _) = self.first.as_ref().filter(|(first, _)| *first > 1 && !self.trimmed)?;
        Some(format!("records 1 to {} are gone, and it is not on record that they were let go of", first - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Vec<AuditRecord> {
        let mut chain = Chain::default();
        let records = (1..=3).map(|number: u64| {
            let mut record = AuditRecord {
                number: number.into(),
                at: "2026-11-18T11:06:40.000Z".into(),
                at_ms: 1_795_000_000_000,
                log_index: 1_284.into(),
                request_id: "req-1".into(),
                actor: "operator".into(),
                action: "account.disabled".into(),
                subject: format!("usr_{number}"),
                detail: "role=buyer".into(),
                previous: chain.hash.clone(),
                hash: String::new(),
            };
            record.hash = blake3::hash(&record.hashed()).to_hex().to_string();
            chain.add(&record).expect("it follows");
            record
        });
        records.collect()
    }

    fn check(records: &[AuditRecord]) -> Option<String> {
        let mut chain = Chain::default();
        let broken = records.iter().find_map(|record| chain.add(record).err());
        broken.or_else(|| chain.beginning_is_taken())
    }

    /// The record that comes after these, of a deed of the cluster's own.
    fn after(records: &[AuditRecord], action: &str, subject: &str, detail: String) -> AuditRecord {
        let last = records.last().expect("there are some").clone();
        let (action, subject) = (action.to_owned(), subject.to_owned());
        let (number, previous) = ((last.number.0 + 1).into(), last.hash.clone());
        let mut next = AuditRecord { number, actor: "system".into(), action, subject, detail, previous, ..last };
        next.hash = blake3::hash(&next.hashed()).to_hex().to_string();
        next
    }

    #[test]
    fn a_trail_may_begin_where_it_says_that_it_was_trimmed_and_nowhere_else() {
        let mut records = chain();
        records.push(after(&records, TRIMMED, "2", format!("hash={}", records[1].hash)));
        assert_eq!(check(&records[2..]), None);
        let gone = "records 1 to 1 are gone, and it is not on record that they were let go of";
        assert_eq!(check(&records[1..]).as_deref(), Some(gone), "it says so of two");
        let gone = "records 1 to 3 are gone, and it is not on record that they were let go of";
        assert_eq!(check(&records[3..]).as_deref(), Some(gone));
        let mut forged = chain();
        forged.push(after(&forged, TRIMMED, "2", format!("hash={}", forged[0].hash)));
        let gone = "records 1 to 2 are gone, and it is not on record that they were let go of";
        assert_eq!(check(&forged[2..]).as_deref(), Some(gone), "of another history");
    }

    #[test]
    fn a_whole_chain_is_good_and_one_byte_in_any_field_breaks_it() {
        let records = chain();
        assert_eq!(check(&records), None);
        type Flip = fn(&mut AuditRecord);
        let flips: [Flip; 7] = [
            |record| record.at_ms += 1,
            |record| record.log_index.0 += 1,
            |record| record.request_id = "req-0".into(),
            |record| record.actor = "system".into(),
            |record| record.action = "account.enabled".into(),
            |record| record.subject = "usr_9".into(),
            |record| record.detail = "role=buyes".into(),
        ];
        for flip in flips {
            let mut records = records.clone();
            flip(&mut records[1]);
            assert_eq!(check(&records).as_deref(), Some("record 2 is not as it was written"));
            records[1].hash = blake3::hash(&records[1].hashed()).to_hex().to_string();
            assert_eq!(check(&records).as_deref(), Some("record 3 does not follow from the one before"));
        }
    }

    #[test]
    fn a_record_that_is_left_out_is_missed() {
        let mut records = chain();
        records.remove(1);
        assert_eq!(check(&records).as_deref(), Some("record 1 is followed by record 3"));
    }
}
