//! Nodes that have applied the same entries are equal: at one index, one hash. All nodes that gave a hash at all must
//! meet at one index at least, or nothing has been compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::checker::Verdict;
use crate::history::History;

pub fn check(history: &History) -> Verdict {
    let mut by_index: BTreeMap<u64, BTreeMap<&str, BTreeSet<usize>>> = BTreeMap::new();
    let mut all_nodes = BTreeSet::new();
    for read in history.hash_reads() {
        by_index.entry(read.index).or_default().entry(&read.hash).or_default().insert(read.node);
        all_nodes.insert(read.node);
    }
    let violations: Vec<String> = by_index
        .iter()
        .filter(|(_, hashes)| hashes.len() > 1)
        .map(|(index, hashes)| format!("at index {index} the nodes differ: {hashes:?}"))
        .collect();
    if violations.is_empty() && all_nodes.len() < 2 {
        return Verdict::Unproven { why: "hashes of fewer than two nodes".to_owned() };
    }
    let compared = by_index
        .values()
        .filter(|hashes| hashes.values().flatten().collect::<BTreeSet<_>>().len() == all_nodes.len())
        .count();
    Verdict::from_violations(violations, compared, "index at which all nodes gave their hash")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::sample::{good, hash_read};

    #[test]
    fn equal_nodes_hold() {
        assert_eq!(check(&good()), Verdict::Holds { examined: 1 });
    }

    #[test]
    fn a_node_that_differs_is_found() {
        assert!(matches!(check(&good().with(hash_read(3, 40, "bb"))), Verdict::Broken { .. }));
    }

    #[test]
    fn nodes_that_never_met_at_an_index_prove_nothing() {
        assert!(matches!(check(&good().with(hash_read(3, 41, "bb"))), Verdict::Unproven { .. }));
    }
}
