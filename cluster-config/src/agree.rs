//! Checks that concern more than one option.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::error::{Mistake, Origin};
use crate::sections::cluster::{Member, without_scheme};
use crate::{CdnProvider, NodeConfig, PaymentGateway};

/// Every way in which options that are good by themselves do not go together, but for the addresses: see
/// `listeners` and `members`.
pub(crate) fn check(config: &NodeConfig) -> Vec<Mistake> {
    let mut mistakes = timers(config);
    mistakes.extend(sizes(config));
    mistakes.extend(payments(config));
    mistakes.extend(streams(config));
    mistakes.extend(caches(config));
    mistakes.extend(joining(config));
    mistakes.extend(certificates("peer.tls", &config.peer.tls.given()));
    mistakes.extend(certificates("http.tls", &config.http.tls.given()));
    mistakes
}

/// Two members with one id or one address would be one node that votes twice.
pub(crate) fn members(members: &[Member], origin: &Origin) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut ids = BTreeMap::new();
    let mut addresses = BTreeMap::new();
    for member in members {
        *ids.entry(member.id).or_insert(0) += 1;
        *addresses.entry(member.peer.as_str()).or_insert(0) += 1;
        *addresses.entry(without_scheme(&member.http).unwrap_or(&member.http)).or_insert(0) += 1;
    }
    for (id, _) in ids.iter().filter(|(_, times)| **times > 1) {
        mistakes.push(member(
            origin,
            format!("the id {id} is given to more than one member"),
            "Give each node a number of its own.",
        ));
    }
    for (address, _) in addresses.iter().filter(|(_, times)| **times > 1) {
        mistakes.push(member(
            origin,
            format!("the address {address} is used more than once"),
            "Give each node a peer and an http address that nobody else has.",
        ));
    }
    mistakes
}

/// Addresses that cannot be listened on together, or must not be without being told so.
pub(crate) fn listeners(config: &NodeConfig) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    if collide(config.http.listen, config.peer.listen) {
        mistakes.push(wrong(
            "http.listen",
            format!("{} is also peer.listen", config.http.listen),
            "Give clients and nodes different ports.",
        ));
    }
    let open = |listen: SocketAddr, secured: bool, told: bool| !listen.ip().is_loopback() && !secured && !told;
    let (peer, http) = (&config.peer, &config.http);
    if open(peer.listen, peer.tls.is_on(), peer.insecure_beyond_loopback) {
        mistakes.push(wrong(
            "peer.listen",
            format!("{} can be reached from other machines, and [peer.tls] has no certificates", peer.listen),
            "Make certificates with `livedropctl cert` and name them in [peer.tls]; or listen on 127.0.0.1; or set \
             peer.insecure_beyond_loopback = true in a network that is closed to all others.",
        ));
    }
    if open(http.listen, http.tls.is_on(), http.insecure_beyond_loopback) {
        mistakes.push(wrong(
            "http.listen",
            format!(
                "{} can be reached from other machines, and [http.tls] has no certificate: passwords and tokens could \
                 be read on their way",
                http.listen
            ),
            "Name a certificate and its key in [http.tls]; or listen on 127.0.0.1; or set \
             http.insecure_beyond_loopback = true where something in front speaks TLS, in a network that is closed to \
             all others.",
        ));
    }
    // A node that joins is not among the members that the cluster begins with.
    let own = config.cluster.members.iter().find(|member| member.id == config.node.id);
    if let Some(own) = own.filter(|own| http.tls.is_on() && !own.http.starts_with("https://")) {
        mistakes.push(wrong(
            "cluster.members",
            format!("clients are told to reach node {} at {}, and [http.tls] is on", own.id, own.http),
            "Write https:// in http of each member.",
        ));
    }
    mistakes
}

fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let overlap = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && overlap
}

fn timers(config: &NodeConfig) -> Vec<Mistake> {
    let raft = &config.raft;
    let mut mistakes = Vec::new();
    if raft.election_timeout_min_ms < 3 * raft.heartbeat_ms {
        mistakes.push(wrong(
            "raft.election_timeout_min_ms",
            format!("{} is less than three heartbeats of {}", raft.election_timeout_min_ms, raft.heartbeat_ms),
            "Two lost heartbeats must not cost the leader its place: raise it or lower raft.heartbeat_ms.",
        ));
    }
    if raft.election_timeout_max_ms < raft.election_timeout_min_ms + raft.heartbeat_ms {
        mistakes.push(wrong(
            "raft.election_timeout_max_ms",
            format!(
                "{} is less than a heartbeat above raft.election_timeout_min_ms, {}",
                raft.election_timeout_max_ms, raft.election_timeout_min_ms
            ),
            "Without room between the two all nodes ask for votes at once: raise it.",
        ));
    }
    if config.auth.refresh_token_seconds <= config.auth.access_token_seconds {
        mistakes.push(wrong(
            "auth.refresh_token_seconds",
            format!("{} is not longer than auth.access_token_seconds", config.auth.refresh_token_seconds),
            "A refresh token must outlive the access token that it replaces: raise it.",
        ));
    }
    mistakes
}

fn sizes(config: &NodeConfig) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    if config.batch.max_bytes < 2 * config.limits.body_bytes {
        mistakes.push(wrong(
            "batch.max_bytes",
            format!("{} is less than twice limits.body_bytes, {}", config.batch.max_bytes, config.limits.body_bytes),
            "A command of the longest body must fit into an entry: raise it.",
        ));
    }
    if config.batch.queue_commands < config.batch.max_commands {
        mistakes.push(wrong(
            "batch.queue_commands",
            format!("{} is less than batch.max_commands, {}", config.batch.queue_commands, config.batch.max_commands),
            "A queue that cannot fill one entry only refuses callers: raise it.",
        ));
    }
    mistakes
}

fn payments(config: &NodeConfig) -> Vec<Mistake> {
    let (payments, mut mistakes) = (&config.payments, Vec::new());
    if payments.gateway == PaymentGateway::Stripe && payments.stripe_key_file.is_empty() {
        mistakes.push(wrong(
            "payments.stripe_key_file",
            "payments.gateway is \"stripe\" and no key is given".to_owned(),
            "Write Stripe's secret key into a file that only this user may read, and name it here.",
        ));
    }
    mistakes
}

fn streams(config: &NodeConfig) -> Vec<Mistake> {
    let (events, mut mistakes) = (&config.events, Vec::new());
    if events.stalled_ms < 2 * events.heartbeat_ms {
        mistakes.push(wrong(
            "events.stalled_ms",
            format!("{} is less than two of events.heartbeat_ms, {}", events.stalled_ms, events.heartbeat_ms),
            "A stream on which nothing happens would be taken for one whose reader takes nothing: raise it.",
        ));
    }
    mistakes
}

fn caches(config: &NodeConfig) -> Vec<Mistake> {
    let (cdn, mut mistakes) = (&config.cdn, Vec::new());
    if cdn.provider != CdnProvider::Cloudflare {
        return mistakes;
    }
    if cdn.zone.is_empty() {
        mistakes.push(wrong(
            "cdn.zone",
            "cdn.provider is \"cloudflare\" and no zone is given".to_owned(),
            "Write the id of the zone, which its overview in Cloudflare's dashboard shows.",
        ));
    }
    if cdn.token_file.is_empty() {
        mistakes.push(wrong(
            "cdn.token_file",
            "cdn.provider is \"cloudflare\" and no token is given".to_owned(),
            "Write a token that may purge the zone into a file that only this user may read, and name it here.",
        ));
    }
    if cdn.base_url.split_whitespace().count() != 1 {
        mistakes.push(wrong(
            "cdn.base_url",
            "cdn.provider is \"cloudflare\" and there is more than one address".to_owned(),
            "Write one address; several are for \"generic\".",
        ));
    }
    mistakes
}

fn joining(config: &NodeConfig) -> Vec<Mistake> {
    let (cluster, mut mistakes) = (&config.cluster, Vec::new());
    if !cluster.join_token.is_empty() && !cluster.joins() {
        mistakes.push(wrong(
            "cluster.join_token",
            "there is a token and nobody to show it to".to_owned(),
            "Name the peer addresses of members with --peers or cluster.join; `livedropctl member add` shows both.",
        ));
    }
    mistakes
}

/// TLS with half of its files would be no TLS.
fn certificates(section: &str, files: &[(&str, bool)]) -> Vec<Mistake> {
    let (given, lacking): (Vec<_>, Vec<_>) = files.iter().copied().partition(|(_, given)| *given);
    let lacking = if given.is_empty() { Vec::new() } else { lacking };
    let names = given.iter().map(|(key, _)| format!("{section}.{key}")).collect::<Vec<_>>().join(" and ");
    let mistake = |(key, _): (&str, bool)| {
        wrong(
            &format!("{section}.{key}"),
            format!("{names} is given and this is not"),
            "Name the file, or leave all of the section out.",
        )
    };
    lacking.into_iter().map(mistake).collect()
}

fn wrong(path: &str, problem: String, advice: &str) -> Mistake {
    Mistake { path: path.to_owned(), origin: Origin::Nowhere, problem, advice: advice.to_owned() }
}

fn member(origin: &Origin, problem: String, advice: &str) -> Mistake {
    Mistake { origin: origin.clone(), ..wrong("cluster.members", problem, advice) }
}
