use super::{Rejection, Reply, Session, SignIn, table};
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Opens a session.
///
/// Rejects: `AccountNotFound`.
pub(super) fn sign_in(tx: &mut Tx, entry: &Entry, command: SignIn) -> Result<Reply, Stop> {
    table::get(tx, command.account_id)?.ok_or(Rejection::AccountNotFound)?;
    let session = Session {
        id: command.session_id,
        account_id: command.account_id,
        refresh_hash: command.refresh_hash,
        opened_at: entry.now,
        expires_at: entry.now.after_ms(command.lasts_ms),
    };
    tx.put(table::session_key(session.id), &session);
    Ok(Reply::SignedIn(session))
}
