//! Which node a connection goes to, and where it goes when that one fails.

use std::time::{Duration, Instant};

use super::line::Line;
use super::profile::Load;
use crate::random;

/// How long a connection stays away from a node that failed it before it tries again.
const AWAY: Duration = Duration::from_secs(1);

/// A connection's way to a node. It starts at its own node, moves on when that fails, and comes back.
#[derive(Debug)]
pub struct Route {
    home: usize,
    target: usize,
    line: Option<Line>,
    /// When the home node was tried last.
    tried_home: Instant,
    failures: u32,
}

impl Route {
    pub fn new(load: &Load, connection: usize) -> Self {
        let home = connection % load.targets.len();
        Route { home, target: home, line: None, tried_home: Instant::now(), failures: 0 }
    }

    /// The open line and the node it leads to; none when that cannot be reached. Takes a moment after each failure.
    pub async fn line(&mut self, load: &Load) -> Option<(usize, &mut Line)> {
        if self.target != self.home && self.tried_home.elapsed() > AWAY {
            self.tried_home = Instant::now();
            if let Ok(line) = Line::open(load.targets[self.home].address, load.timeout).await {
                (self.target, self.line) = (self.home, Some(line));
            }
        }
        if self.line.is_none() {
            match Line::open(load.targets[self.target].address, load.timeout).await {
                Ok(line) => self.line = Some(line),
                Err(_) => {
                    self.fail(load, None).await;
                    return None;
                }
            }
        }
        Some((self.target, self.line.as_mut()?))
    }

    /// The node gave an answer that settles something.
    pub fn succeed(&mut self, closes: bool) {
        self.failures = 0;
        if closes {
            self.line = None;
        }
    }

    /// Moves on to the next node after a pause that is random, and longer when all have failed.
    pub async fn fail(&mut self, load: &Load, asked: Option<Duration>) {
        self.line = None;
        if self.target == self.home {
            self.tried_home = Instant::now();
        }
        self.target = (self.target + 1) % load.targets.len();
        self.failures += 1;
        let rounds = self.failures / load.targets.len() as u32;
        let limit_ms = (5_u64 << rounds.min(5)).max(5);
        // A load generator that slept through `Retry-After` would not see when purchases go on.
        let longest = asked.map_or(Duration::MAX, |asked| asked.max(Duration::from_millis(5)));
        tokio::time::sleep(Duration::from_millis(limit_ms / 2 + random::below(limit_ms)).min(longest)).await;
    }
}
