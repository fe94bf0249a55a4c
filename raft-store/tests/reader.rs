//! Reading beside apply: one moment per view, and every fact once, in order.

mod common;

use common::shop::{DROP, STOCK};
use common::{apply, directory, entries, open};
use livedrop_domain::{drops, journal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_is_of_one_moment_while_apply_goes_on() {
    let directory = directory();
    let mut store = open(&directory);
    let all = entries(400, 5);
    apply(&mut store.machine, &all[..1]).await;
    let reader = store.reader.clone();
    let reading = std::thread::spawn(move || {
        let mut before = 0;
        while before < 399 {
            let (index, journal, stock) = reader
                .read(|view| {
                    let stock = drops::stock(view, DROP).expect("no fault");
                    (view.index(), journal::meta(view).expect("no fault").index, stock.0[0].held)
                })
                .expect("no fault");
            assert_eq!(index, journal);
            assert_eq!(stock, index * 5, "each entry after the first sells five");
            assert!(index >= before, "time does not go back");
            before = index;
        }
    });
    for entry in &all[1..] {
        apply(&mut store.machine, std::slice::from_ref(entry)).await;
    }
    reading.join().expect("no panic");
    let stock = store.reader.read(|view| drops::stock(view, DROP).expect("no fault")).expect("no fault");
    assert_eq!(stock.0[0].available, STOCK - 399 * 5);
}

#[tokio::test]
async fn facts_come_once_each_in_the_order_of_the_log() {
    let directory = directory();
    let mut store = open(&directory);
    let mut facts = store.reader.facts();
    let all = entries(20, 3);
    apply(&mut store.machine, &all[..7]).await;
    apply(&mut store.machine, &all[7..]).await;
    for index in 0..20 {
        let fact = facts.recv().await.expect("it was told");
        let journal = store.reader.read(|view| journal::at(view, index).expect("no fault")).expect("no fault");
        let journal = journal.expect("it is there");
        assert_eq!(
            (fact.index, &fact.events, fact.proposed_at, fact.resync),
            (index, &journal.events, journal.at, false)
        );
    }
    assert!(facts.try_recv().is_err());
}

#[tokio::test]
async fn waiting_for_an_index_ends_when_it_is_applied() {
    let directory = directory();
    let mut store = open(&directory);
    let reader = store.reader.clone();
    let waiting = tokio::spawn(async move {
        reader.wait_applied(4).await;
        reader.read(|view| view.index()).expect("no fault")
    });
    for entry in entries(5, 1) {
        assert!(!waiting.is_finished());
        apply(&mut store.machine, &[entry]).await;
    }
    assert_eq!(waiting.await.expect("no panic"), 4);
    let hash = store.reader.hash_at(4).expect("no fault");
    assert_eq!(hash, Some(common::hash(&store).1));
    assert_ne!(store.reader.hash_at(3).expect("no fault"), hash);
}

#[tokio::test]
async fn how_entries_are_cut_into_batches_changes_nothing() {
    let (one, other) = (directory(), directory());
    let (mut whole, mut single) = (open(&one), open(&other));
    let all = entries(60, 7);
    apply(&mut whole.machine, &all).await;
    for entry in &all {
        apply(&mut single.machine, std::slice::from_ref(entry)).await;
    }
    assert_eq!(common::hash(&whole), common::hash(&single));
}
