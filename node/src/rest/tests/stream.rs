//! What a reader of a stream sees.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Call, Node};

/// Longer than anything takes, even on a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// One frame that is not a comment.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub id: Option<String>,
    pub kind: String,
    pub data: Value,
}

pub struct Reader {
    body: Body,
    read: String,
}

impl Call<'_> {
    /// Begins a stream; it begins by saying when to come back.
    pub async fn stream(self) -> Reader {
        let response = self.begin().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let mut reader = Reader { body: response.into_body(), read: String::new() };
        assert_eq!(reader.block().await.as_deref(), Some("retry: 2000"), "it says when to come back");
        reader
    }
}

impl Node {
    /// The events of a drop after one of them.
    pub async fn resume(&self, drop: &str, after: &str) -> Reader {
        self.get(&format!("/v1/drops/{drop}/events")).header("last-event-id", after).stream().await
    }
}

impl Reader {
    /// The next text up to an empty line; none at the end of the stream, also where it breaks off.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let block = block.to_owned();
                self.read = rest.to_owned();
                return Some(block);
            }
            let frame = timeout(PATIENCE, self.body.frame()).await.expect("something comes in time");
            let data = frame?.ok()?.into_data().expect("a stream has no trailers");
            self.read.push_str(std::str::from_utf8(&data).expect("streams are text"));
        }
    }

    /// The next frame; none at the end.
    pub async fn frame(&mut self) -> Option<Frame> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            if let (Some(kind), Some(data)) = (field("event: "), field("data: ")) {
                let data = serde_json::from_str(&data).expect("data is JSON");
                return Some(Frame { id: field("id: "), kind, data });
            }
        }
    }

    /// The next frame that is not a sample.
    pub async fn event(&mut self) -> Frame {
        loop {
            let frame = self.frame().await.expect("the stream goes on");
            if frame.kind != "stock" {
                return frame;
            }
        }
    }

    /// The types of the next events.
    pub async fn kinds(&mut self, count: usize) -> Vec<String> {
        let mut kinds = Vec::new();
        while kinds.len() < count {
            kinds.push(self.event().await.kind);
        }
        kinds
    }

    /// The next sample of the stock: what is available of the first variant.
    pub async fn available(&mut self) -> u64 {
        loop {
            let frame = self.frame().await.expect("the stream goes on");
            if frame.kind == "stock" {
                assert_eq!(frame.id, None, "a sample has no id");
                return frame.data["items"][0]["available"].as_u64().expect("it is a number");
            }
        }
    }

    /// Reads until the stream ends, and says whether it said so.
    pub async fn says_bye(&mut self) -> bool {
        let mut last = None;
        while let Some(frame) = self.frame().await {
            last = Some(frame);
        }
        last == Some(Frame { id: None, kind: "bye".into(), data: json!({}) })
    }
}
