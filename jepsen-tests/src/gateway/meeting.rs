//! A call that is held at the counter until the test lets it go on: the moment in which a leader is killed.

use std::sync::Arc;

use anyhow::{Result, bail};
use tokio::sync::watch;

use std::time::Duration;

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    Expected,
    Here,
    Released,
}

/// One meeting with one call. Clones are the same.
#[derive(Debug, Clone)]
pub struct Meeting(Arc<watch::Sender<Where>>);

impl Default for Meeting {
    fn default() -> Self {
        Meeting(Arc::new(watch::Sender::new(Where::Expected)))
    }
}

impl PartialEq for Meeting {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Meeting {}

impl Meeting {
    /// Waits until the call is there.
    pub async fn arrived(&self, patience: Duration) -> Result<()> {
        let mut place = self.0.subscribe();
        match tokio::time::timeout(patience, place.wait_for(|place| *place == Where::Here)).await {
            Ok(_) => Ok(()),
            Err(_) => bail!("the call that was to be met did not come within {} s", patience.as_secs()),
        }
    }

    /// Lets the call go on, whether or not anybody still waits for its answer.
    pub fn release(&self) {
        self.0.send_replace(Where::Released);
    }

    /// The call is here, and goes on when it is released.
    pub(super) async fn hold(&self) {
        let mut place = self.0.subscribe();
        self.0.send_if_modified(|place| {
            let first = *place == Where::Expected;
            if first {
                *place = Where::Here;
            }
            first
        });
        // The sender lives in this very meeting.
        let _ = place.wait_for(|place| *place == Where::Released).await;
    }
}
