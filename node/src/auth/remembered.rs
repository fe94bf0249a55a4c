//! Tokens that were verified, until they expire, their session closes or the key that signed them is revoked.

use std::sync::atomic::{AtomicU32, Ordering};

use livedrop_domain::{AccountId, SessionId, Timestamp};
use quick_cache::sync::Cache;

use super::Identity;

/// Sessions share this many generations, and so do accounts. Closing one makes its tokens, and one in so many others, be
/// verified anew.
const GENERATIONS: usize = 4096;

/// A digest of a token's text. The text itself is a secret and is not kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 16]);

impl TokenHash {
    pub fn of(token: &str) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&blake3::hash(token.as_bytes()).as_bytes()[..16]);
        TokenHash(half)
    }
}

/// The generations of a session, its account and all keys, taken before their rows are looked up: what closes between
/// the look and the remembering has moved on to the next generation, so that its token is never found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    keys: u32,
    account: u32,
    session: u32,
}

/// The generation of the keys, taken before a signature is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeysTicket(u32);

#[derive(Clone, Copy)]
struct Verified {
    identity: Identity,
    ticket: Ticket,
}

/// A bounded memory of verified tokens.
pub(super) struct Remembered {
    verified: Cache<TokenHash, Verified>,
    keys: AtomicU32,
    accounts: Box<[AtomicU32]>,
    sessions: Box<[AtomicU32]>,
}

impl Remembered {
    pub(super) fn new(entries_max: usize) -> Self {
        Remembered {
            verified: Cache::new(entries_max),
            keys: AtomicU32::new(0),
            accounts: (0..GENERATIONS).map(|_| AtomicU32::new(0)).collect(),
            sessions: (0..GENERATIONS).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    pub(super) fn get(&self, token: &TokenHash, now: Timestamp) -> Option<Identity> {
        let Verified { identity, ticket } = self.verified.get(token)?;
        (identity.expires_at > now && ticket == self.ticket(self.keys_ticket(), &identity)).then_some(identity)
    }

    pub(super) fn keys_ticket(&self) -> KeysTicket {
        KeysTicket(self.keys.load(Ordering::Acquire))
    }

    pub(super) fn ticket(&self, KeysTicket(keys): KeysTicket, identity: &Identity) -> Ticket {
        let account = of(&self.accounts, identity.account_id.bytes()).load(Ordering::Acquire);
        Ticket { keys, account, session: of(&self.sessions, identity.session_id.bytes()).load(Ordering::Acquire) }
    }

    pub(super) fn insert(&self, token: TokenHash, identity: Identity, ticket: Ticket) {
        self.verified.insert(token, Verified { identity, ticket });
    }

    /// Forgets every token of a session.
    pub(super) fn forget(&self, session: SessionId) {
        of(&self.sessions, session.bytes()).fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets every token of an account.
    pub(super) fn forget_account(&self, account: AccountId) {
        of(&self.accounts, account.bytes()).fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn forget_all(&self) {
        self.keys.fetch_add(1, Ordering::AcqRel);
        self.verified.clear();
    }
}

fn of(generations: &[AtomicU32], id: [u8; 16]) -> &AtomicU32 {
    // The last bytes of an id are random.
    let [.., high, low] = id;
    &generations[usize::from(u16::from_be_bytes([high, low])) % GENERATIONS]
}

#[cfg(test)]
mod tests {
    use livedrop_domain::accounts::Role;

    use super::*;

    fn identity(session: u128) -> Identity {
        Identity {
            account_id: AccountId::from_u128(1),
            session_id: SessionId::from_u128(session),
            role: Role::Buyer,
            expires_at: Timestamp(1_000),
        }
    }

    fn ticket(remembered: &Remembered, session: u128) -> Ticket {
        remembered.ticket(remembered.keys_ticket(), &identity(session))
    }

    #[test]
    fn a_token_is_remembered_until_it_expires() {
        let (remembered, token) = (Remembered::new(100), TokenHash::of("token"));
        remembered.insert(token, identity(7), ticket(&remembered, 7));
        assert_eq!(remembered.get(&token, Timestamp(999)), Some(identity(7)));
        assert_eq!(remembered.get(&token, Timestamp(1_000)), None);
        assert_eq!(remembered.get(&TokenHash::of("tokem"), Timestamp(0)), None);
    }

    #[test]
    fn a_closed_session_takes_its_tokens_along_and_leaves_the_others() {
        let remembered = Remembered::new(100);
        let (gone, stays) = (TokenHash::of("gone"), TokenHash::of("stays"));
        remembered.insert(gone, identity(7), ticket(&remembered, 7));
        remembered.insert(stays, identity(8), ticket(&remembered, 8));
        remembered.forget(SessionId::from_u128(7));
        assert_eq!(remembered.get(&gone, Timestamp(0)), None);
        assert_eq!(remembered.get(&stays, Timestamp(0)), Some(identity(8)));
        remembered.forget_all();
        assert_eq!(remembered.get(&stays, Timestamp(0)), None);
    }

    #[test]
    fn a_session_that_closes_while_its_row_is_looked_up_is_not_remembered() {
        let (remembered, token) = (Remembered::new(100), TokenHash::of("token"));
        let ticket = ticket(&remembered, 7);
        remembered.forget(SessionId::from_u128(7));
        remembered.insert(token, identity(7), ticket);
        assert_eq!(remembered.get(&token, Timestamp(0)), None);
    }

    #[test]
    fn an_account_takes_the_tokens_of_all_its_sessions_along() {
        let remembered = Remembered::new(100);
        let (one, other) = (TokenHash::of("one"), TokenHash::of("other"));
        let somebody_else = Identity { account_id: AccountId::from_u128(2), ..identity(8) };
        remembered.insert(one, identity(7), ticket(&remembered, 7));
        remembered.insert(other, somebody_else, remembered.ticket(remembered.keys_ticket(), &somebody_else));
        let meanwhile = ticket(&remembered, 9);
        remembered.forget_account(AccountId::from_u128(1));
        assert_eq!(remembered.get(&one, Timestamp(0)), None);
        assert_eq!(remembered.get(&other, Timestamp(0)), Some(somebody_else));
        remembered.insert(one, identity(9), meanwhile);
        assert_eq!(remembered.get(&one, Timestamp(0)), None, "its row was looked up before");
    }

    #[test]
    fn a_token_whose_key_is_revoked_while_its_signature_is_checked_is_not_remembered() {
        let (remembered, token) = (Remembered::new(100), TokenHash::of("token"));
        let keys = remembered.keys_ticket();
        remembered.forget_all();
        remembered.insert(token, identity(7), remembered.ticket(keys, &identity(7)));
        assert_eq!(remembered.get(&token, Timestamp(0)), None);
    }
}
