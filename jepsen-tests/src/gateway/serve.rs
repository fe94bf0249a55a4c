//! The door of the double: it accepts connections, and can be shut in the two ways in which a server is gone.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::wait;

/// Whether the double can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Up,
    /// Nobody listens: connections are refused, and those that were open are gone.
    Refusing,
    /// Connections are accepted and closed at once.
    Closing,
}

/// Opens and shuts.
pub(super) struct Door {
    wanted: watch::Sender<Line>,
    is: watch::Receiver<Line>,
}

impl Door {
    pub async fn set(&self, line: Line) {
        self.wanted.send_replace(line);
        // It ends only when the double does, and then nobody asks.
        let _ = self.is.clone().wait_for(|is| *is == line).await;
    }
}

/// Serves on a free port until the task is aborted.
pub(super) async fn open(router: Router) -> Result<(SocketAddr, Door, JoinHandle<()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let (wanted, wish) = watch::channel(Line::Up);
    let (now, is) = watch::channel(Line::Up);
    let server = tokio::spawn(serve(listener, address, router, wish, now));
    Ok((address, Door { wanted, is }, server))
}

async fn serve(
    mut listener: TcpListener,
    address: SocketAddr,
    router: Router,
    mut wish: watch::Receiver<Line>,
    now: watch::Sender<Line>,
) {
    // Dropped with the task, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        let line = *wish.borrow_and_update();
        if line == Line::Refusing {
            drop(listener);
            connections.shutdown().await;
            now.send_replace(line);
            if wish.wait_for(|wanted| *wanted != Line::Refusing).await.is_err() {
                return;
            }
            listener = listen_again(address).await;
            continue;
        }
        if line == Line::Closing {
            connections.shutdown().await;
        }
        now.send_replace(line);
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if line == Line::Up => drop(connections.spawn(converse(stream, router.clone()))),
                _ => {}
            },
            changed = wish.changed() => if changed.is_err() {
                return;
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Somebody else may hold the port for a moment.
async fn listen_again(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => wait::pause(std::time::Duration::from_millis(20)).await,
        }
    }
}

async fn converse(stream: TcpStream, router: Router) {
    let service = TowerToHyperService::new(router);
    // A connection that breaks is the other side's to find out about.
    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}
