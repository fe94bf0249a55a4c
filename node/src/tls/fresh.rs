//! What is made of files, and made again when they change.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use livedrop_config::Mistake;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::expiry::{Ends, Warned};
use super::files::{Contents, Files};

/// How often the files are looked at. They are small, and read whole: their times say nothing on some file systems.
const LOOK_EVERY: Duration = Duration::from_secs(3);

type Make<T> = Box<dyn Fn(&Files, &Contents) -> Result<T, Mistake> + Send + Sync>;

/// What was made of the newest files that are good.
pub(super) struct Fresh<T> {
    /// `peer` or `http`, for the metrics.
    port: &'static str,
    files: Files,
    make: Make<T>,
    current: ArcSwap<T>,
    seen: Mutex<Seen>,
}

struct Seen {
    used: [u8; 32],
    ends: Ends,
    warned: Warned,
    /// What is wrong with the newer files, and whether that was told.
    refused: Option<(String, bool)>,
}

/// What a look at the files has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Unchanged,
    Used,
    /// The newer files are not good; those before stay in use.
    Refused,
}

impl<T: Send + Sync + 'static> Fresh<T> {
    pub fn open(
        port: &'static str,
        files: Files,
        make: impl Fn(&Files, &Contents) -> Result<T, Mistake> + Send + Sync + 'static,
    ) -> Result<Arc<Self>, Mistake> {
        let texts = files.read()?;
        let contents = files.understand(&texts)?;
        let made = make(&files, &contents)?;
        let seen = Seen { used: texts.digest, ends: Ends::of(&contents), warned: Warned::default(), refused: None };
        let (current, seen) = (ArcSwap::from_pointee(made), Mutex::new(seen));
        Ok(Arc::new(Fresh { port, files, make: Box::new(make), current, seen }))
    }

    pub fn current(&self) -> Arc<T> {
        self.current.load_full()
    }

    /// When the certificate in use ends, in seconds since 1970.
    pub fn ends_at(&self) -> u64 {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).ends.at()
    }

    /// Looks at the files until `stop`: every few seconds, and at once on SIGHUP.
    pub async fn keep(self: Arc<Self>, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        // Without signals there is still the clock.
        let mut hang_up = signal(SignalKind::hangup()).inspect_err(|error| tracing::warn!(%error, "no SIGHUP")).ok();
        loop {
            let hung_up = async {
                match &mut hang_up {
                    Some(signal) => signal.recv().await,
                    None => std::future::pending().await,
                }
            };
            let told_to = tokio::select! {
                () = stop.cancelled() => return,
                _ = look.tick() => false,
                _ = hung_up => true,
            };
            let this = self.clone();
            if let Err(error) = tokio::task::spawn_blocking(move || this.look(told_to)).await {
                tracing::error!(port = self.port, %error, "certificates could not be looked at");
            }
        }
    }

    /// Takes newer files into use when they are good. What is wrong with them is told when it is found a second time,
    /// since several files cannot be replaced at one moment; at once when somebody asked for this look.
    pub fn look(&self, told_to: bool) -> Look {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = self.files.read().and_then(|texts| {
            if texts.digest == seen.used {
                return Ok(None);
            }
            let contents = self.files.understand(&texts)?;
            Ok(Some((texts.digest, Ends::of(&contents), (self.make)(&self.files, &contents)?)))
        });
        let look = match outcome {
            Ok(None) => {
                if told_to {
                    tracing::info!(port = self.port, "the certificates are those in use already");
                }
                seen.refused = None;
                Look::Unchanged
            }
            Ok(Some((digest, ends, made))) => {
                self.current.store(Arc::new(made));
                let until = ends.shown();
                *seen = Seen { used: digest, ends, warned: Warned::default(), refused: None };
                metrics::counter!("livedrop_tls_reloads_total", "port" => self.port, "result" => "used").increment(1);
                tracing::info!(port = self.port, until, "new certificates are in use for new connections");
                Look::Used
            }
            Err(mistake) => {
                self.refuse(&mut seen, mistake.to_string(), told_to);
                Look::Refused
            }
        };
        let Seen { ends, warned, .. } = &mut *seen;
        ends.say(self.port, warned);
        look
    }

    fn refuse(&self, seen: &mut Seen, mistake: String, told_to: bool) {
        let before = seen.refused.take().filter(|(before, _)| *before == mistake);
        let told = before.as_ref().is_some_and(|(_, told)| *told);
        if told_to || (before.is_some() && !told) {
            let result = "refused";
            metrics::counter!("livedrop_tls_reloads_total", "port" => self.port, "result" => result).increment(1);
            tracing::error!(
                port = self.port,
                %mistake,
                "new certificates are not good; those from before stay in use until they end"
            );
        }
        seen.refused = Some((mistake, told || told_to || before.is_some()));
    }
}

pub(super) fn describe() {
    metrics::describe_counter!(
        "livedrop_tls_reloads_total",
        "Times that new certificates were found, by port and whether they could be used."
    );
}
