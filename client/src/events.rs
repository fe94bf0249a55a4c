//! What happens, as it happens: streams that go on at the next node where the last one left off.

use std::pin::Pin;
use std::time::Duration;

use eventsource_stream::Eventsource;
use futures_util::{Stream, StreamExt, stream};
use livedrop_proto::rest::INDEX_HEADER;
use livedrop_proto::rest::events::{Events as Page, LAST_EVENT_ID_HEADER, ListEvents};
use serde_json::Value;

use crate::call::{Call, segment};
use crate::{Client, Error, random};

/// A node says something every 15 seconds. One that is silent for longer has been lost.
const SILENCE_MAX: Duration = Duration::from_secs(40);
/// Between two tries to find a node that answers.
const PAUSE_MAX: Duration = Duration::from_secs(5);
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// For as long as a reader may want to listen: a stream as a whole has no time of its own.
const NO_END: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The same on every node; none for a sample of the stock, which is only the latest of many.
    pub id: Option<String>,
    /// As in `drop.live`; `stock` for a sample; `reset` when what was missed is not kept any more.
    pub kind: String,
    pub data: Value,
}

/// A stream of events, which outlives the connections that it comes over.
pub struct Events {
    client: Client,
    path: String,
    /// The id of the last event that was seen, or where the first connection began.
    after: Option<String>,
    line: Option<Line>,
    pause: Duration,
}

type Line = Pin<Box<dyn Stream<Item = Option<eventsource_stream::Event>> + Send>>;

impl Client {
    /// What happens to a drop, and samples of its stock; what happened after `after` first.
    pub fn drop_events(&self, drop: &str, after: Option<String>) -> Events {
        Events::new(self, format!("/v1/drops/{}/events", segment(drop)), after)
    }

    /// What concerns the account: its orders, and the drops of creators that it follows.
    pub fn events(&self, after: Option<String>) -> Events {
        Events::new(self, "/v1/events".to_owned(), after)
    }

    /// A page of the whole feed as one node has it (operators).
    pub async fn feed(&self, wanted: &ListEvents) -> Result<Page, Error> {
        let call = Call::get("/v1/admin/events").with("after", wanted.after.as_ref()).with("limit", wanted.limit);
        Ok(self.ask(call).await?.body)
    }
}

impl Events {
    fn new(client: &Client, path: String, after: Option<String>) -> Self {
        Events { client: client.clone(), path, after, line: None, pause: Duration::ZERO }
    }

    /// Connects, unless it is connected.
    ///
    /// Errors: what a node refuses for good, as without a token. What may pass is waited for.
    pub async fn connect(&mut self) -> Result<(), Error> {
        while self.line.is_none() {
            tokio::time::sleep(self.pause).await;
            self.pause = (self.pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
            match self.open().await {
                Ok(line) => self.line = Some(line),
                Err(Error::Refused(refusal)) if !matches!(refusal.status, 429 | 500..) => {
                    return Err(Error::Refused(refusal));
                }
                Err(error) => self.pause = error.retry_after().map_or(self.pause, |asked| self.pause.max(asked)),
            }
        }
        Ok(())
    }

    /// The next event, from whichever node has it.
    ///
    /// Errors: as `connect`.
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            self.connect().await?;
            let next = match &mut self.line {
                Some(line) => line.next().await.flatten(),
                None => None,
            };
            match next.and_then(|event| self.take(event)) {
                Some(event) => return Ok(event),
                // It has broken off, or said that it ends.
                None => self.line = None,
            }
        }
    }

    /// The id after which a later stream would go on.
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    async fn open(&mut self) -> Result<Line, Error> {
        let request_id = random::name();
        let mut header = Vec::new();
        header.extend(self.after.clone().map(|after| (LAST_EVENT_ID_HEADER, after)));
        let response = self.client.open(&Call::get(self.path.as_str()), &header, NO_END, &request_id).await?;
        // Until something happens, the stream stands right after what the node had told before it began.
        let index = response.headers().get(INDEX_HEADER).and_then(|index| index.to_str().ok()?.parse::<u64>().ok());
        self.after = self.after.take().or_else(|| index.map(|index| format!("{index}-{}", u32::MAX)));
        let chunks = stream::unfold(response, |mut response| async {
            let chunk = tokio::time::timeout(SILENCE_MAX, response.chunk()).await.ok()?.ok()??;
            Some((Ok::<_, std::convert::Infallible>(chunk), response))
        });
        Ok(Box::pin(chunks.eventsource().map(Result::ok)))
    }

    /// None for the last word of a node, and for what cannot be read.
    fn take(&mut self, event: eventsource_stream::Event) -> Option<Event> {
        self.pause = Duration::ZERO;
        if event.event == "bye" {
            return None;
        }
        let is_sample = event.event == "stock";
        let data = serde_json::from_str(&event.data).ok()?;
        let id = Some(event.id).filter(|id| !is_sample && !id.is_empty());
        if id.is_some() {
            self.after.clone_from(&id);
        }
        Some(Event { id, kind: event.event, data })
    }
}
