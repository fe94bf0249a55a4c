//! Tokens that were verified, until they expire or their session closes.

use std::sync::atomic::{AtomicU32, Ordering};

use livedrop_domain::{SessionId, Timestamp};
use quick_cache::sync::Cache;

use super::Identity;

/// Sessions share this many generations. Closing one makes its token, and one in so many others, be verified anew.
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

/// The generation of a session, taken before its row is looked up: a session that closes between the look and the
/// remembering has moved on to the next generation, so that its token is never found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u32);

#[derive(Clone, Copy)]
struct Verified {
    identity: Identity,
    ticket: Ticket,
}

/// A bounded memory of verified tokens.
pub(super) struct Remembered {
    verified: Cache<TokenHash, Verified>,
    generations: Box<[AtomicU32]>,
}

impl Remembered {
    pub(super) fn new(entries_max: usize) -> Self {
        Remembered {
            verified: Cache::new(entries_max),
            generations: (0..GENERATIONS).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    pub(super) fn get(&self, token: &TokenHash, now: Timestamp) -> Option<Identity> {
        let Verified { identity, ticket } = self.verified.get(token)?;
        (identity.expires_at > now && ticket == self.ticket(identity.session_id)).then_some(identity)
    }

    pub(super) fn ticket(&self, session: SessionId) -> Ticket {
        Ticket(self.generation(session).load(Ordering::Acquire))
    }

    pub(super) fn insert(&self, token: TokenHash, identity: Identity, ticket: Ticket) {
        self.verified.insert(token, Verified { identity, ticket });
    }

    /// Forgets every token of a session.
    pub(super) fn forget(&self, session: SessionId) {
        self.generation(session).fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn forget_all(&self) {
        for generation in &self.generations {
            generation.fetch_add(1, Ordering::AcqRel);
        }
        self.verified.clear();
    }

    fn generation(&self, session: SessionId) -> &AtomicU32 {
        // The last bytes of an id are random.
        let [.., high, low] = session.bytes();
        &self.generations[usize::from(u16::from_be_bytes([high, low])) % GENERATIONS]
    }
}

#[cfg(test)]
mod tests {
    use livedrop_domain::AccountId;
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

    #[test]
    fn a_token_is_remembered_until_it_expires() {
        let (remembered, token) = (Remembered::new(100), TokenHash::of("token"));
        remembered.insert(token, identity(7), remembered.ticket(SessionId::from_u128(7)));
        assert_eq!(remembered.get(&token, Timestamp(999)), Some(identity(7)));
        assert_eq!(remembered.get(&token, Timestamp(1_000)), None);
        assert_eq!(remembered.get(&TokenHash::of("tokem"), Timestamp(0)), None);
    }

    #[test]
    fn a_closed_session_takes_its_tokens_along_and_leaves_the_others() {
        let remembered = Remembered::new(100);
        let (gone, stays) = (TokenHash::of("gone"), TokenHash::of("stays"));
        remembered.insert(gone, identity(7), remembered.ticket(SessionId::from_u128(7)));
        remembered.insert(stays, identity(8), remembered.ticket(SessionId::from_u128(8)));
        remembered.forget(SessionId::from_u128(7));
        assert_eq!(remembered.get(&gone, Timestamp(0)), None);
        assert_eq!(remembered.get(&stays, Timestamp(0)), Some(identity(8)));
        remembered.forget_all();
        assert_eq!(remembered.get(&stays, Timestamp(0)), None);
    }

    #[test]
    fn a_session_that_closes_while_its_row_is_looked_up_is_not_remembered() {
        let (remembered, token) = (Remembered::new(100), TokenHash::of("token"));
        let ticket = remembered.ticket(SessionId::from_u128(7));
        remembered.forget(SessionId::from_u128(7));
        remembered.insert(token, identity(7), ticket);
        assert_eq!(remembered.get(&token, Timestamp(0)), None);
    }
}
