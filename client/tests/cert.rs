//! `livedropctl cert`, as a person types it.

mod support;

use std::os::unix::fs::PermissionsExt;

use support::ctl::Shell;

/// It asks no node, and none is there.
fn shell() -> Shell {
    Shell::new("http://127.0.0.1:1")
}

#[tokio::test]
async fn an_authority_signs_for_nodes_and_people_and_what_was_made_is_shown() {
    let shell = shell();
    let dir = shell.home.path().join("certs");
    let run = async |line: &str| shell.run(&format!("cert {line} --dir {}", dir.display())).await;
    let made = run("authority --cluster shop").await;
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.stdout.contains("livedrop://shop/authority"), "{}", made.stdout);
    assert_eq!(run("node --id 3 --host 10.0.0.3,shop-3.internal").await.code, 0);
    assert_eq!(run("client --role viewer --name anna --days 10").await.code, 0);
    for key in ["authority.key", "node-3.key", "viewer-anna.key"] {
        let mode = std::fs::metadata(dir.join(key)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{key}");
    }
    let files =
        ["authority", "node-3", "viewer-anna"].map(|name| dir.join(format!("{name}.pem")).display().to_string());
    let shown = shell.run(&format!("cert show {}", files.join(" "))).await;
    assert_eq!(shown.code, 0, "{shown:?}");
    for words in
        ["authority of shop", "node 3 of shop", "10.0.0.3, shop-3.internal", "anna, viewer of shop", "make a new"]
    {
        assert!(shown.stdout.contains(words), "{words}: {}", shown.stdout);
    }
    let json = shell.run(&format!("cert show -o json {}", files[1])).await;
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json[0]["name"], "livedrop://shop/node/3");
}

#[tokio::test]
async fn nothing_is_written_over_and_what_cannot_be_made_is_said() {
    let shell = shell();
    let dir = shell.home.path().join("certs");
    let run = async |line: &str| shell.run(&format!("cert {line} --dir {}", dir.display())).await;
    let early = run("node --id 1 --host a").await;
    assert_eq!(early.code, 1);
    assert!(early.stderr.contains("livedropctl cert authority"), "{}", early.stderr);
    assert_eq!(run("authority --cluster shop").await.code, 0);
    let key = std::fs::read(dir.join("authority.key")).unwrap();
    let again = run("authority --cluster shop").await;
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
    assert_eq!(std::fs::read(dir.join("authority.key")).unwrap(), key);
    for (line, words) in [
        ("authority --cluster Shop", "not the name of a cluster"),
        ("node --id 1 --host a --cluster other", "authority is that of cluster"),
        ("node --id 1 --host http://a", "neither a host name"),
        ("client --role viewer --name a/b", "not a name for a person"),
    ] {
        let refused = run(line).await;
        assert_eq!(refused.code, 2, "{line}: {refused:?}");
        assert!(refused.stderr.contains(words), "{line}: {}", refused.stderr);
    }
    std::fs::set_permissions(dir.join("authority.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = run("node --id 1 --host a").await;
    assert!(open.stderr.contains("others may use it"), "{}", open.stderr);
}
