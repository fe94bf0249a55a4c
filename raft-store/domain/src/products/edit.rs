use super::{Edit, Event, Product, Rejection, Reply, for_sale_by, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Changes a product, if it is as the caller saw it.
///
/// Rejects, in this order: `NotFound`, `Retired`, `Changed`, `BadField`. Emits `Edited`.
pub(super) fn edit(tx: &mut Tx, entry: &Entry, command: Edit) -> Result<Reply, Stop> {
    let before = for_sale_by(tx, command.product_id, command.creator_id)?;
    ensure(before.version == command.expected_version, Rejection::Changed { version: before.version })?;
    let Product { name, description, image_url, price, tags, .. } = before.clone();
    let product = Product {
        name: command.name.unwrap_or(name),
        description: command.description.unwrap_or(description),
        image_url: command.image_url.or(image_url).filter(|url| !url.is_empty()),
        price: command.price.unwrap_or(price),
        tags: command.tags.unwrap_or(tags),
        version: entry.index,
        ..before
    };
    ensure(product.is_well_formed(), Rejection::BadField)?;
    // From here on it must succeed.
    table::put(tx, &product, Some(&before));
    tx.emit(Event::Edited { product_id: product.id });
    Ok(Reply::Edited(product))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, product};
    use crate::products::{Command, Which, get, list};
    use crate::{AccountId, words};

    fn nothing(expected_version: u64) -> Edit {
        Edit {
            product_id: product(1, 1).product_id,
            creator_id: product(1, 1).creator_id,
            expected_version,
            name: None,
            description: None,
            image_url: None,
            price: None,
            tags: None,
        }
    }

    fn with_product() -> (Machine, u64) {
        let mut machine = Machine::with_creator();
        let created =
            machine.run(Command::Create(crate::products::Create { tags: vec!["old".into()], ..product(1, 1) }));
        match created {
            Ok(words::Reply::Products(Reply::Created(product))) => (machine, product.version),
            other => panic!("not created: {other:?}"),
        }
    }

    #[test]
    fn an_edit_of_what_somebody_else_changed_is_refused() {
        let (mut machine, version) = with_product();
        machine.run(Command::Edit(Edit { name: Some("New".into()), ..nothing(version) })).expect("it is as seen");
        let stale = machine.run(Command::Edit(nothing(version)));
        assert_eq!(stale, Err(Rejection::Changed { version: version + 1 }.into()));
    }

    #[test]
    fn an_edit_moves_the_product_to_its_new_tags() {
        let (mut machine, version) = with_product();
        machine.run(Command::Edit(Edit { tags: Some(vec!["new".into()]), ..nothing(version) })).expect("as seen");
        let tagged = |tag| list(&machine.view, Which::Tagged(tag), None, 10).expect("memory does not fail").len();
        assert_eq!((tagged("old"), tagged("new")), (0, 1));
    }

    #[test]
    fn somebody_elses_product_is_not_there() {
        let (mut machine, version) = with_product();
        let foreign = Edit { creator_id: AccountId::from_u128(99), ..nothing(version) };
        assert_eq!(machine.run(Command::Edit(foreign)), Err(Rejection::NotFound.into()));
    }

    #[test]
    fn an_empty_address_takes_the_picture_away() {
        let (mut machine, version) = with_product();
        let id = product(1, 1).product_id;
        machine.run(Command::Edit(Edit { image_url: Some("/a.png".into()), ..nothing(version) })).expect("as seen");
        machine.run(Command::Edit(Edit { image_url: Some(String::new()), ..nothing(version + 1) })).expect("as seen");
        let product = get(&machine.view, id).expect("memory does not fail").expect("it is there");
        assert_eq!(product.image_url, None);
    }
}
