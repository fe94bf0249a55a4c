//! Connections: accepted up to a number, watched for slowness, drained before the node stops.
//!
//! `axum::serve` sets no timer, so that its connections may stay silent for ever; and hyper's own timer costs every
//! request an allocation. So each connection has one [`Watch`], which notes where it stands, and is looked at now and
//! then:
//!
//! ```text
//!  (connect) ─► head ──► body ──► working ──► waiting ──first byte──► head
//!    TLS: 5 s   10 s     30 s    (deadlines     75 s, counted from the last byte written
//!                                 of its own)
//!                                   │
//!                                   └──► streaming, as long as bytes can be written: 30 s
//! ```

mod watch;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

pub use watch::{Connection, Overdue, Streaming, Watch};

use super::front::Front;
use crate::feed;
use crate::tls::{self, Door, HttpTls, reason_of};
use watch::{Clock, Watched};

/// What hyper may buffer of one request: more than the front lets through, so that the front is who refuses.
const BUFFER_BYTES: usize = 128 << 10;
/// How often a connection is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long to wait when no connection can be accepted, as when the process is out of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// What one connection may take, and how many there may be.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// From the first byte of a request, or the begin of the connection, to the end of its head.
    pub head: Duration,
    /// From the end of the head to the end of the body.
    pub body: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Between two writes to a reader of a stream, which is sent something more often than that.
    pub stalled: Duration,
    /// For the requests that are in work when the node stops.
    pub drain: Duration,
    pub connections: usize,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            stalled: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            connections: 10_000,
        }
    }
}

/// Serves connections until `stop`, then lets the requests in work end and returns. With `tls` nothing else is spoken.
pub async fn serve(
    listener: TcpListener,
    tls: Option<HttpTls>,
    front: Arc<Front>,
    timeouts: Timeouts,
    stop: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(timeouts.connections));
    let open = metrics::gauge!("livedrop_http_connections");
    let (clock, timeouts) = (Clock::start(), Arc::new(timeouts));
    let mut connections = JoinSet::new();
    while let Some(accepted) = stop.run_until_cancelled(accept(&listener, &room)).await {
        // Connections beyond the limit are not accepted: they wait in the system's queue until one closes.
        match accepted {
            Ok((stream, peer, permit)) => {
                let (front, clock, timeouts, stop) = (front.clone(), clock.clone(), timeouts.clone(), stop.clone());
                let (open, tls) = (open.clone(), tls.clone());
                connections.spawn(async move {
                    open.increment(1.0);
                    let watch = Arc::new(Watch::new(clock));
                    let stream = Watched::new(stream, watch.clone());
                    match tls {
                        None => converse(stream, peer.ip(), &front, watch, &timeouts, stop).await,
                        Some(tls) => {
                            if let Some(stream) = agree(&tls, stream, peer).await {
                                converse(stream, peer.ip(), &front, watch, &timeouts, stop).await;
                            }
                        }
                    }
                    open.decrement(1.0);
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(timeouts.drain, drained).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were cut off: their requests took too long");
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = room.clone().acquire_owned().await.expect("the semaphore is never closed");
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}

/// The handshake of TLS. Nothing when it fails, which is counted.
async fn agree(tls: &HttpTls, stream: Watched, peer: SocketAddr) -> Option<TlsStream<Watched>> {
    let handshake = tokio::time::timeout(tls::HANDSHAKE, tls.acceptor().accept(stream));
    match handshake.await.unwrap_or(Err(io::ErrorKind::TimedOut.into())) {
        Ok(stream) => Some(stream),
        Err(error) => {
            let (reason, said) = reason_of(&error);
            tls::tell(Door::HttpListener, reason, &peer, &said);
            None
        }
    }
}

/// One connection, from its first byte to its last.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: IpAddr,
    front: &Front,
    watch: Arc<Watch>,
    timeouts: &Timeouts,
    stop: CancellationToken,
) {
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let (watch, stop) = (watch.clone(), &stop);
        async move {
            watch.work_begins();
            let mut response = front.serve(request, &watch, peer).await;
            match response.extensions().get::<Streaming>() {
                Some(Streaming) => watch.stream_begins(),
                None => watch.work_ends(),
            }
            if stop.is_cancelled() {
                let close = http::HeaderValue::from_static("close");
                response.headers_mut().insert(http::header::CONNECTION, close);
            }
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        // An answer is small: its head and body in one piece are cheaper than a list of two.
        .writev(false)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut closing = false;
    loop {
        if let Some(ended) = either(connection.as_mut(), look.tick()).await {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke off");
            }
            return;
        }
        if stop.is_cancelled() && !closing {
            closing = true;
            connection.as_mut().graceful_shutdown();
        }
        // A body that is overdue is noticed by who reads it, and answered.
        match watch.look(timeouts) {
            Some(Overdue::Head | Overdue::Idle | Overdue::Cut) => return,
            Some(Overdue::Stalled) => return feed::count_cut("stalled"),
            Some(Overdue::Body) | None => {}
        }
    }
}

/// What the first future gives, or nothing if the second one is sooner.
async fn either<T>(first: impl Future<Output = T>, second: impl Future) -> Option<T> {
    tokio::select! {
        biased;
        value = first => Some(value),
        _ = second => None,
    }
}
