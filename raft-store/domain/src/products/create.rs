use super::{Create, Event, Product, Rejection, Reply, table};
use crate::accounts::{self, Account, Role};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Adds a product to a creator's shop.
///
/// Rejects, in this order: `NotACreator`, `BadField`, `IdTaken`. Emits `Created`.
pub(super) fn create(tx: &mut Tx, entry: &Entry, command: Create) -> Result<Reply, Stop> {
    let account = accounts::get(tx, command.creator_id)?;
    let sells = |account: Account| account.role == Role::Creator && account.disabled_at.is_none();
    ensure(account.is_some_and(sells), Rejection::NotACreator)?;
    let product = Product {
        id: command.product_id,
        creator_id: command.creator_id,
        name: command.name,
        description: command.description,
        image_url: command.image_url,
        price: command.price,
        tags: command.tags,
        created_at: entry.now,
        version: entry.index,
        retired: false,
    };
    ensure(product.is_well_formed(), Rejection::BadField)?;
    ensure(table::get(tx, product.id)?.is_none(), Rejection::IdTaken)?;
    // From here on it must succeed.
    table::put(tx, &product, None);
    tx.emit(Event::Created { product_id: product.id });
    Ok(Reply::Created(product))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, account, product};
    use crate::products::{Command, Which, list};

    #[test]
    fn only_a_creator_has_products() {
        let mut machine = Machine::default();
        machine.run(accounts::Command::Register(account(1, Role::Buyer))).expect("nobody has the address");
        assert_eq!(machine.run(Command::Create(product(1, 1))), Err(Rejection::NotACreator.into()));
        assert_eq!(machine.run(Command::Create(product(1, 2))), Err(Rejection::NotACreator.into()));
    }

    #[test]
    fn a_product_is_found_by_its_creator_and_by_its_tags() {
        let mut machine = Machine::with_creator();
        let tagged = Create { tags: vec!["vinyl".into()], ..product(1, 1) };
        machine.run(Command::Create(tagged.clone())).expect("the creator may");
        machine.run(Command::Create(product(2, 1))).expect("the creator may");
        let ids = |which| {
            let found = list(&machine.view, which, None, 10).expect("memory does not fail");
            found.into_iter().map(|product| product.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(Which::OfCreator(tagged.creator_id)), [product(2, 1).product_id, tagged.product_id]);
        assert_eq!(ids(Which::Tagged("vinyl")), [tagged.product_id]);
        assert_eq!(ids(Which::Tagged("vin")), []);
    }

    #[test]
    fn a_product_without_a_name_or_with_a_strange_tag_is_refused() {
        let mut machine = Machine::with_creator();
        for wrong in [
            Create { name: String::new(), ..product(1, 1) },
            Create { tags: vec!["a\0b".into()], ..product(1, 1) },
            Create { image_url: Some(String::new()), ..product(1, 1) },
        ] {
            assert_eq!(machine.run(Command::Create(wrong)), Err(Rejection::BadField.into()));
        }
    }
}
