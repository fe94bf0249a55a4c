//! `bench purchase` against shops that tell the truth and shops that do not.

mod support;

use livedrop_proto::rest::problem::code;
use serde_json::Value;
use support::ctl::{Ended, Shell};
use support::{Double, Fault, closed_endpoint};

async fn bench(endpoints: &str, flags: &str) -> (Ended, Value) {
    let ended = Shell::new(endpoints).run(&format!("bench purchase --buyers 4 -o json {flags}")).await;
    let report = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    (ended, report)
}

#[tokio::test]
async fn a_drop_is_sold_out_and_the_books_are_exact() {
    let double = Double::open(0, 3).await;
    let (ended, report) = bench(&double.endpoints, "--units 500 -c 8 --audit 0").await;
    assert_eq!(ended.code, 0, "{report:#}");
    assert_eq!(report["audit"]["acknowledged"], 500);
    assert_eq!(report["refusals"]["409 sold_out"], 8, "each connection is told once");
    assert_eq!(report["audit"]["keys_checked"], 508);
    assert_eq!(report["audit"]["nodes"].as_array().unwrap().len(), 3);
    assert_eq!(double.shop().held, 500);
}

#[tokio::test]
async fn one_unit_for_many_is_bought_by_one() {
    let double = Double::open(0, 3).await;
    let (ended, report) = bench(&double.endpoints, "--units 1 -c 50 --audit 0").await;
    assert_eq!(ended.code, 0, "{report:#}");
    assert_eq!((&report["purchases"], &report["refusals"]["409 sold_out"]), (&1.into(), &50.into()));
}

#[tokio::test]
async fn with_a_limit_it_ends_when_every_buyer_has_his_share() {
    let double = Double::open(0, 1).await;
    let (ended, report) = bench(&double.endpoints, "--units 500 -c 3 --per-customer-limit 2").await;
    assert_eq!(ended.code, 0, "{report:#}");
    assert_eq!(report["purchases"], 8, "four buyers, two each");
}

#[tokio::test]
async fn an_open_loop_keeps_its_rate() {
    let double = Double::open(0, 3).await;
    let (ended, report) = bench(&double.endpoints, "-c 4 --rate 200 --duration 1 --warm-up 0").await;
    assert_eq!(ended.code, 0, "{report:#}");
    let sent = report["purchases"].as_u64().unwrap() + report["overdue"].as_u64().unwrap();
    assert!((190..=200).contains(&sent), "{report:#}");
}

#[tokio::test]
async fn an_outcome_that_is_unknown_is_settled_with_the_same_key() {
    let double = Double::open(0, 2).await;
    double.shop().faults.extend([Fault::DoAndRefuse(code::OUTCOME_UNKNOWN); 5]);
    double.shop().faults.extend([Fault::Refuse(code::NO_QUORUM); 5]);
    let endpoints = format!("{},{}", double.endpoints, closed_endpoint().await);
    let (ended, report) = bench(&endpoints, "--units 40 -c 3 --audit 0").await;
    assert_eq!(ended.code, 0, "{report:#}");
    assert_eq!(report["audit"]["acknowledged"], 40);
    assert!(report["repeated"].as_u64().unwrap() >= 10, "{report:#}");
    assert_eq!(report["audit"]["not_asked"].as_array().unwrap().len(), 1, "the node that is down is told");
}

#[tokio::test]
async fn a_shop_that_forgets_an_acknowledged_order_fails_the_audit() {
    let double = Double::open(0, 1).await;
    double.shop().faults.extend([Fault::Forget]);
    let (ended, report) = bench(&double.endpoints, "--units 20 -c 2 --audit 0").await;
    assert_eq!(ended.code, 1, "{report:#}");
    let findings = report["audit"]["findings"].to_string();
    assert!(findings.contains("is lost") && findings.contains("21 units were acknowledged"), "{findings}");
}

#[tokio::test]
async fn a_shop_that_oversells_fails_the_audit() {
    let double = Double::open(0, 1).await;
    double.shop().always = Some(Fault::Oversell);
    let (ended, report) = bench(&double.endpoints, "--units 5 -c 2 --duration 0.2 --warm-up 0").await;
    assert_eq!(ended.code, 1, "{report:#}");
    assert!(report["audit"]["findings"].to_string().contains("oversold"), "{report:#}");
}

#[tokio::test]
async fn tokens_for_other_load_generators_are_written_for_their_owner_only() {
    let double = Double::open(0, 1).await;
    let shell = Shell::new(&double.endpoints);
    let file = shell.home.path().join("tokens");
    let ended = shell.run(&format!("bench purchase --buyers 3 --units 9 --print-tokens {}", file.display())).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "drp_1\n"), "{}", ended.stderr);
    let tokens = std::fs::read_to_string(&file).unwrap();
    assert_eq!(tokens.lines().count(), 3);
    assert!(tokens.lines().all(|token| token.starts_with("token-of-")));
    assert_eq!(double.count("POST /v1/orders"), 0);

    let line = format!("bench purchase --tokens {} --drop drp_1 -c 2 --duration 5 --warm-up 0 -o json", file.display());
    let ended = shell.run(&line).await;
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert_eq!(double.shop().held, 9);
}
