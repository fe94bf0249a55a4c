//! What is told of an operation while it is under way.

use std::time::Instant;

use livedrop_proto::operate as pb;

use crate::raft::Steps;

/// Tells whoever listens; nobody may, and the operation goes on all the same.
pub struct Say<'a> {
    steps: Option<&'a Steps>,
    began: Instant,
}

impl<'a> Say<'a> {
    pub fn new(steps: &'a Steps) -> Self {
        Say { steps: Some(steps), began: Instant::now() }
    }

    /// Tells only the log.
    pub fn nobody() -> Self {
        Say { steps: None, began: Instant::now() }
    }

    pub async fn step(&self, node: u64, text: impl Into<String>) {
        self.send(node, text.into(), None, false).await;
    }

    /// With what the new node is to be started now.
    pub async fn invited(&self, invitation: pb::Invitation, text: impl Into<String>) {
        self.send(invitation.node_id, text.into(), Some(invitation), false).await;
    }

    pub async fn done(&self, node: u64, text: impl Into<String>) {
        self.send(node, text.into(), None, true).await;
    }

    async fn send(&self, node_id: u64, text: String, invitation: Option<pb::Invitation>, done: bool) {
        tracing::info!(node = node_id, "{text}");
        let elapsed_ms = self.began.elapsed().as_millis() as u64;
        if let Some(steps) = self.steps {
            // A listener that does not take what is told must not hold the operation up.
            let _ = steps.try_send(Ok(pb::Progress { text, node_id, invitation, elapsed_ms, done }));
        }
    }
}
