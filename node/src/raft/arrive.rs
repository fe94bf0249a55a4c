//! How a connection comes to the peer listener, and who is at its other end.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use livedrop_certificates::{Holder, Role};
use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::either::Either;
use tonic::transport::server::Connected;
use tonic::{Request, Status};

use crate::tls::{self, Door, PeerTls, Reason, reason_of};

/// Handshakes under way at one time; further connections wait to be accepted.
const HANDSHAKES: usize = 256;
/// How long to wait when no connection can be accepted, as when the process is out of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);
/// What is read of a connection at once. TLS itself asks for a few kilobytes at a time, a call of the system each.
pub(super) const READ_BYTES: usize = 64 << 10;

/// Who is at the other end of a connection to the peer port.
#[derive(Clone, Debug)]
pub(super) enum Arrival {
    /// Nobody knows: the port has no TLS.
    Plain,
    /// Whoever holds the certificate that was shown.
    Certified(Arc<Holder>),
}

/// A connection that may be served.
pub(super) struct Arrived {
    stream: Either<TcpStream, Box<TlsStream<BufReader<TcpStream>>>>,
    by: Arrival,
}

/// Accepts connections for as long as somebody takes them; with `tls`, those that show a certificate of this cluster.
pub(super) fn arrivals(listener: TcpListener, tls: Option<PeerTls>) -> ReceiverStream<io::Result<Arrived>> {
    let (sender, arrived) = mpsc::channel(16);
    tokio::spawn(accept(listener, tls, sender));
    ReceiverStream::new(arrived)
}

async fn accept(listener: TcpListener, tls: Option<PeerTls>, arrived: mpsc::Sender<io::Result<Arrived>>) {
    let room = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let permit = room.clone().acquire_owned().await.expect("the semaphore is never closed");
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = arrived.closed() => return,
        };
        let (stream, from) = match accepted.and_then(|(stream, from)| stream.set_nodelay(true).map(|()| (stream, from)))
        {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection of another node");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (tls, arrived) = (tls.clone(), arrived.clone());
        tokio::spawn(async move {
            let one = match tls {
                None => Some(Arrived { stream: Either::Left(stream), by: Arrival::Plain }),
                Some(tls) => greet(&tls, stream, from).await,
            };
            if let Some(one) = one {
                // Nobody takes it any more when the listener is being closed.
                let _ = arrived.send(Ok(one)).await;
            }
            drop(permit);
        });
    }
}

/// Finds out who is there. Whoever may not come in is told so, counted, and gone.
async fn greet(tls: &PeerTls, stream: TcpStream, from: SocketAddr) -> Option<Arrived> {
    let handshake = tls.acceptor().accept(BufReader::with_capacity(READ_BYTES, stream));
    let outcome = tokio::time::timeout(tls::HANDSHAKE, handshake).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()));
    let stream = match outcome {
        Ok(stream) => stream,
        Err(error) => {
            let (reason, said) = reason_of(&error);
            tls::tell(Door::PeerListener, reason, &from, &said);
            return None;
        }
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let Some(holder) = certificate.and_then(|certificate| tls.holder(certificate)) else {
        // The handshake has seen to it; should it ever not, nobody comes in.
        tls::tell(Door::PeerListener, Reason::NoName, &from, "the certificate has no name of this cluster");
        return None;
    };
    Some(Arrived { stream: Either::Right(Box::new(stream)), by: Arrival::Certified(Arc::new(holder)) })
}

/// Refuses a call that says to come from `node` unless the connection's certificate is that node's.
pub(super) fn comes_from<T>(request: &Request<T>, node: u64) -> Result<(), Status> {
    let (reason, said) = match request.extensions().get::<Arrival>() {
        Some(Arrival::Plain) => return Ok(()),
        Some(Arrival::Certified(holder)) => match **holder {
            Holder::Node { node: named, .. } if named == node => return Ok(()),
            Holder::Node { .. } => (Reason::OtherNode, format!("a call says to be of node {node}, and is of {holder}")),
            _ => (Reason::Person, format!("only nodes may ask this, and this is {holder}")),
        },
        None => (Reason::NoCertificate, "a call came from nowhere".to_owned()),
    };
    tls::tell(Door::PeerListener, reason, &format_args!("node {node}"), &said);
    Err(Status::permission_denied(said))
}

/// The person whose certificate the connection has shown. None where the port has no TLS, which says nothing of anyone.
///
/// Errors: permission denied, for a node: it has no business with what people ask.
pub(super) fn person<T>(request: &Request<T>) -> Result<Option<(Role, String)>, Status> {
    match request.extensions().get::<Arrival>() {
        Some(Arrival::Plain) => Ok(None),
        Some(Arrival::Certified(holder)) => match &**holder {
            Holder::Client { role, who, .. } => Ok(Some((*role, who.clone()))),
            other => Err(Status::permission_denied(format!(
                "this is for operators, and {other} is none; make a certificate with `livedropctl cert client`"
            ))),
        },
        None => Err(Status::permission_denied("a call came from nowhere")),
    }
}

impl Connected for Arrived {
    type ConnectInfo = Arrival;

    fn connect_info(&self) -> Arrival {
        self.by.clone()
    }
}

/// Bytes go through as they are.
impl AsyncRead for Arrived {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Arrived {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
