//! What becomes of an index when its node crashes, loses it, or gets another state.

use std::fs;

use tokio_util::sync::CancellationToken;

use super::shelf::{Shelf, asked, numbers, settings};
use crate::search::follow::{Lost, follow};
use crate::search::volume::Unusable;
use crate::search::{Identity, Search, Source};

async fn some(n: std::ops::Range<u64>) -> Shelf {
    let mut shelf = Shelf::empty();
    for n in n {
        shelf.put(n).await;
    }
    shelf
}

#[tokio::test]
async fn an_index_that_was_not_committed_is_brought_up_from_the_journal() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut shelf = some(0..10).await;
    let (_, kept) = shelf.indexed(directory.path());
    let committed = kept.committed;
    // As after a crash: nothing is written any more.
    drop(kept);
    for n in 10..30 {
        shelf.put(n).await;
    }
    shelf.rename(3, "Zeppelin").await;
    shelf.retire(4).await;
    let mut follower = shelf.follower(directory.path());
    let mut kept = follower.open().expect("the index is there");
    assert_eq!(kept.seen, committed);
    follower.bring_up(&mut kept).expect("the journal reaches back");
    let search = &follower.search;
    assert_eq!(numbers(search, asked("zeppelin")).await, [3]);
    assert_eq!(super::shelf::ask(search, asked("")).await.total, 29);
    assert_eq!(search.indexed(), crate::rest::Shop::applied(&*shelf.shop));
}

#[tokio::test]
async fn a_lost_index_is_made_again_and_answers_as_before() {
    let directory = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::full().await;
    let (follower, kept) = shelf.indexed(directory.path());
    let before = numbers(&follower.search, asked("poster")).await;
    drop(kept);
    fs::remove_dir_all(directory.path()).expect("it is there");
    // Whoever reads the old one still can.
    assert_eq!(numbers(&follower.search, asked("poster")).await, before);
    let again = shelf.follower(directory.path());
    assert!(matches!(again.open(), Err(Lost::Unusable(Unusable::Foreign("there is no index yet")))));
    let (again, _kept) = shelf.indexed(directory.path());
    assert_eq!(numbers(&again.search, asked("poster")).await, before);
}

#[tokio::test]
async fn an_index_of_somebody_else_or_with_changed_files_is_not_used() {
    let directory = tempfile::tempdir().expect("a directory");
    let shelf = some(0..10).await;
    let (_, kept) = shelf.indexed(directory.path());
    let path = kept.volume.path().to_owned();
    drop(kept);
    let mut follower = shelf.follower(directory.path());
    follower.open().map(drop).expect("it is the shop's own");
    let store = fs::read_dir(&path).expect("it is there").filter_map(Result::ok);
    let store = store.map(|file| file.path()).find(|file| file.extension().is_some_and(|kind| kind == "idx"));
    let store = store.expect("an index has such a file");
    let mut bytes = fs::read(&store).expect("it can be read");
    bytes[10] ^= 0xff;
    fs::write(&store, bytes).expect("it can be written");
    assert!(follower.open().is_err());
    let (_, kept) = shelf.indexed(directory.path());
    drop(kept);
    follower.settings.identity = Identity { incarnation: "11".into(), ..follower.settings.identity };
    assert!(matches!(follower.open(), Err(Lost::Unusable(Unusable::Foreign(_)))));
}

#[tokio::test]
async fn an_index_may_be_ahead_of_a_state_that_applies_its_log_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let shelf = some(0..20).await;
    let (_, kept) = shelf.indexed(directory.path());
    let ahead = kept.committed;
    drop(kept);
    // The same entries once more, not all of them yet.
    let mut again = some(0..10).await;
    let mut follower = again.follower(directory.path());
    let mut kept = follower.open().expect("the index is there");
    assert!(kept.seen < ahead);
    follower.bring_up(&mut kept).expect("the journal reaches back");
    for n in 10..20 {
        again.put(n).await;
        follower.bring_up(&mut kept).expect("it is the same history");
    }
    assert_eq!((kept.seen, super::shelf::ask(&follower.search, asked("")).await.total), (ahead, 20));
}

#[tokio::test]
async fn an_index_of_another_history_is_made_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let (_, kept) = some(0..20).await.indexed(directory.path());
    drop(kept);
    let other = some(1..30).await;
    let mut follower = other.follower(directory.path());
    let mut kept = follower.open().expect("only the state can tell");
    assert!(matches!(follower.bring_up(&mut kept), Err(Lost::OtherHistory)));
}

#[tokio::test]
async fn the_thread_follows_and_leaves_an_index_that_the_next_start_takes_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut shelf = some(0..10).await;
    let (search, stop) = (Search::default(), CancellationToken::new());
    let source = Source { shop: shelf.shop.clone(), facts: shelf.facts.subscribe() };
    let thread = follow(settings(directory.path()), source, search.clone(), stop.clone()).expect("it starts");
    let patience = std::time::Duration::from_secs(20);
    let index = shelf.put(10).await;
    assert!(search.reaches(index, patience).await);
    assert_eq!(super::shelf::ask(&search, asked("")).await.total, 11);
    let index = shelf.retire(0).await;
    assert!(search.reaches(index, patience).await);
    assert_eq!(super::shelf::ask(&search, asked("")).await.total, 10);
    stop.cancel();
    tokio::task::spawn_blocking(|| thread.join()).await.expect("it ends").expect("it does not panic");
    let opened = shelf.follower(directory.path()).open().expect("the index is there");
    assert_eq!(opened.committed, index);
}
