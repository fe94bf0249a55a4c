//! Which node keeps a caller's bucket: of those that answer, the one that a hash of both puts first (rendezvous hashing).
//! When a node comes or goes, only the callers move that it gains or had.

use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

/// A node that did not answer is not asked for this long, in nanoseconds.
const SILENT_NS: u64 = 1_000_000_000;
/// What a node's number is spread with, so that small numbers differ in all bits (the golden ratio).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The nodes that answer, as far as this one knows.
pub struct Owners {
    own: u64,
    known: ArcSwap<Known>,
    /// When they last changed, in nanoseconds since this node began to count.
    changed_at: AtomicU64,
}

#[derive(Default)]
struct Known {
    members: u32,
    answering: Vec<Peer>,
}

struct Peer {
    id: u64,
    silent_until: AtomicU64,
}

impl Owners {
    /// At first, which is `now`, a node knows only itself.
    pub fn new(own: u64, now: u64) -> Self {
        let known = Known { members: 1, answering: vec![Peer::new(own)] };
        Owners { own, known: ArcSwap::from_pointee(known), changed_at: AtomicU64::new(now) }
    }

    #[cfg(test)]
    pub fn own(&self) -> u64 {
        self.own
    }

    /// Takes note of who answers, out of how many that keep buckets, and whether this node is one of them. When none
    /// answers, this node keeps those of its own callers.
    pub fn set(&self, members: usize, answering: impl IntoIterator<Item = u64>, owns: bool, now: u64) {
        let mut ids: Vec<u64> = answering.into_iter().chain(owns.then_some(self.own)).collect();
        ids.sort_unstable();
        ids.dedup();
        let known = self.known.load();
        if known.answering.iter().map(|peer| peer.id).eq(ids.iter().copied()) && known.members as usize == members {
            return;
        }
        let members = u32::try_from(members).unwrap_or(u32::MAX).max(1);
        self.known.store(Known { members, answering: ids.into_iter().map(Peer::new).collect() }.into());
        self.changed_at.store(now, Ordering::Relaxed);
    }

    /// The owner of a caller, if it is another node; `Err` when that one was silent just now.
    pub fn other(&self, subject: u128, now: u64) -> Result<Option<u64>, Silent> {
        let known = self.known.load();
        let folded = (subject >> 64) as u64 ^ (subject as u64).rotate_left(17);
        let first = known.answering.iter().max_by_key(|peer| mix(mix(folded) ^ peer.id.wrapping_mul(SPREAD)));
        match first {
            Some(peer) if peer.id != self.own => {
                let silent = peer.silent_until.load(Ordering::Relaxed) > now;
                if silent { Err(Silent) } else { Ok(Some(peer.id)) }
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Takes note that a node did not answer.
    pub fn silent(&self, id: u64, now: u64) {
        if let Some(peer) = self.known.load().answering.iter().find(|peer| peer.id == id) {
            peer.silent_until.store(now + SILENT_NS, Ordering::Relaxed);
        }
    }

    /// How many nodes share the callers between them, whether they answer or not.
    pub fn members(&self) -> u32 {
        self.known.load().members
    }

    /// Whether buckets may be elsewhere that this node does not know of.
    pub fn changed_within(&self, ns: u64, now: u64) -> bool {
        now.saturating_sub(self.changed_at.load(Ordering::Relaxed)) < ns
    }
}

/// The owner did not answer just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silent;

impl Peer {
    fn new(id: u64) -> Self {
        Peer { id, silent_until: AtomicU64::new(0) }
    }
}

/// Spreads every bit over all of them (the finalizer of splitmix64).
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(own: u64, answering: &[u64]) -> Owners {
        let owners = Owners::new(own, 0);
        owners.set(3, answering.iter().copied(), true, 0);
        owners
    }

    fn owner(owners: &Owners, subject: u128) -> u64 {
        owners.other(subject, 0).expect("nobody is silent").unwrap_or(owners.own)
    }

    #[test]
    fn all_nodes_name_the_same_owner_and_each_owns_its_part() {
        let nodes = [1, 2, 3].map(|own| owners(own, &[1, 2, 3]));
        let mut callers = [0; 4];
        for subject in 0..3_000 {
            let named = nodes.each_ref().map(|node| owner(node, subject));
            assert!(named.iter().all(|one| *one == named[0]));
            callers[named[0] as usize] += 1;
        }
        assert!(callers[1..].iter().all(|callers| (900..1_100).contains(callers)), "{callers:?}");
    }

    #[test]
    fn only_the_callers_of_a_node_that_is_gone_move() {
        let (all, fewer) = (owners(1, &[1, 2, 3]), owners(1, &[1, 3]));
        for subject in 0..1_000 {
            let before = owner(&all, subject);
            assert!(before == 2 || owner(&fewer, subject) == before);
        }
    }

    #[test]
    fn a_learner_names_the_same_owners_and_is_none() {
        let (voter, learner) = (owners(1, &[1, 2, 3]), Owners::new(9, 0));
        learner.set(3, [1, 2, 3], false, 0);
        for subject in 0..1_000 {
            assert_eq!(owner(&learner, subject), owner(&voter, subject));
        }
        learner.set(3, [], false, 1);
        assert_eq!(learner.other(7, 1), Ok(None), "nobody answers, so it counts by itself");
    }

    #[test]
    fn who_was_silent_is_left_alone_for_a_moment() {
        let owners = owners(1, &[1, 2]);
        let subject = (0..).find(|subject| owner(&owners, *subject) == 2).expect("some are the other node's");
        owners.silent(2, 0);
        assert_eq!(owners.other(subject, SILENT_NS - 1), Err(Silent));
        assert_eq!(owners.other(subject, SILENT_NS), Ok(Some(2)));
    }

    #[test]
    fn a_change_is_noticed_and_what_stays_the_same_is_none() {
        let owners = owners(1, &[1, 2, 3]);
        owners.set(3, [3, 2], true, 50);
        assert!(!owners.changed_within(40, 41));
        owners.set(3, [3], true, 60);
        assert!(owners.changed_within(40, 99));
    }
}
