//! Lines of the log that name a request are remembered with it.

use std::borrow::Cow;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::Telemetry;
use super::ring::{Moment, Name, What};
use super::span::Place;
use crate::clock;

/// The field that names the request of a line.
const REQUEST: &str = "request_id";

/// Listens to all lines that are logged.
pub(super) struct Lines(Telemetry);

impl Lines {
    pub fn new(telemetry: Telemetry) -> Self {
        Lines(telemetry)
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().fields().field(REQUEST).is_none() {
            return;
        }
        let mut read = Read::default();
        event.record(&mut read);
        let Some(request) = read.request else { return };
        self.0.remember(Moment {
            at_micros: clock::since_epoch().as_micros() as u64,
            request,
            place: read.trace.map(|trace| Place { trace, span: 0, parent: 0 }),
            what: What::Line { level: event.metadata().level().as_str(), message: read.message },
            details: read.details,
        });
    }
}

/// What a line says.
#[derive(Default)]
struct Read {
    request: Option<Name>,
    trace: Option<u128>,
    message: String,
    details: Vec<(Cow<'static, str>, String)>,
}

impl Read {
    fn take(&mut self, field: &Field, text: String) {
        match field.name() {
            REQUEST => self.request = Some(Name::of(&text)),
            "trace_id" => self.trace = u128::from_str_radix(&text, 16).ok(),
            "message" => self.message = text,
            name => self.details.push((Cow::Borrowed(name), text)),
        }
    }
}

impl Visit for Read {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_line_that_names_a_request_is_remembered_with_it() {
        let telemetry = super::super::quiet();
        let subscriber = tracing_subscriber::registry().with(Lines::new(telemetry.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(request_id = "req_12345678", trace_id = "00ab", node = 3, "it did not go well");
            tracing::warn!("somebody else's line");
        });
        let [line] = &telemetry.recall("req_12345678")[..] else { panic!("one line names it") };
        assert_eq!(line.what, What::Line { level: "WARN", message: "it did not go well".into() });
        assert_eq!(line.place.map(|place| place.trace), Some(0xab));
        assert_eq!(line.details, [(Cow::Borrowed("node"), "3".to_owned())]);
    }
}
