//! What the server says about itself, on standard error: text for people or JSON for machines.

use std::io::IsTerminal;

use livedrop_config::{ConfigErrors, Log, LogFormat, Mistake, Origin};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use super::lines::Lines;

/// Checks the filter without setting anything up. Errors: it is not a filter.
pub fn filter(log: &Log) -> Result<EnvFilter, ConfigErrors> {
    EnvFilter::try_new(&log.filter).map_err(|error| {
        ConfigErrors(vec![Mistake {
            path: "log.filter".to_owned(),
            origin: Origin::Nowhere,
            problem: format!("\"{}\" is not a filter: {error}", log.filter),
            advice: "Write a level, or levels by module: \"info,openraft=warn\".".to_owned(),
        }])
    })
}

/// Sets up the log of this process; `lines` listens to what is logged. Errors: the filter is not a filter.
///
/// Panics when it is called twice.
pub(super) fn start(log: &Log, lines: Lines) -> Result<(), ConfigErrors> {
    let written = fmt::layer().with_writer(std::io::stderr);
    let written = match log.format {
        LogFormat::Text => {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            written.with_ansi(colours).boxed()
        }
        LogFormat::Json => written.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
    };
    tracing_subscriber::registry().with(filter(log)?).with(written).with(lines).init();
    Ok(())
}

/// Makes any panic, on any thread, end the whole process once it is logged: half a server that goes on answering is
/// worse than one that is started again.
pub fn abort_on_panic() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!(%panic, "panicked; the process ends");
        print(panic);
        std::process::abort();
    }));
}
