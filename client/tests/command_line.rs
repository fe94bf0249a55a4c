//! What scripts rely on: exit codes, and what goes to which stream.

mod support;

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use livedrop_proto::rest::problem::code;
use support::ctl::Shell;
use support::{Double, Fault, closed_endpoint};

#[tokio::test]
async fn a_purchase_shows_its_order_and_ends_with_0() {
    let double = Double::open(1, 3).await;
    let shell = Shell::new(&double.endpoints);
    let bought = shell.run("buy drp_1 --key k1 --token ada -o json").await;
    assert_eq!(bought.code, 0, "{bought:?}");
    let order: serde_json::Value = serde_json::from_str(&bought.stdout).unwrap();
    assert_eq!(order["id"], "ord_1");
    assert_eq!(bought.stderr, "");

    let again = shell.run("buy drp_1 --key k1 --token ada").await;
    assert_eq!(again.code, 0);
    assert!(again.stdout.contains("ord_1") && again.stdout.contains("49.99 EUR"), "{}", again.stdout);
    assert!(again.stderr.contains("used before"), "{}", again.stderr);

    let shown = shell.run("order show --key k1 --token ada").await;
    assert_eq!((shown.code, shown.stdout), (0, again.stdout));
}

#[tokio::test]
async fn a_purchase_without_a_key_tells_the_one_it_used() {
    let double = Double::open(1, 1).await;
    let bought = Shell::new(&double.endpoints).run("buy drp_1 --email ada@example.com --password good").await;
    assert_eq!(bought.code, 0, "{bought:?}");
    let key = bought.stderr.trim().strip_prefix("key: ").unwrap();
    let bought = double.shop().orders.contains_key(&("token-of-ada@example.com".to_owned(), key.to_owned()));
    assert!(bought, "{key}");
}

#[tokio::test]
async fn who_waits_is_shown_the_place_or_the_offer_and_ends_with_4_without_either() {
    let double = Double::open(1, 1).await;
    let shell = Shell::new(&double.endpoints);
    let joined = shell.run("waitlist join drp_1 --quantity 1 --token ada").await;
    assert_eq!(joined.code, 0, "{joined:?}");
    assert!(joined.stdout.contains("waiting") && !joined.stdout.contains("ord_1"), "{}", joined.stdout);
    let offered = shell.run("waitlist show drp_1 --token lucky").await;
    assert!(offered.stdout.contains("offered") && offered.stdout.contains("ord_1"), "{offered:?}");
    let nowhere = shell.run("waitlist show drp_1 --token late").await;
    assert_eq!((nowhere.code, nowhere.stdout.as_str()), (4, ""), "{nowhere:?}");
    assert_eq!(shell.run("waitlist leave drp_1 --token ada").await.code, 0);
}

#[tokio::test]
async fn a_wrong_command_line_ends_with_2() {
    let shell = Shell::new(&closed_endpoint().await);
    for line in ["", "bye", "buy", "buy drp_1 --quantity 0", "status --endpoints here", "bench purchase -c 0"] {
        let ended = shell.run(line).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{line}: {}", ended.stderr);
        assert!(!ended.stderr.is_empty(), "{line}");
    }
    let ended = shell.run("hash --token-file /nowhere/operator.token").await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let ended = shell.run("drop end drp_1 --token ada").await;
    assert_eq!(ended.code, 2, "nobody is there to be asked: {}", ended.stderr);
    assert!(ended.stderr.contains("--yes"), "{}", ended.stderr);
}

#[tokio::test]
async fn help_and_version_end_with_0_on_standard_output() {
    let shell = Shell::new("http://127.0.0.1:1");
    for line in ["--help", "--version", "bench purchase --help"] {
        let ended = shell.run(line).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{line}");
        assert!(ended.stdout.contains("livedropctl"), "{line}");
    }
}

#[tokio::test]
async fn nobody_there_ends_with_3() {
    let shell = Shell::new(&closed_endpoint().await);
    let ended = shell.run("status").await;
    assert_eq!((ended.code, ended.stdout.as_str()), (3, ""), "{ended:?}");
    assert!(ended.stderr.contains("refused") && ended.stderr.contains("  do: "), "{}", ended.stderr);
}

#[tokio::test]
async fn what_is_not_there_ends_with_4() {
    let double = Double::open(1, 1).await;
    let shell = Shell::new(&double.endpoints);
    for line in ["order show ord_9", "order show --key never", "drop show drp_9", "buy drp_9 --key k", "product show x"]
    {
        let ended = shell.run(&format!("{line} --token ada")).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (4, ""), "{line}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_refusal_ends_with_5_and_says_what_why_and_what_to_do() {
    let double = Double::open(0, 1).await;
    let shell = Shell::new(&double.endpoints);
    let ended = shell.run("buy drp_1 --key k1 --token ada").await;
    assert_eq!((ended.code, ended.stdout.as_str()), (5, ""));
    let told = "error: 1 of drp_1 cannot be bought (key k1)\n  why: sold_out: detail of sold_out\n  request: req_of_the_node\n";
    assert_eq!(ended.stderr, told);

    let ended = shell.run("login --email ada@example.com --password wrong").await;
    assert_eq!(ended.code, 5);
    assert!(ended.stderr.contains("  do: check the address and the password\n"), "{}", ended.stderr);

    let ended = shell.run("order list").await;
    assert_eq!(ended.code, 5, "not signed in: {}", ended.stderr);
    let ended = shell.run("account create --email taken@example.com --password many-good-words").await;
    assert_eq!(ended.code, 5, "{}", ended.stderr);
}

#[tokio::test]
async fn an_unknown_outcome_ends_with_1_and_keeps_the_key() {
    let double = Double::open(1, 1).await;
    double.shop().always = Some(Fault::DoAndRefuse(code::OUTCOME_UNKNOWN));
    let ended = Shell::new(&double.endpoints).run("buy drp_1 --key k1 --token ada").await;
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("key k1") && ended.stderr.contains("with the same --key"), "{}", ended.stderr);
}

#[tokio::test]
async fn hashes_that_differ_end_with_1() {
    let double = Double::open(1, 3).await;
    let shell = Shell::new(&double.endpoints);
    let file = shell.file("operator.token", "operator\n");
    let line = format!("hash --token-file {}", file.display());
    let equal = shell.run(&line).await;
    assert_eq!(equal.code, 0, "{}", equal.stderr);
    assert_eq!(equal.stdout.lines().count(), 4, "{}", equal.stdout);

    double.shop().hashes[2] = "bb";
    let differ = shell.run(&line).await;
    assert_eq!(differ.code, 1, "{}", differ.stdout);
    assert!(differ.stdout.contains("bb") && differ.stderr.contains("differ"), "{differ:?}");
}

#[tokio::test]
async fn tokens_that_are_not_good_make_way_for_the_next() {
    let double = Double::open(1, 1).await;
    let shell = Shell::new(&double.endpoints);
    let (one, other) = (shell.file("one.token", "of-another-node"), shell.file("other.token", "operator"));
    let ended = shell.run(&format!("hash --token-file {},{}", one.display(), other.display())).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let ended = shell.run(&format!("hash --token-file {}", one.display())).await;
    assert_eq!(ended.code, 5, "{}", ended.stderr);
}

#[tokio::test]
async fn a_nodes_own_token_is_tried_at_that_node_though_busy_nodes_pass_the_request_on() {
    let double = Double::open(1, 3).await;
    let shell = Shell::new(&double.endpoints);
    let tokens: Vec<String> = (0..3)
        .map(|place| shell.file(&format!("{place}.token"), &format!("operator-of-{place}")).display().to_string())
        .collect();
    let ids = shell.file("ids", "usr_01KAS0FJX0D2W8NMC0D3F50001\n");
    // Each node passes the request on just when its own token is tried: none is tried where it is good.
    double.shop().busy = (0..3).collect();
    let line = format!("follow import --creator usr_1 {} --token-file {}", ids.display(), tokens.join(","));
    let ended = shell.run(&line).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(double.shop().followers.len(), 1);
}

#[tokio::test]
async fn status_is_one_screen_that_ends_in_a_sentence() {
    let double = Double::open(1, 3).await;
    let mut endpoints: Vec<&str> = double.endpoints.split(',').collect();
    // The third node is found by what the others say.
    endpoints.pop();
    let ended = Shell::new(&endpoints.join(",")).run("status").await;
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let fields: Vec<Vec<&str>> = lines.iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(fields[1][..2], ["★", "1"]);
    assert_eq!(fields[1][3..7], ["leader", "4", "100", "0"]);
    assert_eq!(fields[3][2..6], ["follower", "4", "98", "2"]);
    assert_eq!(lines[5], "3 of 3 voters healthy; survives 1 failure");
}

#[tokio::test]
async fn a_session_is_kept_for_its_owner_only_and_refreshed() {
    let double = Double::open(1, 1).await;
    let shell = Shell::new(&double.endpoints);
    let ended = shell.run("login --email ada@example.com --password good").await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let file = shell.home.path().join(".local/state/livedrop/session.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(shell.run("account show").await.code, 0);

    let text = std::fs::read_to_string(&file).unwrap().replace("token-of-ada@example.com", "stale");
    std::fs::write(&file, text).unwrap();
    assert_eq!(shell.run("account show").await.code, 0, "it is refreshed");
    assert!(std::fs::read_to_string(&file).unwrap().contains("operator"));

    let elsewhere = Double::open(1, 1).await;
    let ended = shell.run(&format!("account show --endpoints {}", elsewhere.endpoints)).await;
    assert_eq!(ended.code, 5, "another cluster is not sent the token");
    assert_eq!(elsewhere.count("GET /v1/me"), 0);
}

#[tokio::test]
async fn logging_out_ends_the_kept_session_and_no_other() {
    let double = Double::open(1, 1).await;
    let shell = Shell::new(&double.endpoints);
    let file = shell.home.path().join(".local/state/livedrop/session.json");
    shell.run("login --email ada@example.com --password good").await;
    let elsewhere = Double::open(1, 1).await;
    let ended = shell.run(&format!("logout --endpoints {}", elsewhere.endpoints)).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(file.exists() && ended.stderr.contains("no session"), "{}", ended.stderr);

    let ended = shell.run("logout --token stale").await;
    assert_eq!(ended.code, 0, "the flag's token is not the session's: {}", ended.stderr);
    assert!(!file.exists());
    assert_eq!(double.count("DELETE /v1/sessions/current"), 1);
}

#[tokio::test]
async fn logging_out_of_a_session_that_has_ended_forgets_it() {
    let double = Double::open(1, 1).await;
    let shell = Shell::new(&double.endpoints);
    let file = shell.home.path().join(".local/state/livedrop/session.json");
    shell.run("login --email stale --password good").await;
    let text = std::fs::read_to_string(&file).unwrap().replace("token-of-stale", "stale");
    std::fs::write(&file, text).unwrap();
    double.shop().refreshed = true;
    let ended = shell.run("logout").await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(!file.exists());
}

#[tokio::test]
async fn a_command_that_asks_many_nodes_refreshes_once() {
    let double = Double::open(1, 3).await;
    let shell = Shell::new(&double.endpoints);
    shell.run("login --email stale --password good").await;
    let file = shell.home.path().join(".local/state/livedrop/session.json");
    let text = std::fs::read_to_string(&file).unwrap().replace("token-of-stale", "stale");
    std::fs::write(&file, text).unwrap();
    let ended = shell.run("hash").await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(double.count("POST /v1/sessions/refresh"), 1);
}

#[tokio::test]
async fn a_long_list_of_followers_is_sent_in_batches_and_again_changes_nothing() {
    let double = Double::open(1, 2).await;
    let shell = Shell::new(&double.endpoints);
    let ids: String = (0..2_500).map(|n| format!("usr_01KAS0FJX0D2W8NMC0D3F5{n:04}\n")).collect();
    let line = format!("follow import --creator usr_1 {} --token operator", shell.file("ids", &ids).display());
    for (added, already) in [(2_500, 0), (0, 2_500)] {
        let ended = shell.run(&format!("{line} -o json")).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
        let sum: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!((&sum["added"], &sum["already"]), (&added.into(), &already.into()));
    }
    assert_eq!(double.count("POST /v1/admin/followers"), 6, "three batches, twice");
    let wrong = shell.file("wrong", "usr_01KAS0FJX0D2W8NMC0D3F50001\n\nada\n");
    let ended = shell.run(&format!("follow import --creator usr_1 {} --token operator", wrong.display())).await;
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("line 3"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_closed_pipe_is_no_mistake() {
    let shell = Shell::new("http://127.0.0.1:1");
    let mut child = shell.command("completions bash").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().await.unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}
