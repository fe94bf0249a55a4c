//! Waiting for a state, never for a time: a condition is asked again and again until it holds or its deadline passes.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long between two questions. Short against every state that is waited for, long against what asking costs.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(20);

/// A reason why a state will never be reached, so that waiting on is of no use.
#[derive(Debug)]
pub struct Hopeless(pub String);

impl std::fmt::Display for Hopeless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Hopeless {}

/// Asks `question` until it answers, and gives its answer. Fails, naming `what` was waited for and the last reason why
/// not, when `deadline` has passed, or at once when the reason is [`Hopeless`].
pub async fn until<T>(what: &str, deadline: Duration, mut question: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let began = Instant::now();
    loop {
        let reason = match question().await {
            Ok(answer) => return Ok(answer),
            Err(reason) => reason,
        };
        if began.elapsed() >= deadline || reason.is::<Hopeless>() {
            bail!("waited {:.1} s for {what}: {reason:#}", began.elapsed().as_secs_f32());
        }
        pause(BETWEEN_QUESTIONS).await;
    }
}

/// The gap between two requests of a paced load or between two tries of one request; never a stand-in for a state.
pub async fn pause(gap: Duration) {
    tokio::time::sleep(gap).await;
}
