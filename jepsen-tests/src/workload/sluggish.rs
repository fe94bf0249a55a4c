//! Readers who ask for a stream and then take a few bytes now and then, or nothing at all. Cut off, they come back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::wait;

/// What the system takes for a reader that takes nothing: as little as can be, so that the node feels it.
const TAKEN_BY_THE_SYSTEM: usize = 4_096;
/// The largest packet that it takes. What the node's system keeps for a connection goes by this; the loopback's packets
/// of 64 KiB would have it swallow megabytes before the node noticed anything.
const PACKET: u32 = 1_400;
/// Between two looks at the connection.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// What a reader takes then, if it takes anything.
const SIP: usize = 64;
/// Before somebody who was cut off comes back.
const AGAIN: Duration = Duration::from_secs(2);
const BEGUN_AT_ONCE: usize = 100;

/// Readers at work. They end with the value.
pub struct Sluggish {
    counted: Arc<Counted>,
    _at_work: JoinSet<()>,
}

#[derive(Default)]
struct Counted {
    open: AtomicUsize,
    cut: AtomicU64,
}

impl Sluggish {
    /// Begins `count` readers, each of the next of these streams, at `http://address/path`. Every other one takes nothing.
    pub fn begin(streams: &[String], count: usize) -> Result<Self> {
        let streams = streams.iter().map(|url| address_and_path(url)).collect::<Result<Vec<_>>>()?;
        let (counted, door) = (Arc::new(Counted::default()), Arc::new(Semaphore::new(BEGUN_AT_ONCE)));
        let mut at_work = JoinSet::new();
        for number in 0..count {
            let (address, path) = streams[number % streams.len()].clone();
            let (counted, door, sip) = (counted.clone(), door.clone(), number % 2 * SIP);
            at_work.spawn(async move {
                loop {
                    let begun = async {
                        let _turn = door.acquire().await?;
                        begin(address, &path).await
                    };
                    if let Ok(connection) = begun.await {
                        counted.open.fetch_add(1, Ordering::Relaxed);
                        linger(connection, sip).await;
                        counted.open.fetch_sub(1, Ordering::Relaxed);
                        counted.cut.fetch_add(1, Ordering::Relaxed);
                    }
                    wait::pause(AGAIN).await;
                }
            });
        }
        Ok(Sluggish { counted, _at_work: at_work })
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.counted.open.load(Ordering::Relaxed)
    }

    /// How often a connection was closed by a node.
    pub fn cut(&self) -> u64 {
        self.counted.cut.load(Ordering::Relaxed)
    }
}

fn address_and_path(url: &str) -> Result<(SocketAddr, String)> {
    let rest = url.strip_prefix("http://").context("a node speaks http")?;
    let (address, path) = rest.split_once('/').context("a stream has a path")?;
    Ok((address.parse()?, format!("/{path}")))
}

async fn begin(address: SocketAddr, path: &str) -> Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_recv_buffer_size(TAKEN_BY_THE_SYSTEM)?;
    socket.set_tcp_mss(PACKET)?;
    socket.set_nonblocking(true)?;
    let mut connection = TcpSocket::from_std_stream(socket.into()).connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    Ok(connection)
}

/// Stays until the node closes the connection.
async fn linger(connection: TcpStream, sip: usize) {
    let mut sips = [0; SIP];
    loop {
        // A reader who takes nothing still learns from the system that the connection is gone.
        match connection.ready(Interest::READABLE).await {
            Ok(ready) if ready.is_read_closed() => return,
            Ok(_) => {}
            Err(_) => return,
        }
        match connection.try_read(&mut sips[..sip]) {
            Ok(0) if sip > 0 => return,
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
            _ => {}
        }
        wait::pause(LOOKS_EVERY).await;
    }
}
