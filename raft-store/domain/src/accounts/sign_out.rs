use super::{Event, Reply, SignOut, table};
use crate::tx::Tx;
use crate::{SessionId, Stop};

/// Closes a session; closing one that is closed changes nothing.
pub(super) fn sign_out(tx: &mut Tx, command: SignOut) -> Result<Reply, Stop> {
    if table::session(tx, command.session_id)?.is_some() {
        close(tx, command.session_id);
    }
    Ok(Reply::SignedOut)
}

/// Forgets a session and tells every node, which then forgets the tokens it has verified.
pub(super) fn close(tx: &mut Tx, session_id: SessionId) {
    tx.delete(table::session_key(session_id));
    tx.emit(Event::SessionClosed { session_id });
}
