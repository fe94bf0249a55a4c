//! A reader of a stream of events (WHATWG HTML, section 9.2), as a browser's `EventSource` is one: it comes back, to any
//! node, with the id of the last event that it saw.

use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use reqwest::{Client, Response};

use crate::api::Account;
use crate::checker::event_order::Position;

/// What a stream said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Where the reader stands: nothing before it will come.
    Stands(Position),
    /// An event, by its id and its name.
    Event(Position, String),
    /// What was before is not kept; it goes on from here. With the oldest log index that is kept.
    Reset(Position, u64),
    /// A sample of the stock.
    Sample,
    /// The node ends the stream politely.
    Bye,
}

/// One open stream.
pub struct Stream {
    response: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<axum::body::Bytes>> + Send>>,
    parser: Parser,
}

impl Stream {
    /// Opens the stream at `url`, after the last event that was seen, if there was one.
    pub async fn open(client: &Client, url: &str, who: Option<&Account>, after: Option<Position>) -> Result<Self> {
        let mut request = client.get(url).header("Accept", "text/event-stream");
        if let Some(account) = who {
            request = request.bearer_auth(&account.token);
        }
        if let Some((index, ordinal)) = after {
            request = request.header("Last-Event-ID", format!("{index}-{ordinal}"));
        }
        let response: Response = request.send().await?;
        if response.status() != 200 {
            bail!("{url}: {} {}", response.status(), response.text().await.unwrap_or_default());
        }
        Ok(Stream { response: Box::pin(response.bytes_stream()), parser: Parser::default() })
    }

    /// What it says next, which may be several things at once; none when it has ended.
    pub async fn next(&mut self) -> Result<Option<Vec<Said>>> {
        match self.response.next().await {
            Some(bytes) => self.parser.take(&bytes?).map(Some),
            None => Ok(None),
        }
    }
}

/// Puts lines together from pieces, and blocks from lines.
#[derive(Debug, Default)]
struct Parser {
    rest: Vec<u8>,
    id: Option<Position>,
    event: String,
    data: Option<String>,
}

impl Parser {
    fn take(&mut self, bytes: &[u8]) -> Result<Vec<Said>> {
        self.rest.extend_from_slice(bytes);
        let mut said = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = std::str::from_utf8(&line[..end]).context("a stream is UTF-8")?;
            match line.split_once(':').unwrap_or((line, "")) {
                ("", _) if line.is_empty() => said.extend(self.block()?),
                ("id", id) => self.id = Some(position(id.trim_start())?),
                ("event", event) => self.event = event.trim_start().to_owned(),
                ("data", data) => self.data = Some(data.trim_start().to_owned()),
                // A comment, or when to come back.
                _ => {}
            }
        }
        Ok(said)
    }

    fn block(&mut self) -> Result<Option<Said>> {
        let (id, event) = (self.id.take(), std::mem::take(&mut self.event));
        let Some(data) = self.data.take() else { return Ok(id.map(Said::Stands)) };
        Ok(match (event.as_str(), id) {
            ("stock", None) => Some(Said::Sample),
            ("bye", None) => Some(Said::Bye),
            ("reset", Some(id)) => {
                let data: serde_json::Value = serde_json::from_str(&data)?;
                let oldest = data["oldest_index"].as_str().context("a reset says where the feed begins")?;
                Some(Said::Reset(id, oldest.parse()?))
            }
            (_, Some(id)) => Some(Said::Event(id, event)),
            (_, None) => bail!("an event {event} without an id"),
        })
    }
}

/// Reads `<index>-<ordinal>`.
pub fn position(id: &str) -> Result<Position> {
    let (index, ordinal) = id.split_once('-').with_context(|| format!("{id} is not the id of an event"))?;
    Ok((index.parse()?, ordinal.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_however_they_are_cut() {
        let text = "retry: 2000\n\nid: 7-1\n\n:\n\nid: 8-0\nevent: drop.live\ndata: {}\n\nevent: stock\ndata: {}\n\n\
                    id: 9-2\nevent: reset\ndata: {\"oldest_index\":\"4\"}\n\nevent: bye\ndata: {}\n\n";
        let wanted = [
            Said::Stands((7, 1)),
            Said::Event((8, 0), "drop.live".into()),
            Said::Sample,
            Said::Reset((9, 2), 4),
            Said::Bye,
        ];
        for size in [1, 3, 7, text.len()] {
            let mut parser = Parser::default();
            let said: Vec<_> =
                text.as_bytes().chunks(size).flat_map(|piece| parser.take(piece).expect("it is a stream")).collect();
            assert_eq!(said, wanted, "in pieces of {size}");
        }
    }

    #[test]
    fn an_event_without_an_id_could_not_be_resumed_and_is_refused() {
        assert!(Parser::default().take(b"event: drop.live\ndata: {}\n\n").is_err());
    }
}
