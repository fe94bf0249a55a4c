//! What is counted about requests. Labels are route templates, methods and status classes: bounded, whatever is sent.

use std::sync::OnceLock;
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Counter, Gauge, Histogram, Label};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the classes of durations, in seconds.
const SECONDS: [f64; 14] = [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0];
/// How often old samples are folded into their classes.
const FOLD_EVERY: Duration = Duration::from_secs(5);
/// The route of what has none.
const ELSEWHERE: &str = "other";

/// Sets up the metrics of this process, and gives the door through which they are read.
///
/// # Panics
///
/// When it is called twice, or outside of a runtime.
pub fn install() -> PrometheusHandle {
    let handle = builder().install_recorder().expect("metrics are set up once");
    let folded = handle.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(FOLD_EVERY);
        loop {
            every.tick().await;
            folded.run_upkeep();
        }
    });
    describe();
    crate::tls::describe();
    begin_at_zero();
    handle
}

fn builder() -> PrometheusBuilder {
    let seconds = Matcher::Suffix("_seconds".into());
    PrometheusBuilder::new().set_buckets_for_metric(seconds, &SECONDS).expect("there are classes")
}

fn describe() {
    metrics::describe_counter!("livedrop_http_requests_total", "Requests answered, by route, method and status class.");
    metrics::describe_histogram!(
        "livedrop_http_request_duration_seconds",
        "Time from head to answer, by route and method."
    );
    metrics::describe_gauge!("livedrop_http_requests_in_flight", "Requests in work.");
    metrics::describe_gauge!("livedrop_http_connections", "Connections that are open.");
    metrics::describe_counter!("livedrop_cache_hits_total", "Bodies of public answers that were written before.");
    metrics::describe_counter!("livedrop_cache_misses_total", "Bodies of public answers that had to be written.");
    metrics::describe_counter!("livedrop_cache_evictions_total", "Kept bodies that made room for others.");
    metrics::describe_gauge!("livedrop_propose_queue_commands", "Commands that wait for their entry of the log.");
    metrics::describe_counter!("livedrop_propose_refused_total", "Commands refused since too many waited.");
    metrics::describe_counter!("livedrop_limits_refused_total", "Requests beyond the limit of a caller, by policy.");
    metrics::describe_counter!(
        "livedrop_limits_unanswered_total",
        "Questions to other nodes about limits that had no answer in time."
    );
    metrics::describe_counter!("livedrop_sign_ins_held_back_total", "Passwords that came before the wait was over.");
    metrics_process::Collector::default().describe();
}

/// Counters that appear only when the first bad thing happens cannot be watched by an alert: `rate` sees no rise.
fn begin_at_zero() {
    let counter = |name: &'static str, label: &'static str, values: &[&'static str]| {
        for value in values {
            metrics::counter!(name, label => *value).increment(0);
        }
    };
    counter("livedrop_limits_refused_total", "policy", &["account", "address"]);
    counter("livedrop_event_cuts_total", "reason", &["slow", "gap", "fault", "stalled"]);
    for name in
        ["livedrop_limits_unanswered_total", "livedrop_sign_ins_held_back_total", "livedrop_search_rebuilds_total"]
    {
        metrics::counter!(name).increment(0);
    }
}

/// Looks at what the process uses: memory, files, processor time.
pub fn look_at_process() {
    metrics_process::Collector::default().collect();
}

/// The counters of every route. Each is looked up once, when it is first used.
pub struct Measures {
    routes: matchit::Router<usize>,
    /// The last one is that of requests which no route takes.
    templates: Vec<String>,
    of_route: Vec<[OfMethod; METHODS.len() + 1]>,
    in_flight: Gauge,
}

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE];
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

#[derive(Default)]
struct OfMethod {
    duration: OnceLock<Histogram>,
    answered: [OnceLock<Counter>; CLASSES.len()],
}

impl Measures {
    /// `templates` are the paths of the routes, as in `/v1/orders/{id}`.
    pub fn new(templates: impl IntoIterator<Item = String>) -> Self {
        let mut routes = matchit::Router::new();
        let mut templates: Vec<String> = templates.into_iter().collect();
        for (place, template) in templates.iter().enumerate() {
            routes.insert(template.clone(), place).expect("routes that the router took do not overlap");
        }
        templates.push(ELSEWHERE.into());
        let of_route = templates.iter().map(|_| Default::default()).collect();
        Measures { routes, templates, of_route, in_flight: metrics::gauge!("livedrop_http_requests_in_flight") }
    }

    /// Counts an answer and gives the template of its route.
    pub fn count(&self, method: &Method, path: &str, status: StatusCode, took: Duration, in_flight: usize) -> &str {
        let place = self.routes.at(path).map_or(self.templates.len() - 1, |found| *found.value);
        let method = METHODS.iter().position(|known| known == method).unwrap_or(METHODS.len());
        let class = usize::from(status.as_u16() / 100).clamp(2, 5) - 2;
        let (route, of) = (&self.templates[place], &self.of_route[place][method]);
        let labels = || vec![Label::new("route", route.clone()), Label::new("method", method_name(method))];
        of.duration
            .get_or_init(|| metrics::histogram!("livedrop_http_request_duration_seconds", labels()))
            .record(took.as_secs_f64());
        of.answered[class]
            .get_or_init(|| {
                let labels = [labels(), vec![Label::new("status", CLASSES[class])]].concat();
                metrics::counter!("livedrop_http_requests_total", labels)
            })
            .increment(1);
        self.in_flight.set(in_flight as f64);
        route
    }
}

fn method_name(place: usize) -> String {
    METHODS.get(place).map_or(ELSEWHERE, Method::as_str).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::assert_conventional;
    use super::*;

    #[test]
    fn every_described_metric_appears_and_is_named_by_the_convention() {
        let recorder = builder().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            describe();
            let measures = Measures::new(["/v1/orders/{id}".to_owned()]);
            let took = Duration::from_millis(3);
            let route = measures.count(&Method::GET, "/v1/orders/ord_1", StatusCode::OK, took, 1);
            assert_eq!(route, "/v1/orders/{id}");
            // Counted where connections are accepted.
            metrics::gauge!("livedrop_http_connections").set(1.0);
        });
        let text = recorder.handle().render();
        assert_conventional(&text);
        let described = ["requests_total", "request_duration_seconds", "requests_in_flight", "connections"];
        for name in described {
            assert!(text.contains(&format!("# HELP livedrop_http_{name} ")), "{name} is not in:\n{text}");
        }
        let counted = "livedrop_http_requests_total{route=\"/v1/orders/{id}\",method=\"GET\",status=\"2xx\"} 1";
        assert!(text.lines().any(|line| line == counted), "{text}");
    }
}
