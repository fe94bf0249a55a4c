use super::{Rejection, Reply, Session, SignIn, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Opens a session.
///
/// Rejects, in this order: `AccountNotFound`, `Disabled`, `ChangedSince`.
pub(super) fn sign_in(tx: &mut Tx, entry: &Entry, command: SignIn) -> Result<Reply, Stop> {
    let account = table::get(tx, command.account_id)?.ok_or(Rejection::AccountNotFound)?;
    ensure(account.disabled_at.is_none(), Rejection::Disabled)?;
    ensure(account.era == command.era, Rejection::ChangedSince)?;
    let session = Session {
        id: command.session_id,
        account_id: command.account_id,
        refresh_hash: command.refresh_hash,
        opened_at: entry.now,
        expires_at: entry.now.after_ms(command.lasts_ms),
        era: account.era,
    };
    tx.put(table::session_key(session.id), &session);
    table::look_at_end(tx, entry, &session);
    Ok(Reply::SignedIn(session))
}
