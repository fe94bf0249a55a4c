//! What a node answers that cannot start yet: it lives, and it is not ready.

use axum::Router;
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use tokio::net::TcpListener;

/// Answers every request with 503 and `why`, except for `/livez`: whoever supervises the process must not end it. Runs
/// until its task is ended.
pub async fn serve(listener: TcpListener, why: String) {
    let told = format!("[-]disk failed: {why}\nnot ready\n");
    let later = [(header::RETRY_AFTER, HeaderValue::from_static("5"))];
    let refuse = move || std::future::ready((StatusCode::SERVICE_UNAVAILABLE, later.clone(), told.clone()));
    let router = Router::new().route("/livez", get(|| std::future::ready("ok"))).fallback(refuse);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "nobody is told that this node waits");
    }
}
