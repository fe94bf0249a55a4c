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
    /// Reads all records, checks that each follows from the one before, and names the first that does not
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
    let report = Report { records: chain.number, head: chain.hash, broken };
    let fields = vec![
        ("records", report.records.to_string()),
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

/// The newest record that is good.
struct Chain {
    number: u64,
    hash: String,
}

impl Default for Chain {
    fn default() -> Self {
        Chain { number: 0, hash: "0".repeat(64) }
    }
}

impl Chain {
    /// Errors: why the record does not follow.
    fn add(&mut self, record: &AuditRecord) -> Result<(), String> {
        let Wide(number) = record.number;
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
        *self = Chain { number, hash };
        Ok(())
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
        records.iter().find_map(|record| chain.add(record).err())
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
