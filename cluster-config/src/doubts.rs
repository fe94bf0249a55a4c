//! What a node can run with and hardly anybody means: limits of which one makes the other one pointless.

use crate::NodeConfig;
use crate::error::{Mistake, Origin};

/// Two limits, the first of which should not be the greater one.
struct Pair {
    path: &'static str,
    value: u64,
    /// What it goes beyond, and how much that is.
    other: &'static str,
    most: u64,
    advice: &'static str,
}

/// Every such pair of a configuration, in the order of the options.
pub(crate) fn doubts(config: &NodeConfig) -> Vec<Mistake> {
    let (http, limits, events) = (&config.http, &config.limits, &config.events);
    let streams_max = (http.max_connections / 5 * 4) as u64;
    let mut pairs = vec![Pair {
        path: "events.streams",
        value: events.streams as u64,
        other: "four fifths of http.max_connections",
        most: streams_max,
        advice: "So many streams are never open: raise http.max_connections.",
    }];
    if limits.enabled {
        pairs.extend([
            Pair {
                path: "limits.account_per_minute",
                value: limits.account_per_minute.into(),
                other: "limits.address_per_minute",
                most: limits.address_per_minute.into(),
                advice: "An account that comes from one address never gets so far: raise the address's limit.",
            },
            Pair {
                path: "limits.account_burst",
                value: limits.account_burst.into(),
                other: "limits.address_burst",
                most: limits.address_burst.into(),
                advice: "An account that comes from one address never gets so far: raise the address's limit.",
            },
            Pair {
                path: "limits.sign_in_failures",
                value: limits.sign_in_failures.into(),
                other: "limits.sign_in_failures_address",
                most: limits.sign_in_failures_address.into(),
                advice: "One who mistypes a password stops everybody behind the same address: raise the address's limit.",
            },
            Pair {
                path: "events.streams_per_account",
                value: events.streams_per_account as u64,
                other: "events.streams",
                most: (events.streams as u64).min(streams_max),
                advice: "One account could take every stream of the node: lower it.",
            },
            Pair {
                path: "events.streams_per_address",
                value: events.streams_per_address as u64,
                other: "half of the streams that the node has",
                most: (events.streams as u64).min(streams_max) / 2,
                advice: "Two addresses could take every stream of the node: lower it.",
            },
        ]);
    }
    pairs.into_iter().filter(|pair| pair.value > pair.most).map(Pair::doubt).collect()
}

impl Pair {
    fn doubt(self) -> Mistake {
        let Pair { path, value, other, most, advice } = self;
        let problem = format!("{value} is more than {other}, {most}");
        Mistake { path: path.to_owned(), origin: Origin::Nowhere, problem, advice: advice.to_owned() }
    }
}
