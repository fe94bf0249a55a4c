//! Room on the disk, and how fast it is: what a node knows of its own and of the others' disks.
//!
//! ```text
//!  full    less room than the reserve    not ready, gives leadership away; a majority of such: writes are refused
//!  slow    syncs take too long, a while  gives leadership away
//! ```
//!
//! Both are alarms that clear themselves, later than they are raised. A write that fails all the same ends the process
//! (raft-store/src/fail_stop.rs): nobody knows what a failed write left. The next start finds out whether there is room.

mod alarm;
mod room;
mod start;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;

pub use self::start::wait_for_room;
pub use self::watch::{Settings, watch};
use crate::rest::Exposition;

/// What is wrong with a node's disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    pub full: bool,
    pub slow: bool,
}

/// Shared by who looks at the disk and who acts on it.
#[derive(Debug, Default)]
pub struct Disk {
    /// Bytes that this process may use, as last seen.
    free: AtomicU64,
    reserve: AtomicU64,
    full: AtomicBool,
    slow: AtomicBool,
    others: ArcSwap<BTreeMap<u64, Flags>>,
    refusing: AtomicBool,
}

impl Disk {
    /// What this node says of its disk to the others.
    pub fn flags(&self) -> Flags {
        Flags { full: self.full.load(Ordering::Relaxed), slow: self.slow.load(Ordering::Relaxed) }
    }

    /// Whether writes are refused: so many voters have no room that the others are no majority.
    pub fn refuses(&self) -> bool {
        self.refusing.load(Ordering::Relaxed)
    }

    /// Why this node should not be sent requests, if it should not.
    pub fn problem(&self) -> Option<String> {
        let (free, reserve) = (self.free.load(Ordering::Relaxed), self.reserve.load(Ordering::Relaxed));
        self.flags().full.then(|| format!("{free} bytes are free on the data disk; {reserve} are to be"))
    }

    /// Takes note of what the others said of their disks. Those that do not answer say nothing.
    pub fn heard(&self, own: u64, voters: &BTreeSet<u64>, others: BTreeMap<u64, Flags>) {
        let is_full = |id: &&u64| match **id == own {
            true => self.flags().full,
            false => others.get(id).is_some_and(|flags| flags.full),
        };
        let with_room = voters.len() - voters.iter().filter(is_full).count();
        let refusing = with_room < voters.len() / 2 + 1 && !voters.is_empty();
        if self.refusing.swap(refusing, Ordering::Relaxed) != refusing {
            match refusing {
                true => tracing::error!(with_room, voters = voters.len(), "disk_full: writes are refused"),
                false => tracing::info!(with_room, voters = voters.len(), "there is room again: writes go on"),
            }
        }
        self.others.store(others.into());
    }

    /// The nodes that should not be given leadership.
    pub fn unfit(&self) -> BTreeSet<u64> {
        self.others.load().iter().filter(|(_, flags)| flags.full || flags.slow).map(|(id, _)| *id).collect()
    }

    pub fn collect(&self, to: &mut Exposition) {
        let (flags, one_if) = (self.flags(), |is: bool| f64::from(u8::from(is)));
        let number = |number: &AtomicU64| number.load(Ordering::Relaxed) as f64;
        to.gauge("livedrop_disk_free_bytes", "Room on the data disk.", number(&self.free));
        to.gauge("livedrop_disk_reserve_bytes", "Room below which the node steps back.", number(&self.reserve));
        to.gauge("livedrop_disk_full", "1 while the alarm disk_full is raised on this node.", one_if(flags.full));
        to.gauge("livedrop_disk_slow", "1 while syncs of this node take too long.", one_if(flags.slow));
        let refused = "1 while writes are refused because a majority has no room.";
        to.gauge("livedrop_disk_writes_refused", refused, one_if(self.refuses()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::assert_conventional;

    const FULL: Flags = Flags { full: true, slow: false };

    #[test]
    fn writes_are_refused_while_those_with_room_are_no_majority() {
        let (disk, voters) = (Disk::default(), BTreeSet::from([1, 2, 3]));
        for (own_full, others, refuses) in [
            (false, vec![], false),
            (true, vec![], false),
            (true, vec![(2, FULL)], true),
            (false, vec![(2, FULL), (3, FULL)], true),
            (false, vec![(2, FULL), (9, FULL)], false),
            (false, vec![(2, FULL), (3, Flags { full: false, slow: true })], false),
        ] {
            disk.full.store(own_full, Ordering::Relaxed);
            disk.heard(1, &voters, others.iter().copied().collect());
            assert_eq!(disk.refuses(), refuses, "{own_full} {others:?}");
        }
    }

    #[test]
    fn a_node_that_is_alone_refuses_when_its_own_disk_is_full() {
        let disk = Disk::default();
        disk.heard(1, &BTreeSet::new(), BTreeMap::new());
        assert!(!disk.refuses(), "it is no member yet");
        disk.full.store(true, Ordering::Relaxed);
        disk.heard(1, &BTreeSet::from([1]), BTreeMap::new());
        assert!(disk.refuses() && disk.problem().is_some());
    }

    #[test]
    fn who_is_full_or_slow_is_not_given_leadership() {
        let disk = Disk::default();
        let others = [(2, FULL), (3, Flags { full: false, slow: true }), (4, Flags::default())];
        disk.heard(1, &BTreeSet::from([1, 2, 3, 4]), others.into());
        assert_eq!(disk.unfit(), BTreeSet::from([2, 3]));
    }

    #[test]
    fn its_metrics_are_named_by_the_convention() {
        let mut exposition = Exposition::default();
        Disk::default().collect(&mut exposition);
        assert_conventional(exposition.text());
    }
}
