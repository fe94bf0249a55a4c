//! Pages: the same of every index of the same products, and none twice while products come and go.

use std::collections::BTreeSet;

use livedrop_domain::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::shelf::{Shelf, ask, asked, number, numbers, product_id, walk};
use crate::search::{Asked, Filters, Sort};

const SORTS: [Sort; 5] = [Sort::Relevance, Sort::Newest, Sort::Cheapest, Sort::Dearest, Sort::Soonest];
const QUESTIONS: [&str; 12] = [
    "",
    "poster",
    "hodie",
    "co",
    "s",
    "\"of the\"",
    "the",
    "coffee -mug",
    "tag:kitchen",
    "running shoes",
    "xyzzy",
    "chefs knife",
];

/// Everything that an index answers.
async fn answers(search: &crate::search::Search) -> Vec<String> {
    let mut answers = Vec::new();
    for text in QUESTIONS {
        for sort in SORTS {
            let question = Asked { sort, limit: 7, ..asked(text) };
            let found = ask(search, question.clone()).await;
            let places = walk(search, &question, async || {}).await;
            answers.push(format!("{text:?} {sort:?} {} {:?} {places:?}", found.total, found.facets));
        }
        answers.push(format!("{text:?} {:?}", search.suggest(text.into(), 10).await.expect("there is an index").0));
    }
    answers
}

#[tokio::test]
async fn indexes_that_came_to_be_differently_answer_alike() {
    let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let mut shelf = Shelf::empty();
    // One is kept up step by step, with a segment for each, and documents that are replaced and deleted.
    let (mut follower, mut kept) = shelf.indexed(directories[0].path());
    let wares = Shelf::wares().count() as u64;
    for n in 0..wares {
        shelf.put(n).await;
        match n % 10 {
            3 => drop(shelf.sell(n, None).await),
            4 => drop(shelf.sell(n, Some(Timestamp(1_796_000_000_000 + n))).await),
            5 => drop(shelf.rename(n - 2, "Poster of a hoodie in the rain").await),
            7 => drop(shelf.retire(n - 1).await),
            9 => drop(shelf.end(n - 6).await),
            _ => {}
        }
        if n % 3 == 0 {
            follower.bring_up(&mut kept).expect("the shop has no fault");
        }
    }
    follower.bring_up(&mut kept).expect("the shop has no fault");
    // The other is made from the rows at once.
    let (other, _other_kept) = shelf.indexed(directories[1].path());
    let (step_by_step, at_once) = (answers(&follower.search).await, answers(&other.search).await);
    for (one, other) in step_by_step.iter().zip(&at_once) {
        assert_eq!(one, other);
    }
    assert_eq!(follower.search.indexed(), other.search.indexed());
}

#[tokio::test]
async fn walking_all_pages_while_products_are_put_in_gives_every_earlier_one_once() {
    let wares = Shelf::wares().count() as u64;
    for (text, sort) in
        SORTS.map(|sort| ("", sort)).into_iter().chain([("s", Sort::Relevance), ("hodie", Sort::Newest)])
    {
        let directory = tempfile::tempdir().expect("a directory");
        let mut shelf = Shelf::empty();
        for n in (0..wares).step_by(2) {
            shelf.put(n).await;
        }
        let (mut follower, mut kept) = shelf.indexed(directory.path());
        let question = Asked { sort, limit: 5, ..asked(text) };
        let before: Vec<u64> = walk(&follower.search, &question, async || {}).await.iter().map(number).collect();
        let mut next = 1;
        let search = follower.search.clone();
        let seen = walk(&search, &question, async || {
            for n in (next..wares).step_by(2).take(3) {
                shelf.put(n).await;
                next = n + 2;
            }
            follower.bring_up(&mut kept).expect("the shop has no fault");
        })
        .await;
        let seen: Vec<u64> = seen.iter().map(number).collect();
        let once: BTreeSet<u64> = seen.iter().copied().collect();
        assert_eq!(once.len(), seen.len(), "{text:?} {sort:?}: {seen:?}");
        assert!(before.iter().all(|n| once.contains(n)), "{text:?} {sort:?}");
        let earlier: Vec<u64> = seen.into_iter().filter(|n| n % 2 == 0).collect();
        assert_eq!(earlier, before, "{text:?} {sort:?}");
    }
}

#[tokio::test]
async fn each_order_is_the_one_that_was_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::full().await;
    for (n, starts_at) in [(5, 3), (50, 1), (100, 2)] {
        shelf.sell(n, Some(Timestamp(1_796_000_000_000 + starts_at))).await;
    }
    let (follower, _kept) = shelf.indexed(directory.path());
    let in_order = |sort| numbers(&follower.search, Asked { sort, limit: 100, ..asked("") });
    let newest = in_order(Sort::Newest).await;
    assert!(newest.is_sorted_by(|one, next| product_id(*one) > product_id(*next)));
    assert_eq!(newest, in_order(Sort::Relevance).await, "without a question the newest come first");
    let price = |n: &u64| super::shelf::price(*n).amount;
    assert!(in_order(Sort::Cheapest).await.is_sorted_by_key(price));
    assert!(in_order(Sort::Dearest).await.iter().rev().is_sorted_by_key(price));
    let soonest = in_order(Sort::Soonest).await;
    assert_eq!(soonest[..3], [50, 100, 5]);
    assert_eq!(soonest[3], newest[0]);
}

#[tokio::test]
async fn names_are_suggested_by_how_they_begin() {
    let directory = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::full().await;
    let (follower, _kept) = shelf.indexed(directory.path());
    let suggest = async |text: &str| {
        let (found, _) = follower.search.suggest(text.into(), 5).await.expect("there is an index");
        found.iter().map(|id| Shelf::name(u128::from_be_bytes(id.bytes()) as u64 & 0xffff)).collect::<Vec<_>>()
    };
    assert_eq!(suggest("lightho").await.len(), 3);
    assert!(suggest("sketeboa").await[0].contains("Skateboard"));
    assert_eq!(suggest("chess s").await[0], "Chess Set, Tournament");
    assert!(suggest("").await.is_empty() && suggest("\"").await.is_empty());
}

/// Texts that mean something to a search, and such that do not.
fn typed() -> impl Strategy<Value = String> {
    let parts = [
        "poster", "hodie", "\"", "-", "tag:", "creator:", "the", "t-shirt", "é", "\u{0}", " ", "s", "levi's", "(", "~2",
    ];
    let part = prop_oneof![proptest::sample::select(parts.to_vec()).prop_map(str::to_owned), ".{0,12}"];
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.join(" "))
}

#[tokio::test]
async fn whatever_is_typed_is_answered() {
    let directory = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::full().await;
    let (follower, _kept) = shelf.indexed(directory.path());
    let mut runner = TestRunner::deterministic();
    for _ in 0..500 {
        let text = typed().new_tree(&mut runner).expect("there are texts").current();
        let sort = SORTS[text.len() % SORTS.len()];
        let found = follower.search.find(Asked { sort, ..asked(&text) }).await;
        assert!(found.is_ok(), "{text:?}");
        assert!(follower.search.suggest(text.clone(), 5).await.is_ok(), "{text:?}");
    }
}

#[tokio::test]
async fn a_first_page_that_is_kept_is_gone_with_the_index_that_it_is_of() {
    let shelf = Shelf::full().await;
    let root = tempfile::tempdir().unwrap();
    let (mut follower, mut kept) = shelf.indexed(root.path());
    let everything = asked("");
    let before = ask(&follower.search, everything.clone()).await;
    let again = ask(&follower.search, everything.clone()).await;
    assert_eq!((&again.places, again.total, &again.facets), (&before.places, before.total, &before.facets));
    let newest = number(&before.places[0]);
    let index = shelf.retire(newest).await;
    follower.bring_up(&mut kept).unwrap();
    let after = ask(&follower.search, everything).await;
    assert_eq!((after.total, after.index), (before.total - 1, index));
    assert!(after.places.iter().all(|place| number(place) != newest));
    assert_ne!(after.facets, before.facets);
}

#[tokio::test]
async fn pages_that_differ_in_anything_are_not_taken_for_one_another() {
    let shelf = Shelf::full().await;
    let root = tempfile::tempdir().unwrap();
    let (follower, _kept) = shelf.indexed(root.path());
    let everything = asked("");
    let cheap = Filters { price_max: Some(5_000), ..Filters::default() };
    let others = [
        Asked { limit: 3, ..everything.clone() },
        Asked { sort: Sort::Dearest, ..everything.clone() },
        Asked { filters: cheap, ..everything.clone() },
        asked("poster"),
    ];
    let first = ask(&follower.search, everything).await.places;
    for other in others {
        assert_ne!(ask(&follower.search, other.clone()).await.places, first, "{other:?}");
    }
}
