use super::{DETAIL_MAX, Deed, Head, Record, table};
use crate::tx::Tx;
use crate::{Entry, Fault};

/// Stands before the fields, so that nothing else that is hashed can pass for a record.
const DOMAIN: &str = "livedrop-audit-1";

/// Puts a deed on record, after all those before.
pub(crate) fn record(tx: &mut Tx, entry: &Entry, request_id: &str, deed: Deed) -> Result<(), Fault> {
    let Head { number, hash: previous } = table::head(tx)?;
    let mut record = Record {
        number: number + 1,
        at: entry.now,
        index: entry.index,
        request_id: cut(request_id.to_owned()),
        actor: deed.actor,
        action: deed.action,
        subject: cut(deed.subject),
        detail: cut(deed.detail),
        previous,
        hash: [0; 32],
    };
    record.hash = hash_of(&record);
    table::put(tx, &record);
    Ok(())
}

/// The hash that a record must have, by its other fields.
pub fn hash_of(record: &Record) -> [u8; 32] {
    let previous = blake3::Hash::from(record.previous).to_hex();
    let (number, at, index) = (record.number.to_string(), record.at.0.to_string(), record.index.to_string());
    let actor = record.actor.to_string();
    let fields = [
        DOMAIN,
        &number,
        &at,
        &index,
        &record.request_id,
        &actor,
        record.action.name(),
        &record.subject,
        &record.detail,
        &previous,
    ];
    let mut hasher = blake3::Hasher::new();
    for field in fields {
        hasher.update(format!("{}:{field},", field.len()).as_bytes());
    }
    hasher.finalize().into()
}

/// Where a chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("record {after} is followed by record {number}")]
    Gap { after: u64, number: u64 },
    #[error("record {number} does not follow from the one before")]
    Link { number: u64 },
    #[error("record {number} is not as it was written")]
    Content { number: u64 },
}

/// Checks that `records` follow one another from `head` on, and gives the head after them.
///
/// Errors: the first record that does not fit.
pub fn verify(head: Head, records: &[Record]) -> Result<Head, Broken> {
    records.iter().try_fold(head, |head, record| {
        let number = record.number;
        if head.number.checked_add(1) != Some(number) {
            return Err(Broken::Gap { after: head.number, number });
        }
        if record.previous != head.hash {
            return Err(Broken::Link { number });
        }
        if hash_of(record) != record.hash {
            return Err(Broken::Content { number });
        }
        Ok(Head { number, hash: record.hash })
    })
}

/// At most [`DETAIL_MAX`] bytes, in whole characters.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(DETAIL_MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{self, Role};
    use crate::audit::{Action, Actor, after, head};
    use crate::machine::testing::{Machine, account};
    use crate::{AccountId, codec, keys};

    /// Three accounts and what was put on record of them.
    fn recorded() -> (Machine, Vec<Record>) {
        let mut machine = Machine::default();
        for n in 1..=3 {
            machine.run(accounts::Command::Register(account(n, Role::Buyer))).expect("nobody has the address");
        }
        let records = after(&machine.view, 0, 10).expect("memory does not fail");
        (machine, records)
    }

    #[test]
    fn every_deed_is_on_record_once_and_in_order() {
        let (machine, records) = recorded();
        let told: Vec<_> = records.iter().map(|record| (record.number, record.index, record.actor)).collect();
        let one = |n: u64| (n, n, Actor::Account(AccountId::from_u128(n.into())));
        assert_eq!(told, [one(1), one(2), one(3)]);
        assert!(records.iter().all(|record| record.action == Action::AccountRegistered));
        let newest = head(&machine.view).expect("memory does not fail");
        assert_eq!(verify(Head::default(), &records), Ok(newest));
        assert_eq!(verify(Head { number: 1, hash: records[0].hash }, &records[1..]), Ok(newest));
    }

    #[test]
    fn what_changed_nothing_is_not_on_record() {
        let (mut machine, records) = recorded();
        machine.run(accounts::Command::Register(account(1, Role::Buyer))).expect("the same request again");
        let taken = accounts::Register { account_id: AccountId::from_u128(9), ..account(1, Role::Buyer) };
        machine.run(accounts::Command::Register(taken)).expect_err("somebody has the address");
        assert_eq!(after(&machine.view, 0, 10).expect("memory does not fail"), records);
    }

    /// Whatever byte of whatever row changes: the row does not decode, or the chain says which record it is.
    #[test]
    fn a_flipped_byte_is_found() {
        let (machine, _) = recorded();
        let rows = || machine.view.0.range(vec![keys::AUDIT]..vec![keys::AUDIT + 1]);
        let mut found = 0;
        for (place, (_, row)) in rows().enumerate() {
            for at in 0..row.len() {
                let mut changed: Vec<Vec<u8>> = rows().map(|(_, row)| row.clone()).collect();
                changed[place][at] ^= 0x01;
                let decoded: Result<Vec<Record>, Fault> =
                    changed.iter().map(|row| codec::decode(row, "a record")).collect();
                let Ok(records) = decoded else { continue };
                verify(Head::default(), &records).expect_err("a byte was flipped");
                found += 1;
            }
        }
        assert!(found > 300, "most flips leave a row that can be read: {found}");
    }

    #[test]
    fn a_record_that_was_left_out_added_or_moved_is_found() {
        let (_, records) = recorded();
        let [first, second, third] = &records[..] else { panic!("there are three") };
        let check = |records: &[&Record]| {
            let records: Vec<Record> = records.iter().map(|record| (*record).clone()).collect();
            verify(Head::default(), &records)
        };
        assert_eq!(check(&[first, third]), Err(Broken::Gap { after: 1, number: 3 }));
        assert_eq!(check(&[second, third]), Err(Broken::Gap { after: 0, number: 2 }));
        assert_eq!(check(&[first, first]), Err(Broken::Gap { after: 1, number: 1 }));
        let mut other = Record { detail: "role=operator".into(), ..second.clone() };
        assert_eq!(check(&[first, &other, third]), Err(Broken::Content { number: 2 }));
        other.hash = hash_of(&other);
        assert_eq!(check(&[first, &other, third]), Err(Broken::Link { number: 3 }), "one forged takes all after it");
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let (_, records) = recorded();
        let with = |subject: &str, detail: &str| {
            hash_of(&Record { subject: subject.into(), detail: detail.into(), ..records[0].clone() })
        };
        assert_ne!(with("ab", "c"), with("a", "bc"));
        assert_ne!(with("a,1:b", ""), with("a", "b"));
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(cut("é".repeat(200)).len(), DETAIL_MAX);
        assert_eq!(cut(format!("x{}", "é".repeat(200))).len(), DETAIL_MAX - 1);
    }
}
