//! The metrics a second time: to an agent that speaks DogStatsD, by UDP, every few seconds.
//!
//! What is sent is made of the very text that `/metrics` answers, so that both say the same of everything, and counting a
//! request costs nothing more. Counters and the classes of histograms are sent as what they grew by since the last time;
//! a datagram that is lost is lost. Every line carries the node and what it is now, as `node` and `role`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

/// What one datagram may hold and still not be cut in pieces on an ordinary network.
const DATAGRAM_BYTES: usize = 1_432;

/// Where metrics are sent, and how often.
#[derive(Debug, Clone)]
pub struct Settings {
    /// host:port
    pub to: String,
    pub every: Duration,
    pub node_id: u64,
}

/// Sends until `stop`. `text` is asked for the metrics, in Prometheus' format, and `role` for what this node is.
pub async fn keep_sending(
    settings: Settings,
    text: impl Fn() -> String,
    role: impl Fn() -> &'static str,
    stop: CancellationToken,
) {
    metrics::describe_counter!(
        "livedrop_statsd_datagrams_total",
        "Datagrams of metrics, by whether they could be sent."
    );
    let sent = metrics::counter!("livedrop_statsd_datagrams_total", "result" => "sent");
    let failed = metrics::counter!("livedrop_statsd_datagrams_total", "result" => "failed");
    let mut every = tokio::time::interval(settings.every);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut before, mut well) = (HashMap::new(), true);
    while stop.run_until_cancelled(every.tick()).await.is_some() {
        let tags = format!("node:{},role:{}", settings.node_id, role());
        let datagrams = pack(&lines(&text(), &tags, &mut before));
        let count = datagrams.len() as u64;
        match send(&settings.to, datagrams).await {
            Ok(()) => {
                well = true;
                sent.increment(count);
            }
            Err(error) => {
                failed.increment(count);
                if std::mem::take(&mut well) {
                    tracing::warn!(%error, to = settings.to, "metrics cannot be sent to the DogStatsD agent");
                }
            }
        }
    }
}

/// The name is looked up each time: agents move.
async fn send(to: &str, datagrams: Vec<String>) -> io::Result<()> {
    let nobody = || io::Error::other("the name has no address");
    let address = tokio::net::lookup_host(to).await?.next().ok_or_else(nobody)?;
    let from = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(from).await?;
    for datagram in datagrams {
        socket.send_to(datagram.as_bytes(), address).await?;
    }
    Ok(())
}

/// One line for each number that is worth sending; `before` is what the counters were the last time.
fn lines(text: &str, tags: &str, before: &mut HashMap<String, f64>) -> Vec<String> {
    let (mut kind, mut lines) = ("", Vec::new());
    for line in text.lines() {
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            kind = typed.rsplit(' ').next().unwrap_or_default();
        }
        let Some((series, value)) = line.rsplit_once(' ').filter(|_| !line.starts_with('#')) else { continue };
        // The class without a bound is the count, which is sent too.
        let Some(value) =
            value.parse::<f64>().ok().filter(|value| value.is_finite() && !series.contains("le=\"+Inf\""))
        else {
            continue;
        };
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let (value, letter) = match kind {
            "gauge" => (value, 'g'),
            _ => (value - before.insert(series.to_owned(), value).unwrap_or(0.0), 'c'),
        };
        if letter == 'c' && value <= 0.0 {
            continue;
        }
        let mut sent = format!("{name}:{value}|{letter}|#{tags}");
        for (label, of) in labels_of(labels.trim_end_matches('}')) {
            let _infallible = write!(sent, ",{label}:{of}");
        }
        lines.push(sent);
    }
    lines
}

/// Reads `name="value",…`. What would end a tag or a line is put out of the way.
fn labels_of(mut text: &str) -> Vec<(&str, String)> {
    let mut labels = Vec::new();
    while let Some((name, rest)) = text.split_once("=\"") {
        let (mut value, mut escaped, mut end) = (String::new(), false, rest.len());
        for (at, letter) in rest.char_indices() {
            match letter {
                '"' if !escaped => {
                    end = at + 1;
                    break;
                }
                '\\' if !escaped => escaped = true,
                ',' | '|' | '#' => value.push('_'),
                _ => {
                    escaped = false;
                    value.push(if letter.is_whitespace() { '_' } else { letter });
                }
            }
        }
        labels.push((name.trim_start_matches(','), value));
        text = &rest[end..];
    }
    labels
}

/// As many lines to a datagram as fit.
fn pack(lines: &[String]) -> Vec<String> {
    let mut datagrams: Vec<String> = Vec::new();
    for line in lines {
        match datagrams.last_mut().filter(|last| last.len() + 1 + line.len() <= DATAGRAM_BYTES) {
            Some(last) => {
                last.push('\n');
                last.push_str(line);
            }
            None => datagrams.push(line.clone()),
        }
    }
    datagrams
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP livedrop_a_total Counts.\n# TYPE livedrop_a_total counter\n\
        livedrop_a_total{route=\"/v1/orders/{id}\",status=\"2xx\"} 5\nlivedrop_a_total{route=\"x\\\"y, z\"} 0\n\
        # TYPE livedrop_b gauge\nlivedrop_b 0.25\n# TYPE livedrop_c_seconds histogram\n\
        livedrop_c_seconds_bucket{le=\"0.1\"} 2\nlivedrop_c_seconds_bucket{le=\"+Inf\"} 3\n\
        livedrop_c_seconds_sum 1.5\nlivedrop_c_seconds_count 3\n";

    #[test]
    fn counters_are_sent_as_what_they_grew_by_and_gauges_as_they_are() {
        let mut before = HashMap::new();
        let first = lines(TEXT, "node:1,role:leader", &mut before);
        let tags = "#node:1,role:leader";
        assert_eq!(
            first,
            [
                format!("livedrop_a_total:5|c|{tags},route:/v1/orders/{{id}},status:2xx"),
                format!("livedrop_b:0.25|g|{tags}"),
                format!("livedrop_c_seconds_bucket:2|c|{tags},le:0.1"),
                format!("livedrop_c_seconds_sum:1.5|c|{tags}"),
                format!("livedrop_c_seconds_count:3|c|{tags}"),
            ]
        );
        let second = lines(&TEXT.replace("} 5", "} 7"), "node:1,role:follower", &mut before);
        assert_eq!(
            second,
            [
                "livedrop_a_total:2|c|#node:1,role:follower,route:/v1/orders/{id},status:2xx",
                "livedrop_b:0.25|g|#node:1,role:follower"
            ]
        );
    }

    #[test]
    fn what_would_end_a_tag_is_put_out_of_the_way() {
        assert_eq!(labels_of("a=\"x\\\"y, z\",b=\"1|2\""), [("a", "x\"y__z".to_owned()), ("b", "1_2".to_owned())]);
    }

    #[test]
    fn no_datagram_is_larger_than_a_network_carries_whole() {
        let lines: Vec<String> = (0..200).map(|n| format!("livedrop_some_metric_total:{n}|c|#node:1")).collect();
        let datagrams = pack(&lines);
        assert!(datagrams.len() > 1 && datagrams.iter().all(|datagram| datagram.len() <= DATAGRAM_BYTES));
        assert_eq!(datagrams.join("\n"), lines.join("\n"));
    }

    #[tokio::test]
    async fn an_agent_hears_the_metrics() {
        let agent = UdpSocket::bind("127.0.0.1:0").await.expect("loopback has room");
        let to = agent.local_addr().expect("it is bound").to_string();
        let settings = Settings { to, every: Duration::from_millis(5), node_id: 3 };
        let stop = CancellationToken::new();
        let sending = tokio::spawn(keep_sending(settings, || TEXT.to_owned(), || "follower", stop.clone()));
        let mut datagram = [0; DATAGRAM_BYTES];
        let (bytes, _) = agent.recv_from(&mut datagram).await.expect("it is sent");
        let heard = std::str::from_utf8(&datagram[..bytes]).expect("it is text");
        assert!(heard.lines().any(|line| line == "livedrop_b:0.25|g|#node:3,role:follower"), "{heard}");
        stop.cancel();
        sending.await.expect("it ends when it is told");
    }
}
