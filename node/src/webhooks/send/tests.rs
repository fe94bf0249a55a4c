//! The sender against listeners, and against names that lie.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;

use super::*;

const SECRET: &[u8] = b"twenty-four bytes of one";

fn private() -> Settings {
    Settings { allow_private: true, deadline: Duration::from_secs(5) }
}

async fn post(sender: &Sender, url: &str) -> Sent {
    sender.post(url, &[SECRET], "evt_1", 1_614_265_330, b"{}".to_vec()).await
}

/// A listener that gives the same answer to everybody; its address, and what it has seen.
async fn listener(answer: fn() -> Response) -> (String, Arc<Mutex<Vec<(HeaderMap, String)>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = async move |State(seen): State<Arc<Mutex<Vec<_>>>>, headers: HeaderMap, body: String| {
        seen.lock().unwrap().push((headers, body));
        answer()
    };
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", socket.local_addr().unwrap());
    let router = Router::new().fallback(note).with_state(seen.clone());
    tokio::spawn(async move { axum::serve(socket, router).await });
    (url, seen)
}

/// Counts connections, and answers nobody.
async fn canary() -> (u16, Arc<AtomicUsize>) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while socket.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, count)
}

#[tokio::test]
async fn a_delivery_is_signed_and_says_which_it_is() {
    let (url, seen) = listener(|| StatusCode::NO_CONTENT.into_response()).await;
    let sent = post(&Sender::new(&private()).unwrap(), &url).await;
    assert_eq!((sent.status, sent.error), (Some(204), None));
    let (headers, body) = seen.lock().unwrap().pop().unwrap();
    assert_eq!(body, "{}");
    assert_eq!(headers[sign::ID], "evt_1");
    assert_eq!(headers[sign::TIMESTAMP], "1614265330");
    assert_eq!(headers[sign::SIGNATURE], sign::signature([SECRET], "evt_1", 1_614_265_330, b"{}"));
    assert_eq!(headers["content-type"], "application/json");
    assert!(headers["user-agent"].to_str().unwrap().starts_with("LiveDrops-Webhooks/"));
}

#[tokio::test]
async fn every_status_is_told_and_nobody_is_sent_elsewhere() {
    let (elsewhere, count) = canary().await;
    static ELSEWHERE: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    ELSEWHERE.set(format!("http://127.0.0.1:{elsewhere}/")).unwrap();
    let redirect = || (StatusCode::TEMPORARY_REDIRECT, [("location", ELSEWHERE.get().unwrap())]).into_response();
    let sender = Sender::new(&private()).unwrap();
    for (answer, status) in [
        (redirect as fn() -> Response, 307),
        (|| StatusCode::GONE.into_response(), 410),
        (|| StatusCode::INTERNAL_SERVER_ERROR.into_response(), 500),
    ] {
        assert_eq!(post(&sender, &listener(answer).await.0).await.status, Some(status));
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_without_an_end_is_left() {
    let endless = || {
        let noise = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>("noise".repeat(1_000)));
        Body::from_stream(noise).into_response()
    };
    let sent = post(&Sender::new(&private()).unwrap(), &listener(endless).await.0).await;
    assert_eq!(sent.status, Some(200));
}

#[tokio::test]
async fn a_silent_server_is_not_waited_for_longer_than_the_deadline() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let sender = Sender::new(&Settings { deadline: Duration::from_millis(200), ..private() }).unwrap();
    let sent = post(&sender, &url).await;
    assert_eq!(sent.error.as_deref(), Some("there was no answer in time"));
    assert!((150..5_000).contains(&sent.duration_ms), "{sent:?}");
}

#[tokio::test]
async fn what_went_wrong_is_said_in_our_words() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let sender = Sender::new(&private()).unwrap();
    let said = async |url: &str| post(&sender, url).await.error.unwrap();
    assert_eq!(said(&format!("http://{free}/")).await, "no connection could be made");
    assert_eq!(said("https://no-such-host.invalid/").await, "the host was not found");
    assert_eq!(said("nonsense").await, "the address must begin with https://");
}

/// A name server that gives each look its own answer, the last one from then on.
struct Rebinding {
    answers: Vec<&'static str>,
    looks: Arc<AtomicUsize>,
}

impl Resolve for Rebinding {
    fn resolve(&self, _: Name) -> Resolving {
        let look = self.looks.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        let answer = self.answers[look].split(' ').map(|ip| SocketAddr::new(ip.parse().unwrap(), 0));
        let answer: Vec<SocketAddr> = answer.collect();
        Box::pin(async move { Ok(Box::new(answer.into_iter()) as Addrs) })
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_followed() {
    let (port, count) = canary().await;
    let settings = Settings { deadline: Duration::from_secs(2), ..Settings::default() };
    for answer in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "8.8.8.8 127.0.0.1"] {
        let names = Rebinding { answers: vec![answer], looks: Arc::default() };
        let sender = Sender::resolving_by(&settings, names).unwrap();
        let sent = post(&sender, &format!("https://hooks.example:{port}/")).await;
        assert_eq!(sent.error.as_deref(), Some("the host is not on the public internet"), "{answer}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

/// Whatever is checked is what is connected to: there is no second look that could say something else.
#[tokio::test]
async fn a_name_is_looked_up_once_for_a_connection() {
    let (port, count) = canary().await;
    let looks = Arc::new(AtomicUsize::new(0));
    // The guard is shown a loopback address by a first look, and lets nobody through to what a second one would say.
    let names = Rebinding { answers: vec!["127.0.0.1", "8.8.8.8"], looks: looks.clone() };
    let sender = Sender::resolving_by(&Settings::default(), names).unwrap();
    let sent = post(&sender, &format!("https://hooks.example:{port}/")).await;
    assert_eq!(sent.error.as_deref(), Some("the host is not on the public internet"));
    assert_eq!((looks.load(Ordering::SeqCst), count.load(Ordering::SeqCst)), (1, 0));

    // Where private addresses are allowed the one look is all there is, too.
    let (url, _) = listener(|| StatusCode::OK.into_response()).await;
    let (looks, port) = (Arc::new(AtomicUsize::new(0)), url.rsplit(':').next().unwrap());
    let names = Rebinding { answers: vec!["127.0.0.1", "127.0.0.2"], looks: looks.clone() };
    let sender = Sender::resolving_by(&private(), names).unwrap();
    assert_eq!(post(&sender, &format!("http://hooks.example:{port}")).await.status, Some(200));
    assert_eq!(looks.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nothing_connects_to_an_address_that_is_refused() {
    let (port, count) = canary().await;
    let sender = Sender::new(&Settings::default()).unwrap();
    for host in
        ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0"]
    {
        for scheme in ["http", "https"] {
            let sent = post(&sender, &format!("{scheme}://{host}:{port}/")).await;
            assert_eq!(sent.status, None, "{scheme} {host}");
        }
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}
