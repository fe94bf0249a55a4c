use super::{Drop, Event, Phase, line, table};
use crate::tx::Tx;
use crate::{DropId, Entry, Fault};

/// Opens or ends a drop whose time has come. Emits `Live`, `Ended`, or both when it was due to end as well.
pub(crate) fn move_on(tx: &mut Tx, entry: &Entry, id: DropId) -> Result<(), Fault> {
    let before = table::get(tx, id)?.ok_or_else(|| Fault::new("moving a drop on", format!("{id} is not there")))?;
    let mut drop = before.clone();
    if drop.phase == Phase::Scheduled && drop.starts_at <= entry.now {
        open(tx, entry, &mut drop);
    }
    if matches!(drop.phase, Phase::Live | Phase::Paused) && drop.ends_at <= entry.now {
        end(tx, entry, &mut drop);
    }
    table::put(tx, &drop, Some(&before));
    Ok(())
}

pub(super) fn open(tx: &mut Tx, entry: &Entry, drop: &mut Drop) {
    drop.phase = Phase::Live;
    drop.version = entry.index;
    tx.emit(Event::Live { drop_id: drop.id, creator_id: drop.creator_id });
}

pub(super) fn end(tx: &mut Tx, entry: &Entry, drop: &mut Drop) {
    drop.phase = Phase::Ended;
    drop.version = entry.index;
    line::note_end(tx, drop);
    tx.emit(Event::Ended { drop_id: drop.id, creator_id: drop.creator_id });
}
