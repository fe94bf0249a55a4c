//! One connection to a node, as cheap as a load generator's must be.
//!
//! It writes a request in one piece, reads until the answer is whole, and hands out slices of its buffer. It speaks as
//! much of HTTP/1.1 as the nodes do to such requests: answers with `Content-Length`.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// The longest answer to a purchase, in bytes.
const ANSWER_MAX: usize = 64 << 10;

#[derive(Debug)]
pub struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Set again for every request, which costs less than a timer for each.
    alarm: Pin<Box<Sleep>>,
    patience: Duration,
}

/// Why a line is of no use any more. Whether the request was done is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    Lost,
    TimedOut,
    /// The answer is not what a node says.
    Garbled,
}

/// A whole answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    pub status: u16,
    pub location: &'a [u8],
    pub retry_after: Option<Duration>,
    /// The node closes the connection after this answer.
    pub closes: bool,
    pub body: &'a [u8],
}

impl Line {
    pub async fn open(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let connect = TcpStream::connect(address);
        let stream = timeout(patience.min(Duration::from_secs(2)), connect).await.map_err(io::Error::other)??;
        stream.set_nodelay(true)?;
        Ok(Line { stream, buffer: Vec::with_capacity(4 << 10), alarm: Box::pin(sleep(patience)), patience })
    }

    /// Sends a request and waits for its answer.
    pub async fn call(&mut self, request: &[u8]) -> Result<Reply<'_>, Broken> {
        self.alarm.as_mut().reset(Instant::now() + self.patience);
        self.buffer.clear();
        self.stream.write_all(request).await.map_err(|_| Broken::Lost)?;
        let parsed = loop {
            let read = tokio::select! {
                biased;
                read = self.stream.read_buf(&mut self.buffer) => read.map_err(|_| Broken::Lost)?,
                () = self.alarm.as_mut() => return Err(Broken::TimedOut),
            };
            if read == 0 {
                return Err(Broken::Lost);
            }
            match parse(&self.buffer)? {
                Some(parsed) => break parsed,
                None if self.buffer.len() > ANSWER_MAX => return Err(Broken::Garbled),
                None => {}
            }
        };
        Ok(Reply {
            status: parsed.status,
            location: &self.buffer[parsed.location],
            retry_after: parsed.retry_after,
            closes: parsed.closes,
            body: &self.buffer[parsed.body],
        })
    }
}

/// Where the parts of an answer are.
#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    status: u16,
    location: Range<usize>,
    retry_after: Option<Duration>,
    closes: bool,
    body: Range<usize>,
}

/// None while the answer is not whole.
fn parse(bytes: &[u8]) -> Result<Option<Parsed>, Broken> {
    let mut headers = [httparse::EMPTY_HEADER; 48];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(bytes).map_err(|_| Broken::Garbled)? else {
        return Ok(None);
    };
    let (mut length, mut location, mut retry_after, mut closes) = (None, 0..0, None, false);
    for header in response.headers.iter() {
        let text = || std::str::from_utf8(header.value).ok().map(str::trim);
        match header.name {
            name if name.eq_ignore_ascii_case("content-length") => length = text().and_then(|text| text.parse().ok()),
            name if name.eq_ignore_ascii_case("location") => {
                let start = header.value.as_ptr().addr() - bytes.as_ptr().addr();
                location = start..start + header.value.len();
            }
            name if name.eq_ignore_ascii_case("retry-after") => {
                retry_after = text().and_then(|text| text.parse().ok()).map(Duration::from_secs);
            }
            name if name.eq_ignore_ascii_case("connection") => closes = header.value.eq_ignore_ascii_case(b"close"),
            _ => {}
        }
    }
    let length: usize = length.ok_or(Broken::Garbled)?;
    let end = head.checked_add(length).filter(|_| length <= ANSWER_MAX).ok_or(Broken::Garbled)?;
    if bytes.len() < end {
        return Ok(None);
    }
    let status = response.code.ok_or(Broken::Garbled)?;
    Ok(Some(Parsed { status, location, retry_after, closes, body: head..end }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\nLocation: /v1/orders/ord_1\r\n\r\n{}";

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        for cut in 0..ANSWER.len() {
            assert_eq!(parse(&ANSWER[..cut]), Ok(None), "{cut}");
        }
        let parsed = parse(ANSWER).expect("it is an answer").expect("it is whole");
        assert_eq!(parsed.status, 201);
        assert_eq!(&ANSWER[parsed.location], b"/v1/orders/ord_1");
        assert_eq!(&ANSWER[parsed.body], b"{}");
        assert!(!parsed.closes);
    }

    #[test]
    fn what_a_node_does_not_say_is_garbled() {
        let chunked: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
        let endless: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n";
        for bytes in [chunked, endless, b"SSH-2.0-OpenSSH_9.2\r\n"] {
            assert_eq!(parse(bytes), Err(Broken::Garbled));
        }
    }
}
