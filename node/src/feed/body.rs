//! The body of a stream's answer: what was missed, then what happens, and a sign of life in between.
//!
//! ```text
//!  retry ─► (behind: pages of what was missed) ─► what waits in the queue ─► bye, or broken off
//!               └── too old: reset ──────────────────▲
//! ```

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use livedrop_domain::Fault;
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep};

use super::backlog::{self, Page};
use super::hub::Subscription;
use super::subscriber::{Cut, Next};
use super::{Position, frame};

/// The frames of one stream, each ready to be written.
pub struct Body {
    subscription: Subscription,
    /// Frames that are ready, before anything else.
    ready: VecDeque<Bytes>,
    /// Events up to the second place are still to be read, from the first on.
    behind: Option<(Position, Position)>,
    reading: Option<BoxFuture<'static, Result<Page, Fault>>>,
    heartbeat: Interval,
    ends: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl Body {
    /// `ends_at` is when the reader's token is worth nothing any more.
    pub fn new(mut subscription: Subscription, ends_at: Option<Instant>) -> Self {
        let every = subscription.hub.settings.heartbeat;
        let mut heartbeat = tokio::time::interval_at(Instant::now() + every, every);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Body {
            behind: subscription.behind.take(),
            ready: [Some(frame::RETRY), subscription.begins_after.map(frame::position)].into_iter().flatten().collect(),
            subscription,
            reading: None,
            heartbeat,
            ends: ends_at.map(|at| Box::pin(tokio::time::sleep_until(at))),
            ended: false,
        }
    }

    /// Reads on in what was missed, until there is a frame of it or its end.
    fn poll_behind(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Cut>> {
        while let Some((after, until)) = self.behind
            && self.ready.is_empty()
        {
            let (hub, topic) = (&self.subscription.hub, self.subscription.subscriber.topic);
            let reading = self.reading.get_or_insert_with(|| Box::pin(backlog::page(hub.clone(), topic, after, until)));
            let page = ready!(reading.as_mut().poll(context));
            self.reading = None;
            match page {
                Ok(Page::Frames(frames, through)) => {
                    hub.meter.frames(frames.len());
                    self.ready.extend(frames);
                    self.behind = Some((through, until)).filter(|(through, until)| through < until);
                }
                Ok(Page::TooOld(oldest)) => {
                    hub.meter.reset();
                    self.ready.push_back(frame::reset(until, oldest));
                    self.behind = None;
                }
                Err(fault) => {
                    tracing::error!(%fault, "what a stream missed could not be read");
                    return Poll::Ready(Err(Cut::Fault));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        if let Some(ends) = &mut self.ends
            && ends.as_mut().poll(context).is_ready()
        {
            self.ends = None;
            self.subscription.subscriber.bye();
        }
        if let Some(why) = self.subscription.subscriber.is_cut() {
            return Poll::Ready(Some(Err(why)));
        }
        match self.poll_behind(context) {
            Poll::Ready(Err(why)) => return Poll::Ready(Some(Err(why))),
            Poll::Pending => {
                self.subscription.subscriber.listen(context);
                return Poll::Pending;
            }
            Poll::Ready(Ok(())) => {}
        }
        if let Some(frame) = self.ready.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        Poll::Ready(match ready!(self.subscription.subscriber.poll_next(context)) {
            Next::Frame(frame) => Some(Ok(frame)),
            Next::Cut(why) => Some(Err(why)),
            Next::Bye => {
                self.ended = true;
                Some(Ok(frame::BYE))
            }
        })
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Cut>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        match self.poll_frame(context) {
            Poll::Ready(frame) => {
                self.ended |= matches!(frame, Some(Err(_)));
                Poll::Ready(frame)
            }
            Poll::Pending => self.heartbeat.poll_tick(context).map(|_| Some(Ok(frame::HEARTBEAT))),
        }
    }
}
