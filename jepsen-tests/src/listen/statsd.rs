//! An agent for metrics: hears DogStatsD datagrams, and reads each line as the protocol has it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// One line: the name of the metric, its type, and its tags.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub name: String,
    pub value: f64,
    /// `c` or `g`.
    pub kind: char,
    pub tags: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Heard {
    lines: Vec<Line>,
    /// The first that cannot be read, and why.
    wrong: Option<String>,
}

/// Listens until it is dropped.
pub struct Agent {
    heard: Arc<Mutex<Heard>>,
    address: String,
    listening: JoinHandle<()>,
}

impl Agent {
    pub async fn listen() -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await.context("listening for metrics")?;
        let (heard, address) = (Arc::<Mutex<Heard>>::default(), socket.local_addr()?.to_string());
        let kept = heard.clone();
        let listening = tokio::spawn(async move {
            let mut datagram = vec![0; 65_536];
            while let Ok(bytes) = socket.recv(&mut datagram).await {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                for line in String::from_utf8_lossy(&datagram[..bytes]).split('\n') {
                    match read(line) {
                        Ok(line) => kept.lines.push(line),
                        Err(why) => kept.wrong = kept.wrong.take().or(Some(format!("{line}: {why}"))),
                    }
                }
            }
        });
        Ok(Agent { heard, address, listening })
    }

    /// What `[telemetry] dogstatsd` is set to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// All lines so far. Fails when one was not well-formed.
    pub fn lines(&self) -> Result<Vec<Line>> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match &heard.wrong {
            Some(wrong) => bail!("a line is not well-formed: {wrong}"),
            None => Ok(heard.lines.clone()),
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// `name:value|type|#tag:value,…`
fn read(line: &str) -> Result<Line> {
    let (name, rest) = line.split_once(':').context("no colon after the name")?;
    ensure!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte)), "a name of other letters");
    ensure!(name.starts_with(|letter: char| letter.is_ascii_alphabetic()), "a name that begins with no letter");
    let parts: Vec<&str> = rest.split('|').collect();
    let [value, kind, tags] = parts[..] else { bail!("{} parts instead of three", parts.len()) };
    let value: f64 = value.parse().with_context(|| format!("{value} is no number"))?;
    ensure!(value.is_finite(), "{value} is no number");
    let kind = match kind {
        "c" => 'c',
        "g" => 'g',
        other => bail!("the type {other}"),
    };
    let tags = tags.strip_prefix('#').context("no tags")?;
    let tag = |tag: &str| {
        let (name, value) = tag.split_once(':').with_context(|| format!("the tag {tag} has no value"))?;
        ensure!(!name.is_empty() && !value.contains(char::is_whitespace), "the tag {tag}");
        Ok((name.to_owned(), value.to_owned()))
    };
    let tags = tags.split(',').map(tag).collect::<Result<_>>()?;
    Ok(Line { name: name.to_owned(), value, kind, tags })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_what_is_none_is_refused() {
        let line = read("livedrop_http_requests_total:3|c|#node:1,role:leader,route:/v1/orders/{id}").unwrap();
        assert_eq!((line.value, line.kind, line.tags["route"].as_str()), (3.0, 'c', "/v1/orders/{id}"));
        for wrong in
            ["", "a:1|c", "a:x|c|#b:1", "a:1|x|#b:1", "a b:1|c|#b:1", "a:1|c|#b", "a:1|c|#b:1|@0.5", "a:NaN|g|#b:1"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
