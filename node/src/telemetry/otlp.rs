//! Spans to a collector: OTLP, protobuf over HTTP, as every collector of traces takes it.
//!
//! One task takes what waits, at most a few hundred spans at a time. A collector that does not answer is said once, until
//! it answers again; what comes meanwhile waits in the queue, and what does not fit there is dropped and counted.

use std::time::{Duration, SystemTime};

use livedrop_config::NodeConfig;
use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use tokio::sync::mpsc;

use super::{Kind, Place, Span, Telemetry};

/// The most spans of one message.
const MESSAGE_SPANS: usize = 512;
/// Spans wait so long for others.
const LINGER: Duration = Duration::from_millis(500);
/// How long the collector may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Where a collector is named when the configuration does not.
const FROM_ENVIRONMENT: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// Begins to trace when there is a collector, on the calling runtime.
///
/// Errors: its address cannot be used.
pub fn start(config: &NodeConfig, telemetry: &Telemetry) -> anyhow::Result<()> {
    describe();
    let settings = &config.telemetry;
    let mut builder = SpanExporter::builder().with_http().with_timeout(TIMEOUT).with_http_client(Client::new()?);
    if !settings.otlp.is_empty() {
        builder = builder.with_endpoint(format!("{}/v1/traces", settings.otlp.trim_end_matches('/')));
    } else if FROM_ENVIRONMENT.iter().all(|name| std::env::var_os(name).is_none_or(|value| value.is_empty())) {
        return Ok(());
    }
    let mut exporter = builder.build()?;
    let resource = Resource::builder_empty().with_attributes([
        KeyValue::new("service.name", "livedrop"),
        KeyValue::new("service.namespace", config.cluster.id.clone()),
        KeyValue::new("service.instance.id", config.node.id.to_string()),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
    ]);
    exporter.set_resource(&resource.build());
    let (spans, waiting) = mpsc::channel(settings.trace_queue_spans);
    telemetry.collect(spans);
    tokio::spawn(export(exporter, waiting));
    Ok(())
}

/// They count from zero also where nothing is traced: an alert that watches them must find them.
fn describe() {
    metrics::describe_counter!("livedrop_trace_spans_total", "Spans that the collector of traces took.");
    metrics::describe_counter!(
        "livedrop_trace_spans_dropped_total",
        "Spans that were lost, since the collector of traces was too slow or did not answer."
    );
    metrics::counter!("livedrop_trace_spans_total").increment(0);
    metrics::counter!("livedrop_trace_spans_dropped_total").increment(0);
}

async fn export(exporter: SpanExporter, mut waiting: mpsc::Receiver<Span>) {
    let taken = metrics::counter!("livedrop_trace_spans_total");
    let dropped = metrics::counter!("livedrop_trace_spans_dropped_total");
    let (scope, mut well) = (InstrumentationScope::builder("livedrop").build(), true);
    let mut spans = Vec::new();
    while waiting.recv_many(&mut spans, MESSAGE_SPANS).await > 0 {
        let full =
            async { while spans.len() < MESSAGE_SPANS && waiting.recv_many(&mut spans, MESSAGE_SPANS).await > 0 {} };
        let _late = tokio::time::timeout(LINGER, full).await;
        let message: Vec<SpanData> = spans.drain(..).map(|span| data(span, &scope)).collect();
        let count = message.len() as u64;
        match exporter.export(message).await {
            Ok(()) => {
                well = true;
                taken.increment(count);
            }
            Err(error) => {
                dropped.increment(count);
                if std::mem::take(&mut well) {
                    tracing::warn!(%error, "the collector of traces takes no spans; they are dropped until it does");
                }
            }
        }
    }
}

fn data(span: Span, scope: &InstrumentationScope) -> SpanData {
    let place = span.place.expect("only what is traced is collected");
    let began = SystemTime::UNIX_EPOCH + span.began;
    let mut attributes = vec![KeyValue::new("livedrop.request_id", span.request.as_str().to_owned())];
    attributes.extend(span.details.into_iter().map(|(key, value)| KeyValue::new(key, value)));
    let mut links = SpanLinks::default();
    links.links = span.links.into_iter().map(|link| Link::with_context(context(link))).collect();
    SpanData {
        span_context: context(place),
        parent_span_id: SpanId::from(place.parent),
        parent_span_is_remote: span.kind == Kind::Server && place.parent != 0,
        span_kind: match span.kind {
            Kind::Server => SpanKind::Server,
            Kind::Client => SpanKind::Client,
            Kind::Internal => SpanKind::Internal,
        },
        name: span.name,
        start_time: began,
        end_time: began + span.took,
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links,
        status: if span.failed { Status::error("") } else { Status::Unset },
        instrumentation_scope: scope.clone(),
    }
}

fn context(place: Place) -> SpanContext {
    let (trace, span) = (TraceId::from(place.trace), SpanId::from(place.span));
    SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::default())
}

/// The client that everything else here uses, on the runtime of this task.
#[derive(Debug)]
struct Client(reqwest::Client);

impl Client {
    fn new() -> anyhow::Result<Self> {
        Ok(Client(reqwest::Client::builder().timeout(TIMEOUT).build()?))
    }
}

#[tonic::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.0.execute(request.try_into()?).await?;
        let mut response = Response::builder().status(answer.status());
        response.headers_mut().expect("a status is no mistake").extend(answer.headers().clone());
        Ok(response.body(answer.bytes().await?)?)
    }
}
