//! What a node may let through of the bucket that another node keeps.
//!
//! The first requests of a caller are let through on credit, which the owner of the bucket is told of at once. More is
//! leased in advance: twice as much each time that a lease is used up at once. What nobody uses goes back.

use livedrop_proto::limits as pb;

/// Unused requests beyond the credit go back after this long, in nanoseconds.
const UNUSED_NS: u64 = 1_000_000_000;

/// Times are nanoseconds since this node began to count.
#[derive(Debug, Default)]
pub struct Lease {
    /// Requests that may be let through.
    here: u32,
    /// Requests on credit that the owner was not told of.
    owed: u32,
    /// What is asked for next.
    size: u32,
    asking: bool,
    /// The owner has nothing until then.
    empty_until: u64,
    /// What the owner had left when it was asked.
    left_there: u32,
    used_at: u64,
    granted_at: u64,
}

/// What a lease says to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Go ahead; so many are left, as far as is known here.
    Yes { left: u32 },
    /// There is nothing until then.
    No { until: u64 },
    /// The owner must be asked first.
    Wait,
}

impl Lease {
    /// A lease with so much credit.
    pub fn on_credit(credit: u32) -> Self {
        Lease { here: credit, owed: credit, size: credit.max(1), ..Lease::default() }
    }

    pub fn take(&mut self, now: u64) -> Said {
        if self.here > 0 {
            self.here -= 1;
            self.used_at = now;
            return Said::Yes { left: self.left_there.saturating_add(self.here) };
        }
        if now < self.empty_until { Said::No { until: self.empty_until } } else { Said::Wait }
    }

    /// Whether the owner should be asked now, because there is little left or it does not know of the credit. Who gets
    /// a yes must ask.
    pub fn wants(&mut self, now: u64) -> bool {
        let low = self.owed > 0 || self.here < self.size.div_ceil(2);
        let ask = low && !self.asking && now >= self.empty_until;
        self.asking |= ask;
        ask
    }

    /// Takes note that whoever had to ask could not.
    pub fn not_asked(&mut self) {
        self.asking = false;
    }

    /// What to ask the owner for.
    pub fn want(&mut self, subject: pb::Subject) -> pb::Want {
        let owed = std::mem::take(&mut self.owed);
        pb::Want { subject: Some(subject), wanted: self.size, owed, returned: 0 }
    }

    /// Takes the owner's answer; a lease has at most `size_max` requests.
    pub fn granted(&mut self, grant: &pb::Grant, size_max: u32, now: u64) {
        self.asking = false;
        self.here += grant.granted;
        self.left_there = grant.left;
        self.empty_until = now + u64::from(grant.empty_ms) * 1_000_000;
        let used_up_at_once = now.saturating_sub(self.granted_at) < UNUSED_NS;
        self.size = if used_up_at_once { self.size.saturating_mul(2) } else { self.size }.clamp(1, size_max.max(1));
        self.granted_at = now;
    }

    /// Takes note that the owner did not answer: what it was told is told again.
    pub fn unanswered(&mut self, want: &pb::Want) {
        self.asking = false;
        self.owed += want.owed;
        self.here += want.returned;
    }

    /// What goes back, because nobody used it for a while: all beyond the credit.
    pub fn unused(&mut self, credit: u32, now: u64) -> u32 {
        let over = self.here.saturating_sub(credit);
        if over == 0 || self.asking || now.saturating_sub(self.used_at.max(self.granted_at)) < UNUSED_NS {
            return 0;
        }
        self.here -= over;
        self.size = credit.max(1);
        over
    }

    /// Whether there is anything to go back one day.
    pub fn is_at_rest(&self, credit: u32) -> bool {
        self.here <= credit && !self.asking
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn grant(granted: u32, empty_ms: u32) -> pb::Grant {
        pb::Grant { granted, left: 50, empty_ms }
    }

    #[test]
    fn the_first_requests_go_ahead_on_credit_and_the_owner_is_told() {
        let mut lease = Lease::on_credit(2);
        assert_eq!(lease.take(5), Said::Yes { left: 1 });
        assert!(lease.wants(5) && !lease.wants(5), "one question at a time");
        let want = lease.want(pb::Subject::default());
        assert_eq!((want.wanted, want.owed), (2, 2));
        assert_eq!((lease.take(5), lease.take(5)), (Said::Yes { left: 0 }, Said::Wait));
        lease.granted(&grant(2, 0), 100, 6);
        assert_eq!(lease.take(6), Said::Yes { left: 51 });
        assert_eq!(lease.want(pb::Subject::default()).wanted, 4, "used up at once, so twice as much");
    }

    #[test]
    fn an_empty_bucket_is_not_asked_again_before_it_has_something() {
        let mut lease = Lease::on_credit(0);
        assert_eq!(lease.take(0), Said::Wait);
        assert!(lease.wants(0));
        lease.granted(&grant(0, 100), 100, 0);
        assert_eq!(lease.take(99 * MS), Said::No { until: 100 * MS });
        assert!(!lease.wants(99 * MS));
        assert_eq!(lease.take(100 * MS), Said::Wait);
        assert!(lease.wants(100 * MS));
    }

    #[test]
    fn what_nobody_uses_goes_back_but_for_the_credit() {
        let mut lease = Lease::on_credit(3);
        assert!(lease.wants(0));
        lease.want(pb::Subject::default());
        lease.granted(&grant(8, 0), 100, 0);
        assert_eq!(lease.unused(3, 999 * MS), 0);
        assert_eq!(lease.unused(3, 1_000 * MS), 8);
        assert!(lease.is_at_rest(3));
        assert_eq!(lease.unused(3, 5_000 * MS), 0);
    }

    #[test]
    fn what_an_owner_did_not_hear_is_told_again() {
        let mut lease = Lease::on_credit(3);
        assert!(lease.wants(0));
        let want = lease.want(pb::Subject::default());
        lease.unanswered(&want);
        assert!(lease.wants(0));
        assert_eq!(lease.want(pb::Subject::default()).owed, 3);
    }
}
