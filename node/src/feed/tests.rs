//! The hub over a shop that can be made to fail.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::FutureExt;
use livedrop_domain::{DropId, Timestamp};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::subscriber::Next;
use super::{Cut, Hub, Origin, Position, Refused, Settings, Subscription, Topic, Wanted, backlog, follow};
use crate::rest::Double;

const DROP: DropId = DropId::from_u128(1);

fn hub() -> (Arc<Double>, Arc<Hub>) {
    let shop = Arc::new(Double::at(Timestamp(1_000_000)));
    shop.pass(1);
    (shop.clone(), Hub::new(shop, Settings::default()).expect("memory does not fail"))
}

fn join(hub: &Arc<Hub>, after: Option<Position>) -> Result<Subscription, Refused> {
    hub.subscribe(Wanted { topic: Topic::Drop(DROP), origin: Origin::default(), after, line: None })
}

fn next(subscription: &Subscription) -> Option<Next> {
    match subscription.subscriber.poll_next(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(next) => Some(next),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn a_stock_that_cannot_be_read_is_asked_for_again_after_a_pause() {
    let (shop, hub) = hub();
    let _watcher = join(&hub, None).expect("there is room");
    shop.fail_to_look(true);
    hub.sample_due();
    assert!(hub.next_sample().expect("it is still wanted") > Instant::now() + Duration::from_millis(100));
}

#[tokio::test]
async fn a_hub_that_begins_anew_cuts_whoever_is_there_and_whoever_comes_then_misses_nothing() {
    let (shop, hub) = hub();
    let before = join(&hub, None).expect("there is room");
    let through = hub.through();
    shop.pass(1);
    hub.begin_anew_at_present(Cut::Gap).await;
    assert_eq!(next(&before), Some(Next::Cut(Cut::Gap)));
    let after = join(&hub, Some(through)).expect("there is room");
    assert_eq!(after.behind, Some((through, hub.through())), "it reads what was passed over");
    assert!(hub.through() > through);
}

#[tokio::test]
async fn nobody_joins_while_it_cannot_be_read_where_to_go_on_and_then_everybody_may() {
    let (shop, hub) = hub();
    let before = join(&hub, None).expect("there is room");
    shop.fail_to_look(true);
    hub.begin_anew_at_present(Cut::Fault).await;
    assert_eq!(next(&before), Some(Next::Cut(Cut::Fault)));
    assert!(matches!(join(&hub, None), Err(Refused::Lost)));
    shop.fail_to_look(false);
    let stop = CancellationToken::new();
    let following = tokio::spawn(follow(hub.clone(), shop.facts(), stop.clone()));
    while join(&hub, None).is_err() {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    following.await.expect("it does not panic");
}

#[tokio::test]
async fn a_stream_that_leaves_while_it_reads_the_journal_does_not_let_another_one_in() {
    let (shop, hub) = hub();
    let until = hub.through();
    let looks = shop.hold();
    let page = backlog::page(hub.clone(), Topic::Drop(DROP), (0, 0), until);
    assert!(page.now_or_never().is_none(), "the look waits");
    let free = hub.journal_readers.available_permits();
    drop(looks);
    assert_eq!(free, 3, "the reading goes on");
    drop(hub.journal_readers.acquire_many(4).await.expect("it is never closed"));
}
