//! Connections, over a real socket: slow ones are closed, ending nodes let work end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::super::accept::{Timeouts, serve};
use super::double::Double;
use super::{NOW, Node};
use crate::feed;

struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    ended: JoinHandle<()>,
}

/// Serves a node on a port of its own.
async fn served(timeouts: Timeouts) -> Served {
    served_by(&Node::new(), timeouts).await
}

async fn served_by(node: &Node, timeouts: Timeouts) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let stop = CancellationToken::new();
    let ended = tokio::spawn(serve(listener, None, node.front.clone(), timeouts, stop.clone()));
    Served { address, stop, ended }
}

fn short(change: impl FnOnce(&mut Timeouts)) -> Timeouts {
    let mut timeouts = Timeouts::default();
    change(&mut timeouts);
    timeouts
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("the node listens")
    }

    /// Sends a text and reads until the node closes the connection.
    async fn exchange(&self, text: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.expect("the node reads");
        read_to_end(stream).await
    }
}

async fn read_to_end(mut stream: TcpStream) -> String {
    let mut read = Vec::new();
    // A connection that is cut off may end with a reset instead of an end.
    let _reset = stream.read_to_end(&mut read).await;
    String::from_utf8(read).expect("answers are text")
}

async fn read_answer(stream: &mut TcpStream) -> String {
    let mut read = String::new();
    while !read.ends_with("ok") {
        let mut some = [0; 1024];
        let bytes = stream.read(&mut some).await.expect("the node writes");
        assert_ne!(bytes, 0, "closed after {read}");
        read.push_str(std::str::from_utf8(&some[..bytes]).expect("answers are text"));
    }
    read
}

const ASK: &str = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let served = served(Timeouts::default()).await;
    let mut stream = served.connect().await;
    for _ in 0..3 {
        stream.write_all(ASK.as_bytes()).await.expect("the node reads");
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

#[tokio::test]
async fn a_connection_that_says_nothing_or_half_a_head_is_closed() {
    let served = served(short(|timeouts| timeouts.head = Duration::from_millis(1))).await;
    assert_eq!(served.exchange("").await, "");
    assert_eq!(served.exchange("GET /livez HTTP/1.1\r\nhost:").await, "");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let served = served(short(|timeouts| timeouts.idle = Duration::from_millis(1))).await;
    assert!(served.exchange(ASK).await.ends_with("ok"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_and_the_connection_closed() {
    let served = served(short(|timeouts| timeouts.body = Duration::from_millis(1))).await;
    let head = "POST /v1/accounts HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{";
    let answer = served.exchange(head).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"code\":\"request_timeout\""), "{answer}");
}

#[tokio::test]
async fn what_is_too_large_is_answered_over_the_wire() {
    let served = served(Timeouts::default()).await;
    let close = "host: x\r\nconnection: close\r\n";
    let long = "x".repeat(20_000);
    for (request, status) in [
        (format!("GET /{} HTTP/1.1\r\n{close}\r\n", &long[..9_000]), 414),
        (format!("GET / HTTP/1.1\r\n{close}x-long: {long}\r\n\r\n"), 431),
        (format!("POST /v1/accounts HTTP/1.1\r\n{close}content-length: 99999\r\n\r\n"), 413),
        (format!("POST /v1/accounts HTTP/1.1\r\n{close}transfer-encoding: chunked\r\n\r\n1\r\n[\r\n0\r\n\r\n"), 400),
    ] {
        let answer = served.exchange(&request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }
}

#[tokio::test]
async fn beyond_the_limit_a_connection_waits_for_another_to_close() {
    let served = served(short(|timeouts| timeouts.connections = 1)).await;
    let mut first = served.connect().await;
    first.write_all(ASK.as_bytes()).await.expect("the node reads");
    read_answer(&mut first).await;
    let mut second = served.connect().await;
    second.write_all(ASK.as_bytes()).await.expect("it is queued");
    drop(first);
    read_answer(&mut second).await;
}

#[tokio::test]
async fn a_stopping_node_closes_idle_connections_and_takes_no_more() {
    let served = served(Timeouts::default()).await;
    let mut stream = served.connect().await;
    stream.write_all(ASK.as_bytes()).await.expect("the node reads");
    read_answer(&mut stream).await;
    served.stop.cancel();
    assert_eq!(read_to_end(stream).await, "");
    served.ended.await.expect("it ends by itself");
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn a_stopping_node_lets_a_request_end() {
    let served = served(Timeouts::default()).await;
    let mut stream = served.connect().await;
    let head = "POST /v1/accounts HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("the node reads");
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.expect("the request is in work");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    served.stop.cancel();
    stream.write_all(b"{}").await.expect("the node still reads");
    let answer = read_to_end(stream).await;
    assert!(answer.starts_with("HTTP/1.1 422 ") && answer.contains("connection: close"), "{answer}");
    served.ended.await.expect("it ends by itself");
}

/// A node whose streams say so often that they are there, with a drop, and how its events are asked for.
async fn with_stream(heartbeat_ms: u64) -> (Node, String) {
    let settings = feed::Settings { heartbeat: Duration::from_millis(heartbeat_ms), ..feed::Settings::default() };
    let node = Node::with_streams(Arc::new(Double::at(NOW)), settings);
    let creator = node.account("cleo", "creator").await;
    let drop = node.drop(&creator, serde_json::json!({"stock": 5})).await;
    (node, format!("GET /v1/drops/{drop}/events HTTP/1.1\r\nhost: x\r\n\r\n"))
}

#[tokio::test]
async fn a_stream_is_not_idle_and_says_bye_when_the_node_stops() {
    let (node, ask) = with_stream(10).await;
    let tight = |timeouts: &mut Timeouts| {
        (timeouts.head, timeouts.idle) = (Duration::from_millis(1), Duration::from_millis(1));
    };
    let served = served_by(&node, short(tight)).await;
    let mut stream = served.connect().await;
    stream.write_all(ask.as_bytes()).await.expect("the node reads");
    let mut read = String::new();
    // Longer than it takes to look at a connection twice.
    while read.matches("\n:\n\n").count() < 150 {
        let mut some = [0; 1024];
        let bytes = stream.read(&mut some).await.expect("the stream goes on");
        assert_ne!(bytes, 0, "closed after {read}");
        read.push_str(std::str::from_utf8(&some[..bytes]).expect("streams are text"));
    }
    node.rest.feed.close();
    served.stop.cancel();
    let last = read_to_end(stream).await;
    assert!(last.contains("event: bye\n") && last.ends_with("\r\n0\r\n\r\n"), "{last}");
    served.ended.await.expect("it ends by itself");
}

#[tokio::test]
async fn a_reader_who_takes_nothing_loses_the_connection() {
    let (node, ask) = with_stream(3_600_000).await;
    // Nothing is written between two signs of life, as when nothing can be.
    let served = served_by(&node, short(|timeouts| timeouts.stalled = Duration::from_millis(1))).await;
    let mut stream = served.connect().await;
    stream.write_all(ask.as_bytes()).await.expect("the node reads");
    let mut read = Vec::new();
    let ended = stream.read_to_end(&mut read).await.map_err(|error| error.kind());
    assert_eq!(ended, Err(std::io::ErrorKind::ConnectionReset));
    assert!(String::from_utf8_lossy(&read).starts_with("HTTP/1.1 200 "));
}
