//! Slow hashes of passwords, in threads of their own so that they delay nothing else.
//!
//! A hash takes tens of milliseconds and megabytes on purpose. So few run at once, few wait, not for long, and the rest is
//! refused; and the threads that hash take the processors only as far as nobody else wants them.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use tokio::sync::oneshot;

use super::Options;

/// How long a password may be, in bytes. The most is more than any password manager makes; it bounds the work.
pub const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 8..=1_024;

/// How far the threads that hash step back behind the others, 0 to 19. A busy thread of the usual priority is given
/// some thirty times as much of a processor as one of these: a rush of sign-ins slows down sign-ins.
const NICE: i32 = 15;
/// How long whoever signs in waits for their turn and the hash. Then they are told to come back.
const WAIT: Duration = Duration::from_secs(8);

/// The work of one hash, as argon2id counts it.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// In KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    pub lanes: u32,
}

impl Default for Cost {
    /// The OWASP Password Storage Cheat Sheet's: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Cost { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}

/// As many passwords as may wait are waiting already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

/// Why a password was not hashed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPassword {
    #[error(transparent)]
    Busy(#[from] Busy),
    /// Too easy to guess; how to do better.
    #[error("{0}")]
    Weak(String),
}

type Job = Box<dyn FnOnce(&Argon2<'static>) + Send>;

/// A fixed number of threads that hash, behind a queue with a bound. They end when this is dropped.
pub struct Passwords {
    queue: SyncSender<Job>,
    score_min: u8,
    /// What a password is checked against when there is no account, so that the answer takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    /// # Panics
    ///
    /// When the cost is not one that argon2 knows (the configuration was checked) or no thread can be started.
    pub(super) fn new(options: &Options) -> Self {
        let Cost { memory_kib, passes, lanes } = options.password_cost;
        let params = Params::new(memory_kib, passes, lanes, None).expect("the configuration was checked");
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon, b"nobody has this password");
        let (queue, jobs) = sync_channel(options.password_queue_max);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..options.password_threads {
            let (jobs, argon) = (jobs.clone(), argon.clone());
            std::thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || work(&jobs, &argon))
                .expect("a node that is starting can start a thread");
        }
        Passwords { queue, score_min: options.password_score_min, nobody: nobody.into() }
    }

    /// The hash of a new password in PHC string format, unless it is too easy to guess. `hints` are what else is
    /// known of its owner.
    pub async fn hash(&self, password: String, hints: Vec<String>) -> Result<String, NotAPassword> {
        let score_min = self.score_min;
        self.run(move |argon| {
            let hints: Vec<&str> = hints.iter().map(String::as_str).collect();
            let estimate = zxcvbn::zxcvbn(&password, &hints);
            if u8::from(estimate.score()) < score_min {
                let warning = estimate.feedback().and_then(|feedback| feedback.warning());
                let warning = warning.map_or("This is easy to guess.".into(), |warning| warning.to_string());
                return Err(NotAPassword::Weak(warning));
            }
            Ok(hash(argon, password.as_bytes()))
        })
        .await?
    }

    /// Whether `password` is the one that `hash` was made of. Without a hash, or with an empty one, the answer is no,
    /// after the same work.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Busy> {
        let hash = hash.filter(|hash| !hash.is_empty());
        let (known, hash) = (hash.is_some(), hash.map_or_else(|| self.nobody.clone(), Arc::from));
        self.run(move |argon| verify(argon, password.as_bytes(), &hash) && known).await
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |argon| {
            // Whoever asked may have gone while the job waited.
            if !answer.is_closed() {
                let _ = answer.send(job(argon));
            }
        });
        match self.queue.try_send(job) {
            Ok(()) => tokio::time::timeout(WAIT, answered).await.map_err(|_late| Busy)?.map_err(|_| Busy),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Busy),
        }
    }
}

/// The most work that a hash from elsewhere may ask for: whoever signs in has it done.
const COST_MAX: Cost = Cost { memory_kib: 256 * 1024, passes: 10, lanes: 16 };

/// The longest hash in PHC string format.
const HASH_BYTES_MAX: usize = 256;

/// Whether a text is an argon2id hash in PHC string format that this node can check passwords against.
pub fn is_hash(text: &str) -> bool {
    let Some(hash) = Some(text).filter(|text| text.len() <= HASH_BYTES_MAX).and_then(|it| PasswordHash::new(it).ok())
    else {
        return false;
    };
    let cost = Params::try_from(&hash).ok();
    let bounded = cost.is_some_and(|cost| {
        cost.m_cost() <= COST_MAX.memory_kib && cost.t_cost() <= COST_MAX.passes && cost.p_cost() <= COST_MAX.lanes
    });
    hash.algorithm == Algorithm::Argon2id.ident() && hash.hash.is_some() && bounded
}

fn work(jobs: &Mutex<Receiver<Job>>, argon: &Argon2<'static>) {
    // On Linux a priority is a thread's own. Where it is refused, hashes compete like everything else.
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!(%error, "passwords are hashed at the usual priority");
    }
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        job(argon);
    }
}

fn hash(argon: &Argon2<'static>, password: &[u8]) -> String {
    argon.hash_password(password).expect("a checked cost and a short password can be hashed").to_string()
}

fn verify(argon: &Argon2<'static>, password: &[u8], hash: &str) -> bool {
    // The cost is the one in the hash, which may be of other days.
    PasswordHash::new(hash).is_ok_and(|hash| argon.verify_password(password, &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;

    use super::*;

    const GOOD: &str = "plum-otter-9-lantern";

    #[tokio::test]
    async fn the_password_that_was_hashed_is_the_only_right_one() {
        let passwords = Passwords::new(&Options::cheap());
        let hash = passwords.hash(GOOD.into(), vec![]).await.expect("it is hard to guess");
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert_eq!(passwords.verify(GOOD.into(), Some(hash.clone())).await, Ok(true));
        assert_eq!(passwords.verify("another".into(), Some(hash)).await, Ok(false));
        assert_eq!(passwords.verify(GOOD.into(), None).await, Ok(false));
        assert_eq!(passwords.verify("nobody has this password".into(), None).await, Ok(false));
    }

    #[tokio::test]
    async fn the_same_password_hashes_to_something_else_each_time() {
        let passwords = Passwords::new(&Options::cheap());
        let first = passwords.hash(GOOD.into(), vec![]).await;
        assert_ne!(first, passwords.hash(GOOD.into(), vec![]).await);
    }

    #[tokio::test]
    async fn an_easy_password_is_refused_and_so_is_ones_own_name() {
        let passwords = Passwords::new(&Options::cheap());
        for easy in ["password1", "aaaaaaaaaa", "ada@example.com"] {
            let refused = passwords.hash(easy.into(), vec!["ada@example.com".into()]).await;
            assert!(matches!(refused, Err(NotAPassword::Weak(_))), "{easy}");
        }
    }

    #[tokio::test]
    async fn hashing_steps_back_behind_all_other_work() {
        let passwords = Passwords::new(&Options::cheap());
        let nice = passwords.run(|_| rustix::process::getpriority_process(None)).await;
        assert_eq!(nice, Ok(Ok(NICE)));
        assert_ne!(rustix::process::getpriority_process(None), Ok(NICE), "and nobody else does");
    }

    #[tokio::test]
    async fn beyond_its_queue_the_pool_refuses_at_once() {
        let passwords = Passwords::new(&Options { password_queue_max: 1, ..Options::cheap() });
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (begin, begun) = oneshot::channel();
        let mut running = pin!(passwords.run(move |_| {
            let _ = begin.send(());
            wait.recv().is_err()
        }));
        assert!(poll!(running.as_mut()).is_pending());
        begun.await.expect("the only thread takes the only job");
        let mut waiting = pin!(passwords.run(|_| true));
        assert!(poll!(waiting.as_mut()).is_pending());
        assert_eq!(passwords.run(|_| true).await, Err(Busy));
        drop(go);
        assert_eq!(tokio::join!(running, waiting), (Ok(true), Ok(true)));
    }
}
