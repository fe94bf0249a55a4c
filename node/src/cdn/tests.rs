//! The teller against doubles of its providers, over a shop in memory.

mod cloudflare;
mod generic;
mod leaders;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::json;
use tokio::net::TcpListener;

/// A listener that answers one thing after the other, then yes, and keeps what it was asked.
pub struct Stub {
    pub url: String,
    desk: Arc<Desk>,
}

/// A request as it came.
#[derive(Debug, Clone)]
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
    pub async fn answering(answers: impl IntoIterator<Item = Response>) -> Self {
        let desk = Arc::new(Desk { answers: Mutex::new(answers.into_iter().collect()), ..Desk::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Stub { url, desk }
    }

    /// What it was asked since it was last looked.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.desk.seen.lock().unwrap())
    }

    /// What it says next, before it says yes.
    pub fn then(&self, answer: Response) {
        self.desk.answers.lock().unwrap().push_back(answer);
    }
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub fn refusal(status: u16) -> Response {
    let body = json!({"success": false, "errors": [{"code": 1134, "message": "no"}]}).to_string();
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

async fn answer(State(desk): State<Arc<Desk>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    desk.seen.lock().unwrap().push(Seen { line: format!("{method} {uri}"), body, headers });
    let answer = desk.answers.lock().unwrap().pop_front();
    let yes = || json!({"success": true, "errors": [], "messages": [], "result": {"id": "1"}}).to_string();
    answer.unwrap_or_else(|| yes().into_response())
}
