//! What the leader does about the membership without being asked: it finishes what a former leader left half done and,
//! where it is told to, promotes nodes that have caught up and removes those that are dead.

use std::sync::Arc;
use std::time::{Duration, Instant};

use livedrop_domain::members::all;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::safety::{Voters, is_up};
use super::say::Say;
use super::{AGREED, Members, promote, remove};
use crate::raft::NodeStatus;

/// How often the leader looks.
const LOOK: Duration = Duration::from_secs(1);
/// A learner that lacks no more than this is worth trying.
const LAG_MAX: u64 = 100;

impl Members {
    /// Looks after the membership while this node leads, until stopped.
    pub async fn keep(self: Arc<Self>, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut leads_since = None;
        while stop.run_until_cancelled(look.tick()).await.is_some() {
            let leadership = self.consensus.leadership().borrow().clone();
            if !leadership.is_leader || !leadership.has_quorum {
                leads_since = None;
                continue;
            }
            let led_for = leads_since.get_or_insert_with(Instant::now).elapsed();
            if let Err(status) = self.look_after(led_for).await {
                tracing::info!(why = status.message(), "a change of membership has to wait");
            }
        }
    }

    async fn look_after(&self, led_for: Duration) -> Result<(), Status> {
        if !self.consensus.membership().settled {
            // Whoever holds the turn sees to it.
            let Ok(_turn) = self.turn.take("a change that was half done is finished") else { return Ok(()) };
            let deadline = tokio::time::Instant::now() + AGREED;
            self.consensus.settle(deadline).await.map_err(super::refused)?;
        }
        let status = self.consensus.status();
        if let Some(node) = self.to_promote(&status)? {
            tracing::info!(node, "promoting a node that has caught up (cluster.auto_promote)");
            return promote::asked(self, None, node, &Say::nobody()).await;
        }
        if let Some(node) = self.to_reap(&status, led_for) {
            tracing::warn!(node, "removing a member that has been silent (cluster.reap_dead_after_seconds)");
            let _turn = self.turn.take(format!("node {node} is removed, since it is silent"))?;
            return remove::gone(self, None, node, &Say::nobody()).await;
        }
        Ok(())
    }

    /// A learner that joined to vote, answers, and has caught up.
    fn to_promote(&self, status: &NodeStatus) -> Result<Option<u64>, Status> {
        if !self.settings.auto_promote {
            return Ok(None);
        }
        let known = self.read(all)?;
        let able = known.iter().filter(|it| it.to_vote == Some(true) && it.removed_index.is_none());
        let able = able.map(|it| it.node_id).find(|id| {
            let learns = status.members.get(id).is_some_and(|member| !member.voter);
            let near = status.followers.get(id).is_some_and(|it| it.matched_index.is_some() && it.lag <= LAG_MAX);
            learns && near && is_up(status, *id, self.settings.alive)
        });
        Ok(able)
    }

    /// A member that is silent for too long and may go. One that was never heard is silent since this node leads.
    fn to_reap(&self, status: &NodeStatus, led_for: Duration) -> Option<u64> {
        let after = self.settings.reap_dead_after.filter(|after| led_for >= *after)?;
        let silent = |id: &u64| {
            let age = status.followers.get(id).and_then(|follower| follower.heartbeat_age_ms);
            *id != status.node_id && age.map_or(led_for, Duration::from_millis) >= after
        };
        let voters = Voters::of(status, self.settings.alive);
        let may_go = |id: &u64| !status.members[id].voter || voters.may_reap(*id);
        status.members.keys().copied().find(|id| silent(id) && may_go(id))
    }
}
