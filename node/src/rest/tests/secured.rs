//! The HTTP port with TLS.

use std::path::Path;
use std::time::Duration;

use livedrop_certificates::{Authority, Location, Period, write_pair};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::super::accept::{Timeouts, serve};
use super::Node;
use crate::tls::{Files, HttpTls, Look};

struct Served {
    address: std::net::SocketAddr,
    authority: (Authority, String),
    folder: TempDir,
    tls: HttpTls,
    _stop: tokio_util::sync::DropGuard,
}

fn today() -> Period {
    Period::days(crate::clock::now().0 / 1_000, 1)
}

fn put(folder: &Path, authority: &Authority) -> Files {
    let location = Location::in_directory(folder, "http");
    for path in [&location.certificate, &location.key] {
        let _absent = std::fs::remove_file(path);
    }
    let pair = authority.node(None, 1, &["127.0.0.1".to_owned()], today()).expect("a certificate");
    write_pair(&location, &pair).expect("written");
    Files { section: "http.tls", authority: None, certificate: location.certificate, key: location.key }
}

impl Served {
    async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let (authority, pair) = Authority::make("shop", today()).expect("an authority");
        let tls = HttpTls::open(put(folder.path(), &authority)).expect("good files");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let stop = CancellationToken::new();
        let front = Node::new().front.clone();
        tokio::spawn(serve(listener, Some(tls.clone()), front, Timeouts::default(), stop.clone()));
        Served { address, authority: (authority, pair.certificate), folder, tls, _stop: stop.drop_guard() }
    }

    /// A client that keeps no connection: each request shakes hands anew.
    fn client(&self) -> reqwest::Client {
        let authority = reqwest::Certificate::from_pem(self.authority.1.as_bytes()).expect("a certificate");
        let client = reqwest::Client::builder().tls_certs_only([authority]).pool_max_idle_per_host(0).no_proxy();
        client.build().expect("a client")
    }

    async fn ask(&self, client: &reqwest::Client) -> reqwest::Result<reqwest::StatusCode> {
        let url = format!("https://{}/livez", self.address);
        client.get(url).timeout(Duration::from_secs(30)).send().await.map(|answer| answer.status())
    }
}

#[tokio::test]
async fn clients_that_know_the_authority_are_answered() {
    let served = Served::open().await;
    assert_eq!(served.ask(&served.client()).await.expect("an answer"), 200);
    let stranger = reqwest::Client::builder().no_proxy().build().expect("a client");
    assert!(served.ask(&stranger).await.is_err(), "who does not know the authority does not talk to it");
}

#[tokio::test]
async fn what_is_not_tls_is_closed_and_not_answered() {
    let served = Served::open().await;
    let mut stream = TcpStream::connect(served.address).await.expect("it listens");
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("it reads");
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test]
async fn certificates_are_replaced_under_traffic_and_no_request_fails() {
    let served = Served::open().await;
    let client = served.client();
    let kept = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(served.authority.1.as_bytes()).expect("a certificate")])
        .no_proxy()
        .build()
        .expect("a client");
    for _ in 0..10 {
        put(served.folder.path(), &served.authority.0);
        assert_eq!(served.tls.look(), Look::Used);
        for client in [&client, &kept] {
            assert_eq!(served.ask(client).await.expect("an answer"), 200);
        }
    }
    std::fs::write(served.folder.path().join("http.pem"), "nothing").expect("written");
    assert_eq!(served.tls.look(), Look::Refused);
    assert_eq!(served.ask(&client).await.expect("an answer"), 200);
}
