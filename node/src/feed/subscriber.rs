//! One stream as the hub sees it: what it is about, and the frames that its reader has not taken yet.
//!
//! The frames that wait are bounded. A stream whose reader falls further behind is cut off, which its reader sees and
//! resumes from: no event is ever dropped in silence.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use livedrop_domain::{AccountId, DropId, SessionId};

use super::Position;

/// What waits for one reader at most.
const FRAMES_MAX: usize = 256;
const BYTES_MAX: usize = 64 << 10;

/// What a stream is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// What happens to one drop, and samples of its stock.
    Drop(DropId),
    /// What concerns one account: its orders, and the drops of creators that it follows.
    Account(AccountId),
}

/// Why a stream is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cut {
    #[error("its reader is too slow")]
    Slow,
    #[error("this node has missed a part of the feed")]
    Gap,
    #[error("the feed could not be read")]
    Fault,
}

impl Cut {
    /// As it is named in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Cut::Slow => "slow",
            Cut::Gap => "gap",
            Cut::Fault => "fault",
        }
    }
}

/// What a stream's reader gets next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Frame(Bytes),
    /// Nothing more comes: the stream says so and ends.
    Bye,
    /// It breaks off.
    Cut(Cut),
}

/// Where a stream comes from, for the limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    pub session: Option<SessionId>,
    /// None for a stream that counts against its account.
    pub address: Option<IpAddr>,
}

/// Something that can be torn down from outside, though nobody takes what is written to it.
pub trait Line: Send + Sync {
    fn cut(&self);
}

pub struct Subscriber {
    pub topic: Topic,
    pub origin: Origin,
    line: Option<Arc<dyn Line>>,
    waiting: Mutex<Waiting>,
}

struct Waiting {
    /// Events up to here are not for this queue: the reader has them, or gets them from what was before.
    after: Position,
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// The latest sample only: a reader has no use for older ones.
    stock: Option<Bytes>,
    end: Option<Next>,
    waker: Option<Waker>,
}

impl Subscriber {
    pub fn new(topic: Topic, origin: Origin, line: Option<Arc<dyn Line>>, after: Position) -> Self {
        let waiting = Waiting { after, frames: VecDeque::new(), bytes: 0, stock: None, end: None, waker: None };
        Subscriber { topic, origin, line, waiting: Mutex::new(waiting) }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nothing panics while it moves frames")
    }

    /// Adds an event, unless the reader has it. Says whether it waits now.
    ///
    /// Errors: `Slow`, when it does not fit; the stream is cut off then.
    pub fn push(&self, position: Position, frame: impl FnOnce() -> Bytes) -> Result<bool, Cut> {
        let mut waiting = self.waiting();
        if position <= waiting.after || waiting.end.is_some() {
            return Ok(false);
        }
        let frame = frame();
        if waiting.frames.len() >= FRAMES_MAX || waiting.bytes + frame.len() > BYTES_MAX {
            drop(waiting);
            self.cut(Cut::Slow);
            return Err(Cut::Slow);
        }
        waiting.after = position;
        waiting.bytes += frame.len();
        waiting.frames.push_back(frame);
        waiting.wake();
        Ok(true)
    }

    /// Puts the newest sample in the place of one that was not taken yet.
    pub fn sample(&self, frame: Bytes) {
        let mut waiting = self.waiting();
        waiting.stock = Some(frame);
        waiting.wake();
    }

    /// Lets the stream end politely, once what waits was taken.
    pub fn bye(&self) {
        let mut waiting = self.waiting();
        waiting.end.get_or_insert(Next::Bye);
        waiting.wake();
    }

    /// Breaks the stream off, also when its reader takes nothing.
    pub fn cut(&self, why: Cut) {
        let mut waiting = self.waiting();
        waiting.end = Some(Next::Cut(why));
        // Nobody will take these, and the connection may take a moment to close.
        waiting.frames = VecDeque::new();
        (waiting.bytes, waiting.stock) = (0, None);
        waiting.wake();
        drop(waiting);
        if let Some(line) = &self.line {
            line.cut();
        }
    }

    /// Whether the stream was cut off, for one that is busy with what was before.
    pub fn is_cut(&self) -> Option<Cut> {
        match self.waiting().end {
            Some(Next::Cut(why)) => Some(why),
            _ => None,
        }
    }

    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<Next> {
        let mut waiting = self.waiting();
        if let Some(frame) = waiting.frames.pop_front() {
            waiting.bytes -= frame.len();
            return Poll::Ready(Next::Frame(frame));
        }
        if let Some(sample) = waiting.stock.take() {
            return Poll::Ready(Next::Frame(sample));
        }
        match waiting.end {
            Some(Next::Bye) => Poll::Ready(Next::Bye),
            Some(Next::Cut(why)) => Poll::Ready(Next::Cut(why)),
            _ => {
                waiting.listen(context);
                Poll::Pending
            }
        }
    }

    /// Has this task woken when there is something new, without taking it.
    pub fn listen(&self, context: &Context<'_>) {
        self.waiting().listen(context);
    }
}

impl Waiting {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn listen(&mut self, context: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(context.waker()),
            None => self.waker = Some(context.waker().clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn subscriber(after: Position) -> Subscriber {
        Subscriber::new(Topic::Drop(DropId::from_u128(1)), Origin::default(), None, after)
    }

    fn taken(subscriber: &Subscriber) -> Vec<Next> {
        let mut context = Context::from_waker(Waker::noop());
        let mut taken = Vec::new();
        while let Poll::Ready(next) = subscriber.poll_next(&mut context) {
            let ended = !matches!(next, Next::Frame(_));
            taken.push(next);
            if ended {
                break;
            }
        }
        taken
    }

    #[test]
    fn what_the_reader_has_is_not_for_its_queue() {
        let subscriber = subscriber((7, 1));
        for (position, waits) in [((7, 0), false), ((7, 1), false), ((7, 2), true), ((8, 0), true), ((8, 0), false)] {
            assert_eq!(subscriber.push(position, || Bytes::from_static(b"x")), Ok(waits), "{position:?}");
        }
    }

    #[test]
    fn a_reader_that_falls_behind_is_cut_and_its_line_torn_down() {
        #[derive(Default)]
        struct Torn(AtomicBool);
        impl Line for Torn {
            fn cut(&self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let frames = [(FRAMES_MAX, 1), (BYTES_MAX / 1_000, 1_000)];
        for (fit, bytes) in frames {
            let line = Arc::new(Torn::default());
            let topic = Topic::Drop(DropId::from_u128(1));
            let subscriber = Subscriber::new(topic, Origin::default(), Some(line.clone()), (0, 0));
            let push = |index| subscriber.push((index, 0), || Bytes::from(vec![b'x'; bytes]));
            assert!((1..=fit as u64).all(|index| push(index) == Ok(true)));
            assert!(!line.0.load(Ordering::Relaxed));
            assert_eq!(push(1_000), Err(Cut::Slow));
            assert!(line.0.load(Ordering::Relaxed));
            assert_eq!(taken(&subscriber), [Next::Cut(Cut::Slow)]);
        }
    }

    #[test]
    fn only_the_latest_sample_waits_and_events_go_before_it() {
        let subscriber = subscriber((0, 0));
        subscriber.sample(Bytes::from_static(b"one"));
        subscriber.sample(Bytes::from_static(b"two"));
        subscriber.push((1, 0), || Bytes::from_static(b"event")).expect("there is room");
        subscriber.bye();
        let frame = |text: &'static str| Next::Frame(Bytes::from_static(text.as_bytes()));
        assert_eq!(taken(&subscriber), [frame("event"), frame("two"), Next::Bye]);
    }
}
