//! What every node says became of a key.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use livedrop_proto::rest::orders::Order;

use super::keys;
use super::line::Line;
use super::profile::Load;
use super::tally::{Outcome, digest};

/// Questions under way at a time at one node.
const AT_A_TIME: usize = 16;
/// How often a question is repeated that got no answer.
const ATTEMPTS: u32 = 10;

/// A key, by the connection that used it and its place there, and what its buyer was told.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub connection: usize,
    pub sequence: usize,
    pub told: Outcome,
}

/// What one node says about all keys that were asked.
#[derive(Debug, Default)]
pub struct Said {
    pub findings: Vec<String>,
    pub checked: usize,
}

/// Spreads at most `most` keys (0 is all) evenly over all of them.
pub fn sample(outcomes: &[Vec<Outcome>], most: usize) -> Vec<Asked> {
    let all = outcomes.iter().enumerate().flat_map(|(connection, list)| {
        list.iter().enumerate().map(move |(sequence, told)| Asked { connection, sequence, told: *told })
    });
    let total: usize = outcomes.iter().map(Vec::len).sum();
    let step = if most == 0 { 1 } else { total.div_ceil(most).max(1) };
    all.filter(|asked| asked.told != Outcome::Unknown).step_by(step).collect()
}

/// Asks one node about all of `keys`.
pub async fn ask(load: &Arc<Load>, target: usize, keys: &[Asked]) -> Said {
    let each = keys.len().div_ceil(AT_A_TIME).max(1);
    let parts = join_all(keys.chunks(each).map(|part| ask_in_turn(load, target, part))).await;
    parts.into_iter().fold(Said::default(), |mut all, part| {
        all.findings.extend(part.findings);
        all.checked += part.checked;
        all
    })
}

async fn ask_in_turn(load: &Load, target: usize, keys: &[Asked]) -> Said {
    let (mut said, mut line, mut request) = (Said::default(), None, Vec::new());
    for asked in keys {
        keys::question(&mut request, load, target, asked.connection, asked.sequence);
        let order = find(load, target, &mut line, &request).await;
        let node = &load.targets[target].authority;
        let key = || load.keys.text(asked.connection, asked.sequence);
        match (asked.told, order) {
            (_, Err(why)) => said.findings.push(format!("{node}: key {} cannot be asked about: {why}", key())),
            (Outcome::Acknowledged(id), Ok(Some(order))) if digest(order.id.as_bytes()) != id => {
                said.findings.push(format!("{node}: key {} has another order, {}", key(), order.id));
            }
            (Outcome::Acknowledged(_), Ok(None)) => {
                said.findings.push(format!("{node}: the acknowledged order of key {} is lost", key()));
            }
            (Outcome::Refused, Ok(Some(order))) => {
                said.findings.push(format!("{node}: key {} was refused and has an order, {}", key(), order.id));
            }
            _ => {}
        }
        said.checked += 1;
    }
    said
}

/// The order that a node has for a key; none when it has none.
async fn find(load: &Load, target: usize, line: &mut Option<Line>, request: &[u8]) -> Result<Option<Order>, String> {
    let mut why = String::new();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(50) * attempt).await;
        }
        if line.is_none() {
            match Line::open(load.targets[target].address, load.timeout).await {
                Ok(open) => *line = Some(open),
                Err(error) => {
                    why = error.to_string();
                    continue;
                }
            }
        }
        let open = line.as_mut().expect("it was opened above");
        let (found, closes) = match open.call(request).await {
            Ok(reply) => match reply.status {
                200 => (
                    Some(serde_json::from_slice(reply.body).map(Some).map_err(|error| error.to_string())),
                    reply.closes,
                ),
                // 409: the key was decided by a refusal.
                404 | 409 => (Some(Ok(None)), reply.closes),
                status => {
                    why = format!("it answers {status}");
                    (None, reply.closes)
                }
            },
            Err(broken) => {
                why = format!("{broken:?}");
                (None, true)
            }
        };
        if closes {
            *line = None;
        }
        if let Some(found) = found {
            return found;
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_all_keys_and_leaves_out_the_unknown() {
        let outcomes = vec![vec![Outcome::Refused; 600], vec![Outcome::Unknown; 10], vec![Outcome::Refused; 400]];
        let all = sample(&outcomes, 0);
        assert_eq!(all.len(), 1_000);
        let some = sample(&outcomes, 100);
        assert!((80..=100).contains(&some.len()), "{}", some.len());
        assert!(some.iter().any(|asked| asked.connection == 2) && some.iter().all(|asked| asked.connection != 1));
    }
}
