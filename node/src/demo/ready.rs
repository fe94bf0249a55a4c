//! Waits until nodes say that they are ready.

use std::time::Duration;

use anyhow::bail;
use livedrop_config::NodeConfig;
use tokio::time::{sleep, timeout};

/// How often a node that is not ready is asked again.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Waits until every node is ready. Errors: `patience` passed before; says which nodes were not.
pub(super) async fn wait_for_all(nodes: &[NodeConfig], patience: Duration) -> anyhow::Result<()> {
    let waits = nodes.iter().map(|node| wait_for(&node.own().http, patience));
    let unready: Vec<String> = futures_util::future::join_all(waits)
        .await
        .into_iter()
        .zip(nodes)
        .filter_map(|(result, node)| result.err().map(|error| format!("node {}: {error}", node.node.id)))
        .collect();
    if !unready.is_empty() {
        bail!("the cluster did not come up\n{}", unready.join("\n"));
    }
    Ok(())
}

/// Waits until the node at `address` answers that it is ready. Errors: `patience` passed before; says what it
/// answered last.
pub(super) async fn wait_for(address: &str, patience: Duration) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy().build()?;
    let url = format!("{address}/readyz?verbose");
    let mut last = String::from("nothing");
    let asking = async {
        loop {
            match client.get(&url).send().await {
                Ok(answer) if answer.status().is_success() => return,
                Ok(answer) => last = answer.text().await.unwrap_or_else(|error| error.to_string()),
                Err(error) => last = error.to_string(),
            }
            sleep(ASK_EVERY).await;
        }
    };
    if timeout(patience, asking).await.is_err() {
        bail!("{address} was not ready after {} s; it answered last: {}", patience.as_secs(), last.trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers each request with the next status; the last one for ever.
    async fn node_that_answers(statuses: &'static [&'static str]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("some port is free");
        let address = format!("http://{}", listener.local_addr().expect("it listens"));
        tokio::spawn(async move {
            for turn in 0.. {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let status = statuses[turn.min(statuses.len() - 1)];
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        address
    }

    #[tokio::test]
    async fn a_node_is_asked_until_it_is_ready() {
        let node = node_that_answers(&["503 Service Unavailable", "503 Service Unavailable", "200 OK"]).await;
        wait_for(&node, Duration::from_secs(30)).await.expect("ready at the third time");
    }

    #[tokio::test]
    async fn a_node_that_is_never_ready_is_named() {
        let node = node_that_answers(&["503 Service Unavailable"]).await;
        let error = wait_for(&node, Duration::from_millis(120)).await.expect_err("never ready").to_string();
        assert!(error.starts_with(&format!("{node} was not ready")), "{error}");
    }
}
