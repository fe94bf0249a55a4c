//! Finds a replica whose state is not that of the others, and stops it.
//!
//! Every node now and then asks the others for their rolling hash at an index that it has applied itself. A node that
//! sees a majority agree on another hash than its own holds a state that nobody decided on: it must not answer another
//! read or count another unit. Like etcd's corruption check; only the odd one out stops. It says why in `/readyz` and in
//! its data directory, so that it does not start again with that state.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::join_all;
use livedrop_store::Reader;
use tokio_util::sync::CancellationToken;

use crate::raft::{Consensus, OnFatal};

/// How often a node compares itself with the others.
const COMPARE_EVERY: Duration = Duration::from_secs(10);

type Hash = [u8; 32];

/// How long a node that differs is not ready before it ends: who sends it requests sees it by then.
const LEAVE: Duration = Duration::from_secs(3);

/// Compares until stopped; a node that is found to differ leaves readiness, marks its directory and aborts.
pub async fn watch(
    consensus: Consensus,
    reader: Reader,
    data_dir: PathBuf,
    on_fatal: OnFatal,
    stop: CancellationToken,
) {
    let mut compare = tokio::time::interval(COMPARE_EVERY);
    while stop.run_until_cancelled(compare.tick()).await.is_some() {
        let index = reader.applied();
        let own = match reader.hash_at(index) {
            Ok(Some(own)) => own,
            Ok(None) => continue,
            Err(error) => {
                tracing::error!(%error, index, "could not read the state hash");
                continue;
            }
        };
        // Learners may be many, and are no majority of anything.
        let voters = consensus.membership().voters;
        let asked = voters.iter().copied().filter(|id| *id != consensus.node_id());
        let answers = join_all(asked.map(|id| consensus.state_hash(id, index))).await;
        // A node that does not answer, or has not applied the index yet, says nothing.
        let others = answers.into_iter().filter_map(|answer| answer.ok()?.hash);
        if let Some(majority) = other_majority(own, others, voters.len()) {
            tracing::error!(index, own = %hex(&own), majority = %hex(&majority), "this replica differs from a majority");
            let why = format!("at entry {index} its state hash is {}, and {} on a majority", hex(&own), hex(&majority));
            consensus.diverged(&why);
            if let Err(error) = livedrop_store::mark_diverged(&data_dir, &why) {
                tracing::error!(%error, "the data directory cannot be marked");
            }
            // Nobody may be there to take it.
            let _stays = consensus.hand_over().await;
            tokio::time::sleep(LEAVE).await;
            on_fatal("the state of this node differs from that of a majority");
        }
    }
}

/// The hash that more than half of `voters` agree on, if it is not `own`.
fn other_majority(own: Hash, others: impl Iterator<Item = Hash>, voters: usize) -> Option<Hash> {
    let mut counts: BTreeMap<Hash, usize> = BTreeMap::new();
    for hash in others.filter(|hash| *hash != own) {
        *counts.entry(hash).or_default() += 1;
    }
    counts.into_iter().find(|(_, count)| 2 * count > voters).map(|(hash, _)| hash)
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Hash = [1; 32];
    const OTHER: Hash = [2; 32];
    const THIRD: Hash = [3; 32];

    #[test]
    fn only_the_odd_one_out_stops() {
        assert_eq!(other_majority(OWN, [OTHER, OTHER].into_iter(), 3), Some(OTHER));
        assert_eq!(other_majority(OTHER, [OWN, OTHER].into_iter(), 3), None, "its peer agrees with it");
    }

    #[test]
    fn without_a_majority_nobody_stops() {
        assert_eq!(other_majority(OWN, [OTHER].into_iter(), 3), None, "one peer does not answer");
        assert_eq!(other_majority(OWN, [OTHER, THIRD].into_iter(), 3), None, "all three differ");
        assert_eq!(other_majority(OWN, [OTHER, OTHER].into_iter(), 5), None, "two of five");
        assert_eq!(other_majority(OWN, [].into_iter(), 1), None);
    }
}
