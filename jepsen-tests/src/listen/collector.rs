//! A collector of traces: takes OTLP over HTTP, as protobuf, and keeps all spans.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use tokio::task::JoinHandle;

/// A span as it arrived. Ids are hexadecimal.
#[derive(Debug, Clone)]
pub struct SpanHeard {
    /// `service.instance.id`: the node.
    pub node: String,
    pub name: String,
    pub trace: String,
    pub span: String,
    /// Empty for the first of a trace.
    pub parent: String,
    /// The traces of the spans that it is linked with.
    pub links: Vec<String>,
    pub attributes: BTreeMap<String, String>,
    pub nanos: std::ops::Range<u64>,
}

type Heard = Arc<Mutex<Vec<SpanHeard>>>;

/// Listens until it is dropped.
pub struct Collector {
    heard: Heard,
    url: String,
    serving: JoinHandle<()>,
}

impl Collector {
    pub async fn listen() -> Result<Self> {
        let heard = Heard::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.context("listening for traces")?;
        let url = format!("http://{}", listener.local_addr()?);
        let routes = Router::new().route("/v1/traces", post(take)).with_state(heard.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it listens already") });
        Ok(Collector { heard, url, serving })
    }

    /// What `[telemetry] otlp` is set to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All spans of one trace that came so far.
    pub fn trace(&self, id: &str) -> Vec<SpanHeard> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().filter(|span| span.trace == id).cloned().collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(heard): State<Heard>, body: Bytes) -> StatusCode {
    let Ok(message) = ExportTraceServiceRequest::decode(body) else { return StatusCode::BAD_REQUEST };
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    for resource in message.resource_spans {
        let about = texts(resource.resource.map(|resource| resource.attributes).unwrap_or_default());
        let node = about.get("service.instance.id").cloned().unwrap_or_default();
        for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            heard.push(SpanHeard {
                node: node.clone(),
                name: span.name,
                trace: hex(&span.trace_id),
                span: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                links: span.links.iter().map(|link| hex(&link.trace_id)).collect(),
                attributes: texts(span.attributes),
                nanos: span.start_time_unix_nano..span.end_time_unix_nano,
            });
        }
    }
    StatusCode::OK
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |attribute: KeyValue| match attribute.value?.value? {
        Value::StringValue(text) => Some((attribute.key, text)),
        _ => None,
    };
    attributes.into_iter().filter_map(text).collect()
}

fn hex(id: &[u8]) -> String {
    // A span without a parent says so with eight zeros, or with nothing.
    let id = if id.iter().all(|byte| *byte == 0) { &[] } else { id };
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
