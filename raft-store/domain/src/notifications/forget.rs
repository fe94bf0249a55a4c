use super::table::NAME_BYTES;
use crate::tx::Tx;

/// Splits the names of a row of old notices.
pub(crate) fn names(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks_exact(NAME_BYTES)
}

/// Forgets a notice that is old, whoever has read it.
pub(crate) fn forget(tx: &mut Tx, name: &[u8]) {
    tx.delete(name);
}

#[cfg(test)]
mod tests {
    use crate::clock::is_due;
    use crate::idempotency::KEPT_MS as DAY_MS;
    use crate::machine::testing::Machine;
    use crate::notifications::{KEPT_MS, all_notices, old_names};

    #[test]
    fn a_notice_is_kept_ninety_days_and_then_forgotten_a_few_at_a_time() {
        let mut machine = Machine::with_drop(5);
        for order in 1..=4 {
            machine.paid(order, 1, 1);
        }
        machine.now.0 += DAY_MS;
        machine.paid(5, 1, 1);
        machine.tick();
        machine.now.0 += KEPT_MS - DAY_MS - 1;
        machine.tick();
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
        machine.now.0 += 1;
        let mut left = Vec::new();
        while is_due(&machine.view, machine.now).expect("memory does not fail") {
            machine.tick_with(2);
            left.push(all_notices(&machine.view).expect("memory does not fail").len());
        }
        assert_eq!(left, [5, 3, 2], "one that it went live, four that were paid; then one, and that it sold out");
        assert_eq!(old_names(&machine.view).expect("memory does not fail").len(), 2);
    }
}
