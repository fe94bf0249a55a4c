//! One change of membership at a time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tonic::Status;

/// Whose turn it is.
#[derive(Default)]
pub struct Turn {
    taken: tokio::sync::Mutex<()>,
    what: Mutex<Option<(String, Instant)>>,
}

/// Held while a change is under way.
pub struct Taken<'a> {
    turn: &'a Turn,
    _taken: tokio::sync::MutexGuard<'a, ()>,
}

impl Turn {
    /// Takes the turn at once.
    ///
    /// Errors: `ABORTED`, with what is under way.
    pub fn take(&self, what: impl Into<String>) -> Result<Taken<'_>, Status> {
        let taken = self.taken.try_lock().map_err(|_| {
            let under_way = self.under_way().unwrap_or_else(|| "another change is about to end".to_owned());
            Status::aborted(format!("one change at a time, and this is under way: {under_way}; repeat this afterwards"))
        })?;
        Ok(self.begin(taken, what))
    }

    /// Takes the turn when it is free.
    ///
    /// Errors: `UNAVAILABLE` when it is not within `patience`.
    pub async fn wait(&self, what: impl Into<String>, patience: Duration) -> Result<Taken<'_>, Status> {
        let taken = tokio::time::timeout(patience, self.taken.lock()).await;
        let busy =
            |_| Status::unavailable(format!("waiting for a change to end: {}", self.under_way().unwrap_or_default()));
        Ok(self.begin(taken.map_err(busy)?, what))
    }

    /// The change that is under way, for people.
    pub fn under_way(&self) -> Option<String> {
        let what = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        what.as_ref().map(|(what, since)| format!("{what}, for {} s", since.elapsed().as_secs()))
    }

    fn begin<'a>(&'a self, taken: tokio::sync::MutexGuard<'a, ()>, what: impl Into<String>) -> Taken<'a> {
        *self.what.lock().unwrap_or_else(PoisonError::into_inner) = Some((what.into(), Instant::now()));
        Taken { turn: self, _taken: taken }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.turn.what.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_second_is_told_what_is_under_way() {
        let turn = Turn::default();
        let first = turn.take("node 4 is promoted for olga").expect("nobody has it");
        let refused = turn.take("node 5 is removed").err().expect("one at a time");
        assert_eq!(refused.code(), tonic::Code::Aborted);
        assert!(refused.message().contains("node 4 is promoted for olga"), "{}", refused.message());
        drop(first);
        assert!(turn.take("node 5 is removed").is_ok() && turn.under_way().is_none());
    }

    #[tokio::test]
    async fn a_turn_is_waited_for_and_not_for_ever() {
        let turn = Turn::default();
        let first = turn.take("one").expect("nobody has it");
        let late = turn.wait("two", Duration::from_millis(5)).await.err().expect("it is taken");
        assert_eq!(late.code(), tonic::Code::Unavailable);
        drop(first);
        assert!(turn.wait("two", Duration::from_secs(60)).await.is_ok());
    }
}
