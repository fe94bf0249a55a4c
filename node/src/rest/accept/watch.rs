//! Where a connection stands, and since when.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Timeouts;
use crate::feed::Line;

/// Milliseconds that all connections share, so that noting the time costs a load and not a call.
#[derive(Clone)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    const STEP: Duration = Duration::from_millis(50);

    /// Runs until the last one who could read it is gone.
    pub fn start() -> Self {
        let ms = Arc::new(AtomicU64::new(0));
        let (shared, started) = (Arc::downgrade(&ms), Instant::now());
        tokio::spawn(async move {
            let mut step = tokio::time::interval(Clock::STEP);
            while let Some(ms) = shared.upgrade() {
                ms.store(started.elapsed().as_millis() as u64, Ordering::Relaxed);
                drop(ms);
                step.tick().await;
            }
        });
        Clock(ms)
    }

    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Which of its times a connection has overstepped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overdue {
    Head,
    Body,
    Idle,
    /// The reader of a stream takes nothing.
    Stalled,
    /// Whoever writes a stream has given its reader up.
    Cut,
}

const HEAD: u64 = 0;
const BODY: u64 = 1;
const BODY_OVERDUE: u64 = 2;
const WORKING: u64 = 3;
const WAITING: u64 = 4;
const STREAMING: u64 = 5;
/// Bits of the state that say which of these it is; the others say since when, in milliseconds.
const PHASE_BITS: u32 = 3;

/// Where one connection stands. Only its own task writes that.
pub struct Watch {
    clock: Clock,
    state: AtomicU64,
    /// Set from anywhere: the connection is to end, though nobody takes what is written to it.
    cut: AtomicBool,
}

/// The connection that a request came over, for streams, which outlive the request.
#[derive(Clone)]
pub struct Connection(pub Arc<Watch>);

/// Put into an answer whose body is a stream without an end.
#[derive(Clone, Copy)]
pub struct Streaming;

impl Watch {
    pub fn new(clock: Clock) -> Self {
        let state = AtomicU64::new(clock.now_ms() << PHASE_BITS | HEAD);
        Watch { clock, state, cut: AtomicBool::new(false) }
    }

    /// A watch that nobody looks at, for requests that come from no connection.
    pub fn idle() -> Self {
        Watch::new(Clock(Arc::default()))
    }

    pub fn work_begins(&self) {
        self.enter(WORKING);
    }

    pub fn body_begins(&self) {
        self.enter(BODY);
    }

    pub fn body_ends(&self) {
        self.enter(WORKING);
    }

    pub fn work_ends(&self) {
        self.enter(WAITING);
    }

    /// The answer is a stream: it goes on for as long as its reader takes something now and then.
    pub fn stream_begins(&self) {
        self.enter(STREAMING);
    }

    /// Whether the connection is to be torn down, and not to be closed after all that was written has arrived.
    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// What `reading` gives, unless the body takes too long. The connection's task is woken to look at its watch and
    /// polls this along with the rest, so nothing else has to wake it.
    pub async fn unless_overdue<T>(&self, reading: impl Future<Output = T>) -> Result<T, Overdue> {
        let mut reading = pin!(reading);
        std::future::poll_fn(|context| match reading.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending if self.phase() == BODY_OVERDUE => Poll::Ready(Err(Overdue::Body)),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Whether the connection takes too long.
    pub fn look(&self, timeouts: &Timeouts) -> Option<Overdue> {
        let state = self.state.load(Ordering::Relaxed);
        let spent = Duration::from_millis(self.clock.now_ms().saturating_sub(state >> PHASE_BITS));
        match self.phase() {
            _ if self.is_cut() => Some(Overdue::Cut),
            STREAMING if spent > timeouts.stalled => {
                self.cut();
                Some(Overdue::Stalled)
            }
            HEAD if spent > timeouts.head => Some(Overdue::Head),
            WAITING if spent > timeouts.idle => Some(Overdue::Idle),
            BODY if spent > timeouts.body => {
                self.enter(BODY_OVERDUE);
                Some(Overdue::Body)
            }
            _ => None,
        }
    }

    fn phase(&self) -> u64 {
        self.state.load(Ordering::Relaxed) & ((1 << PHASE_BITS) - 1)
    }

    fn enter(&self, phase: u64) {
        self.state.store(self.clock.now_ms() << PHASE_BITS | phase, Ordering::Relaxed);
    }

    fn bytes_came(&self) {
        if self.phase() == WAITING {
            self.enter(HEAD);
        }
    }

    fn bytes_went(&self) {
        if let phase @ (WAITING | STREAMING) = self.phase() {
            self.enter(phase);
        }
    }
}

impl Line for Watch {
    fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }
}

/// A stream whose bytes the watch hears of.
pub struct Watched {
    stream: TcpStream,
    watch: Arc<Watch>,
}

impl Watched {
    pub fn new(stream: TcpStream, watch: Arc<Watch>) -> Self {
        Watched { stream, watch }
    }
}

impl Drop for Watched {
    /// Nobody takes what the system still holds of a stream that was cut: it is thrown away with the connection.
    fn drop(&mut self) {
        if self.watch.is_cut()
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "a connection could not be reset");
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.watch.bytes_came();
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if written.is_ready() {
            self.watch.bytes_went();
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        if written.is_ready() {
            self.watch.bytes_went();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
