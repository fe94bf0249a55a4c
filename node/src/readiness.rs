//! What must be well for this node to take requests: named checks, each told by the part of the node that knows.
//!
//! Balancers and people read them at `/readyz`. A part that has something to say adds its check when it starts.

use std::sync::{Arc, Mutex, PoisonError};

/// One thing that must be well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    /// Why it is not; `None` when it is.
    pub problem: Option<String>,
}

impl Check {
    /// `problem` is told when it is not `good`.
    pub fn of(name: &'static str, good: bool, problem: impl FnOnce() -> String) -> Self {
        Check { name, problem: (!good).then(problem) }
    }

    /// "name: why", when it is not well.
    pub fn alarm(self) -> Option<String> {
        self.problem.map(|problem| format!("{}: {problem}", self.name))
    }
}

type Told = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// The checks of one node, in the order in which they were added. Cheap to clone.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Mutex<Vec<(&'static str, Told)>>>);

impl Readiness {
    /// Adds a check. `problem` is asked whenever somebody wants to know, and must answer at once: what takes longer is
    /// found out beforehand and looked up here. It says why the node should not be sent requests, or nothing.
    pub fn add(&self, name: &'static str, problem: impl Fn() -> Option<String> + Send + Sync + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name, Box::new(problem)));
    }

    pub fn checks(&self) -> Vec<Check> {
        let checks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        checks.iter().map(|(name, problem)| Check { name, problem: problem() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn every_part_says_how_it_is_now() {
        let (readiness, full) = (Readiness::default(), Arc::new(AtomicBool::new(false)));
        readiness.add("disk", {
            let full = full.clone();
            move || full.load(Ordering::Relaxed).then(|| "the disk is full".to_owned())
        });
        readiness.add("hash", || None);
        assert_eq!(readiness.checks().iter().filter(|check| check.problem.is_some()).count(), 0);
        full.store(true, Ordering::Relaxed);
        let [disk, hash] = &readiness.checks()[..] else { panic!("there are two") };
        assert_eq!((disk.name, disk.problem.as_deref()), ("disk", Some("the disk is full")));
        assert_eq!((hash.name, hash.problem.as_deref()), ("hash", None));
    }
}
