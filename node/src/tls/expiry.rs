//! When certificates end, told as a number and, in their last month, as a warning each day.

use std::time::Duration;

use livedrop_certificates::About;
use tokio::time::Instant;

use super::files::Contents;

/// From so long before its end a certificate is warned of.
const WARN_BEFORE_SECONDS: u64 = 30 * DAY_SECONDS;
const DAY_SECONDS: u64 = 86_400;
/// How often it is warned again.
const WARN_EVERY: Duration = Duration::from_secs(DAY_SECONDS);

/// When the certificates in use end, in seconds since 1970.
pub(super) struct Ends {
    own: About,
    authority: Option<u64>,
}

/// When a warning was said last.
#[derive(Default)]
pub(super) struct Warned(Option<Instant>);

impl Ends {
    pub fn of(contents: &Contents) -> Self {
        Ends { own: contents.own.clone(), authority: contents.authority_until }
    }

    /// When the certificate itself ends.
    pub fn at(&self) -> u64 {
        self.own.until
    }

    pub fn shown(&self) -> String {
        self.own.until_shown()
    }

    /// Sets the metric, and warns when the end is near and nothing was said for a day.
    pub fn say(&self, port: &'static str, warned: &mut Warned) {
        let now = crate::clock::now().0 / 1_000;
        let mut near = false;
        for (certificate, until) in [("own", Some(self.own.until)), ("authority", self.authority)] {
            let Some(until) = until else { continue };
            let labels = [("port", port), ("certificate", certificate)];
            metrics::gauge!("livedrop_tls_certificate_expiry_seconds", &labels).set(until as f64);
            if until > now + WARN_BEFORE_SECONDS {
                continue;
            }
            near = true;
            if warned.0.is_some_and(|at| at.elapsed() < WARN_EVERY) {
                continue;
            }
            match until.checked_sub(now) {
                Some(left) => {
                    let days = left / DAY_SECONDS;
                    tracing::warn!(port, certificate, days, "a certificate ends soon; make a new one in its place");
                }
                None => tracing::error!(port, certificate, "a certificate has ended; new connections are refused"),
            }
        }
        if near && warned.0.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            warned.0 = Some(Instant::now());
        }
    }
}

pub(super) fn describe() {
    metrics::describe_gauge!(
        "livedrop_tls_certificate_expiry_seconds",
        "When the certificate of a port ends, in seconds since 1970; the authority's too."
    );
}
