//! A listener that answers one thing after the other and keeps what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;
use tokio::net::TcpListener;

use super::{Settings, Stripe};

pub struct Stub {
    url: String,
    desk: Arc<Desk>,
}

/// A request as it came.
#[derive(Clone)]
pub struct Seen {
    pub line: String,
    pub body: String,
    headers: HeaderMap,
}

#[derive(Default)]
struct Desk {
    answers: Mutex<VecDeque<Response>>,
    seen: Mutex<Vec<Seen>>,
}

impl Stub {
    pub async fn answering(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
        let text = |(status, body): (u16, Value)| {
            let status = StatusCode::from_u16(status).unwrap();
            (status, [("location", "/elsewhere")], body.to_string()).into_response()
        };
        Stub::giving(answers.into_iter().map(text)).await
    }

    /// When the answers are used up, it says nothing for ever.
    pub async fn giving(answers: impl IntoIterator<Item = Response>) -> Self {
        let desk = Arc::new(Desk { answers: Mutex::new(answers.into_iter().collect()), ..Desk::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Stub { url, desk }
    }

    pub fn settings(&self) -> Settings {
        Settings::new(&self.url, "sk_test_of_this_test")
    }

    pub fn stripe(&self) -> Stripe {
        Stripe::new(self.settings()).unwrap()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.desk.seen.lock().unwrap().clone()
    }
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

async fn answer(State(desk): State<Arc<Desk>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    desk.seen.lock().unwrap().push(Seen { line: format!("{method} {uri}"), body, headers });
    let answer = desk.answers.lock().unwrap().pop_front();
    match answer {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}
