use super::{Kind, PayBack, Refund, Rejection, Reply, Status, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Pays a part of a charge back, or all of it; the same refund again changes nothing.
///
/// Rejects, in this order: `NotFound`, `WrongStatus`, `KeyReused`, `MoreThanCharged`.
pub(super) fn refund(tx: &mut Tx, entry: &Entry, command: PayBack) -> Result<Reply, Stop> {
    let PayBack { id, refund_id, amount } = command;
    let mut intent = table::get(tx, id)?.ok_or(Rejection::NotFound)?;
    ensure(intent.status == Status::Succeeded, Rejection::WrongStatus { status: intent.status })?;
    if let Some(known) = intent.refunds.iter().find(|refund| refund.id == refund_id) {
        ensure(known.amount == amount, Rejection::KeyReused)?;
        return Ok(Reply::Intent(intent));
    }
    let left = intent.charged() - intent.refunded();
    ensure(amount <= left, Rejection::MoreThanCharged { left })?;
    // From here on it must succeed.
    intent.refunds.push(Refund { id: refund_id, amount, at: entry.now });
    intent.changed_at = entry.now;
    table::put(tx, &intent);
    table::enter(tx, entry, &intent, Kind::Refund, amount);
    Ok(Reply::Intent(intent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;
    use crate::sandbox::testing::{AMOUNT, confirmed, create, run};
    use crate::sandbox::{Command, Intent, RefundId, ledger};

    fn refund(machine: &mut Machine, n: u8, amount: u64) -> Result<Intent, crate::Rejection> {
        let (id, refund_id) = (create("pm_card_ok").id, RefundId::from_bytes([n; 16]));
        run(machine, Command::Refund(PayBack { id, refund_id, amount }))
    }

    #[test]
    fn a_charge_is_paid_back_in_parts_and_no_further() {
        let mut machine = confirmed("pm_card_ok");
        refund(&mut machine, 1, 1_000).expect("more was charged");
        let left = AMOUNT - 1_000;
        assert_eq!(refund(&mut machine, 2, left + 1), Err(Rejection::MoreThanCharged { left }.into()));
        let intent = refund(&mut machine, 3, left).expect("it is what is left");
        assert_eq!((intent.refunded(), intent.status), (AMOUNT, Status::Succeeded));
        assert_eq!(refund(&mut machine, 4, 1), Err(Rejection::MoreThanCharged { left: 0 }.into()));
        let lines = ledger(&machine.view, None, 10).expect("memory does not fail");
        let lines: Vec<_> = lines.into_iter().map(|(_, line)| (line.kind, line.amount.amount)).collect();
        assert_eq!(lines, [(Kind::Charge, AMOUNT), (Kind::Refund, 1_000), (Kind::Refund, left)]);
    }

    #[test]
    fn the_same_refund_again_pays_nothing_back() {
        let mut machine = confirmed("pm_card_ok");
        let first = refund(&mut machine, 1, AMOUNT).expect("so much was charged");
        machine.now.0 += 1_000;
        assert_eq!(refund(&mut machine, 1, AMOUNT), Ok(first));
        assert_eq!(refund(&mut machine, 1, 1), Err(Rejection::KeyReused.into()));
        assert_eq!(ledger(&machine.view, None, 10).expect("memory does not fail").len(), 2);
    }

    #[test]
    fn what_was_not_charged_is_not_paid_back() {
        assert_eq!(refund(&mut Machine::default(), 1, 1), Err(Rejection::NotFound.into()));
        let wrong = Rejection::WrongStatus { status: Status::Declined };
        assert_eq!(refund(&mut confirmed("pm_card_declined"), 1, 1), Err(wrong.into()));
    }

    #[test]
    fn the_books_are_read_page_by_page() {
        let mut machine = confirmed("pm_card_ok");
        for n in 1..=5 {
            refund(&mut machine, n, 1).expect("more was charged");
        }
        let all = ledger(&machine.view, None, 10).expect("memory does not fail");
        let mut paged = Vec::new();
        loop {
            let after = paged.last().map(|(position, _)| *position);
            let page = ledger(&machine.view, after, 2).expect("memory does not fail");
            assert!(page.len() <= 2);
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!((paged.len(), paged), (6, all));
    }
}
