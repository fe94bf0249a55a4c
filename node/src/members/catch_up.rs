//! Waiting until a new node has what the leader has.

use std::time::{Duration, Instant};

use tonic::Status;

use super::say::Say;
use super::{LOOK, Members, moved};

/// A round in which a node gets all that the log held when it began: when one takes no longer than this, what the node
/// lacks when it becomes a voter holds nothing up (Raft dissertation, section 4.2.1).
const ROUND: Duration = Duration::from_millis(500);
/// How often it is said how far the node is.
const TELL: Duration = Duration::from_secs(2);
/// A node that gets no further for so long is given up on.
const STUCK: Duration = Duration::from_secs(120);

/// Waits until a learner lacks next to nothing.
///
/// Errors: `UNAVAILABLE` when this node does not lead any more, `NOT_FOUND` when the learner has gone,
/// `DEADLINE_EXCEEDED` when it gets no further.
pub async fn catch_up(members: &Members, node: u64, say: &Say<'_>) -> Result<(), Status> {
    let (mut round, mut target) = (Instant::now(), None);
    let (mut told, mut furthest) = (Instant::now(), (None, Instant::now()));
    loop {
        let status = members.consensus.status();
        if status.leader != Some(status.node_id) {
            return Err(moved(status.leader));
        }
        if !status.members.contains_key(&node) {
            return Err(Status::not_found(format!("node {node} is not a member any more")));
        }
        let follower = status.followers.get(&node);
        let matched = follower.and_then(|follower| follower.matched_index);
        let target_index = *target.get_or_insert(status.last_log_index);
        if matched.is_some() && matched >= target_index {
            if round.elapsed() <= ROUND {
                return Ok(());
            }
            (round, target) = (Instant::now(), None);
            continue;
        }
        if matched > furthest.0 {
            furthest = (matched, Instant::now());
        }
        if furthest.1.elapsed() > STUCK {
            let why =
                format!("node {node} has got no further for {} s; look at its log, then repeat this", STUCK.as_secs());
            return Err(Status::deadline_exceeded(why));
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            let lag = follower.map_or(status.last_log_index.unwrap_or(0), |follower| follower.lag);
            say.step(node, format!("node {node} catches up: it lacks {lag} entries")).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}
