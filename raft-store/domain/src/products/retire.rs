use super::{Event, Product, Rejection, Reply, Retire, table};
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Takes a product out of the shop; again changes nothing.
///
/// Rejects: `NotFound`. Emits `Retired`.
pub(super) fn retire(tx: &mut Tx, entry: &Entry, command: Retire) -> Result<Reply, Stop> {
    let before = table::get(tx, command.product_id)?
        .filter(|product| product.creator_id == command.creator_id)
        .ok_or(Rejection::NotFound)?;
    if before.retired {
        return Ok(Reply::Retired(before));
    }
    let product = Product { retired: true, version: entry.index, ..before.clone() };
    table::put(tx, &product, Some(&before));
    tx.emit(Event::Retired { product_id: product.id });
    Ok(Reply::Retired(product))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, product};
    use crate::products::{Command, Which, get, list};

    #[test]
    fn a_retired_product_is_no_longer_listed_but_still_there() {
        let mut machine = Machine::with_creator();
        machine.run(Command::Create(product(1, 1))).expect("the creator may");
        machine.run(Command::Create(product(2, 1))).expect("the creator may");
        let retire = Retire { product_id: product(2, 1).product_id, creator_id: product(2, 1).creator_id };
        machine.run(Command::Retire(retire.clone())).expect("the creator may");
        machine.run(Command::Retire(retire.clone())).expect("again changes nothing");
        for which in [Which::All, Which::OfCreator(retire.creator_id)] {
            let ids: Vec<_> = list(&machine.view, which, None, 1).expect("memory does not fail");
            assert_eq!(ids.iter().map(|product| product.id).collect::<Vec<_>>(), [product(1, 1).product_id]);
        }
        assert!(get(&machine.view, retire.product_id).expect("memory does not fail").is_some());
    }
}
