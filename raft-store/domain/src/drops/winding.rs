//! Cancelled drops whose orders are still to be called off: a row for each, with how far that is.

use minicbor::{Decode, Encode};

use crate::keys;
use crate::tx::Tx;
use crate::view::Order;
use crate::{DropId, Fault, View, codec};

/// Where the order stands, among those of its drop, that was called off last: the log index that placed it, and its
/// place in that entry. The newest go first.
pub(crate) type Position = (u64, u32);

/// How far the sweep is; nowhere at first.
#[derive(Debug, Default, Encode, Decode)]
struct Winding {
    #[n(0)]
    at: Option<Place>,
}

#[derive(Debug, Encode, Decode)]
struct Place {
    #[n(0)]
    index: u64,
    #[n(1)]
    ordinal: u32,
}

fn winding_key(id: DropId) -> [u8; 17] {
    keys::of_id(keys::DROP_WINDING, id.bytes())
}

/// Has the clock call the orders of a drop off.
pub(super) fn begin(tx: &mut Tx, id: DropId) {
    tx.put(winding_key(id), &Winding::default());
}

/// At most `limit` drops whose orders are still to be called off, and how far each is.
pub(crate) fn winding(view: &dyn View, limit: usize) -> Result<Vec<(DropId, Option<Position>)>, Fault> {
    view.scan(&[keys::DROP_WINDING], &[keys::DROP_WINDING + 1], Order::Forward, limit)?
        .iter()
        .map(|(row, bytes)| {
            let id = keys::id(row, 1).map(DropId::from_bytes);
            let id = id.ok_or_else(|| Fault::new("reading cancelled drops", "a key without a drop id"))?;
            let winding: Winding = codec::decode(bytes, "how far a drop is called off")?;
            Ok((id, winding.at.map(|place| (place.index, place.ordinal))))
        })
        .collect()
}

/// Notes how far the orders of a drop are called off; `None` is all of them.
pub(crate) fn wound(tx: &mut Tx, id: DropId, at: Option<Position>) {
    match at {
        Some((index, ordinal)) => tx.put(winding_key(id), &Winding { at: Some(Place { index, ordinal }) }),
        None => tx.delete(winding_key(id)),
    }
}
