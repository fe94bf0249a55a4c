//! How good the answers are, by questions whose answers were judged by hand.

use std::collections::HashMap;

use super::shelf::{Shelf, asked, number, numbers, walk};
use crate::search::{Asked, Filters, Sort};

const JUDGED: &str = include_str!("judged.txt");
/// The mean must not fall below this.
const BAR: f64 = 0.93;

/// The discounted cumulative gain of the first ten grades
/// (Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002).
fn gain(grades: impl Iterator<Item = u32>) -> f64 {
    let discounted = |(place, grade): (u32, u32)| f64::from(2_u32.pow(grade) - 1) / f64::from(place + 2).log2();
    (0..).zip(grades.take(10)).map(discounted).sum()
}

#[tokio::test]
async fn the_answers_to_judged_questions_are_good() {
    let directory = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::full().await;
    let (follower, _kept) = shelf.indexed(directory.path());
    let numbers_of: HashMap<&str, u64> = Shelf::wares().map(|[_, name, ..]| name).zip(0..).collect();
    let mut scores = Vec::new();
    for line in JUDGED.lines().filter(|line| !line.starts_with('#')) {
        let (question, judged) = line.split_once(" | ").expect("a question and its answers");
        let grades: HashMap<u64, u32> = judged
            .split("; ")
            .map(|answer| {
                let (name, grade) = answer.rsplit_once(' ').expect("a name and a grade");
                let number = numbers_of.get(name).unwrap_or_else(|| panic!("{name} is not on the shelf"));
                (*number, grade.parse().expect("a grade"))
            })
            .collect();
        let found = numbers(&follower.search, asked(question)).await;
        let mut best: Vec<u32> = grades.values().copied().collect();
        best.sort_unstable_by(|one, other| other.cmp(one));
        let score = gain(found.iter().map(|n| grades.get(n).copied().unwrap_or(0))) / gain(best.into_iter());
        if score < 0.9 {
            let names: Vec<_> = found.iter().take(6).map(|n| Shelf::name(*n)).collect();
            println!("{score:.3}  {question}: {names:?}");
        }
        scores.push(score);
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    println!("nDCG@10 = {mean:.4} over {} questions and {} products", scores.len(), numbers_of.len());
    assert!(scores.len() >= 40 && numbers_of.len() >= 150);
    assert!(mean >= BAR, "nDCG@10 has fallen to {mean:.4}");
}

#[tokio::test]
async fn an_exact_answer_comes_before_one_with_a_letter_wrong() {
    let directory = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::full().await;
    shelf.rename(3, "Lantren").await;
    shelf.rename(4, "Lantern").await;
    let (follower, _kept) = shelf.indexed(directory.path());
    assert_eq!(numbers(&follower.search, asked("lantern ")).await[0], 4);
    assert_eq!(numbers(&follower.search, asked("lantren ")).await[0], 3);
    let found = numbers(&follower.search, asked("lantern ")).await;
    assert!(found.contains(&3), "{found:?}");
    // Three letters may not be wrong.
    assert!(numbers(&follower.search, asked("oka ")).await.is_empty());
}

#[tokio::test]
async fn filters_narrow_what_is_found_and_facets_count_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut shelf = Shelf::full().await;
    let kilnwork = shelf.creator("Kilnwork").await;
    shelf.sell(16, None).await;
    let (follower, _kept) = shelf.indexed(directory.path());
    let search = &follower.search;
    let everything = super::shelf::ask(search, Asked { limit: 100, ..asked("") }).await;
    assert_eq!(everything.total, Shelf::wares().count() as u64);
    let facets = everything.facets.expect("the first page has them");
    assert_eq!(facets.statuses.iter().map(|(_, count)| count).sum::<u64>(), everything.total);
    assert_eq!(facets.prices.iter().map(|(_, count)| count).sum::<u64>(), everything.total);
    for (creator, count) in facets.creators.iter().take(3) {
        let filters = Filters { creator: Some(*creator), ..Filters::default() };
        let found = walk(search, &Asked { filters, ..asked("") }, async || {}).await;
        assert_eq!(found.len() as u64, *count);
    }
    for (tag, count) in facets.tags.iter().take(5) {
        let filters = Filters { tag: Some(tag.to_uppercase()), ..Filters::default() };
        assert_eq!(walk(search, &Asked { filters, ..asked("") }, async || {}).await.len() as u64, *count, "{tag}");
        let typed = walk(search, &asked(&format!("tag:\"{tag}\"")), async || {}).await;
        assert_eq!(typed.len() as u64, *count, "{tag}");
    }
    let typed = walk(search, &asked(&format!("creator:{kilnwork}")), async || {}).await;
    assert_eq!(typed, walk(search, &asked("creator:KILNWORK"), async || {}).await);
    assert!(
        typed.iter().all(|place| Shelf::wares().nth(number(place) as usize).expect("it is there")[0] == "Kilnwork")
    );
    let sold = Filters { in_stock: Some(true), ..Filters::default() };
    assert_eq!(numbers(search, Asked { filters: sold, sort: Sort::Newest, ..asked("") }).await, [16]);
    let prices = Filters { price_min: Some(1_000), price_max: Some(2_499), ..Filters::default() };
    let found = walk(search, &Asked { filters: prices, ..asked("") }, async || {}).await;
    assert!(found.iter().all(|place| (1_000..2_500).contains(&super::shelf::price(number(place)).amount)));
    assert_eq!(found.len() as u64, facets.prices[1].1);
}
