//! Readers that come and go, over nodes that remember more and less: each sees what the feed says, once and in order.

use std::sync::Arc;

use serde_json::{Value, json};

use super::double::Double;
use super::{NOW, Node};
use crate::feed;

/// Numbers that look random and are the same each time: a xorshift of Marsaglia's.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Three nodes over one shop: one that has all in memory, one that has a little, and one that has nearly nothing.
fn nodes() -> Vec<Node> {
    let shop = Arc::new(Double::at(NOW));
    let node = |buffer_bytes| {
        let settings = feed::Settings { buffer_bytes, per_address_max: 100, ..feed::Settings::default() };
        Node::with_streams(shop.clone(), settings)
    };
    [64 << 20, 8 << 10, 0].map(node).into()
}

async fn something_happens(node: &Node, dice: &mut Dice, drop: &str, creator: &str, buyer: &str) {
    let verb = ["pause", "resume", "restock", "buy"][dice.below(4)];
    let call = match verb {
        "buy" => node.buy(buyer, drop, 1, &format!("key-{}", dice.below(usize::MAX))),
        "restock" => node.post(&format!("/v1/drops/{drop}/restock"), json!({"quantity": 1})).token(creator),
        verb => node.post(&format!("/v1/drops/{drop}/{verb}"), json!({})).token(creator),
    };
    // Some are refused, as a pause of what is paused: then nothing happens.
    call.send().await;
}

async fn readers_see_the_feed(seed: u64) {
    let (nodes, mut dice) = (nodes(), Dice(seed));
    let creator = nodes[0].account("cleo", "creator").await;
    let buyer = nodes[0].account("bob", "buyer").await;
    nodes[0].follow(&buyer, &creator).await;
    let mut drops = Vec::new();
    for _ in 0..2 {
        drops.push(nodes[0].drop(&creator, json!({"stock": 20})).await);
    }
    let start = nodes[0].feed().await.last().expect("the drops were told")["id"].clone();
    let start = start.as_str().expect("it is text").to_owned();
    // The streams of each drop, and that of the buyer; what each has seen.
    let mut seen: Vec<Vec<String>> = vec![vec![start.clone()]; 3];
    let mut readers: Vec<Option<super::stream::Reader>> = vec![None, None, None];
    for _ in 0..150 {
        let which = dice.below(2);
        something_happens(&nodes[dice.below(3)], &mut dice, &drops[which], &creator, &buyer).await;
        let stream = dice.below(3);
        let wanted =
            about(&nodes[0].feed_after(seen[stream].last().expect("it began somewhere")).await, stream, &drops);
        if readers[stream].is_none() || dice.below(3) == 0 {
            let node = &nodes[dice.below(3)];
            let after = seen[stream].last().expect("it began somewhere");
            let call = match stream {
                2 => node.get("/v1/events").token(&buyer),
                stream => node.get(&format!("/v1/drops/{}/events", drops[stream])),
            };
            readers[stream] = Some(call.header("last-event-id", after).stream().await);
        }
        let reader = readers[stream].as_mut().expect("it was begun");
        for expected in wanted.iter().take(dice.below(wanted.len() + 1)) {
            let event = reader.event().await;
            assert_eq!(&event.data, expected, "seed {seed}");
            seen[stream].extend(event.id);
        }
    }
}

/// The events that a stream is about.
fn about(feed: &[Value], stream: usize, drops: &[String]) -> Vec<Value> {
    let concerns = |event: &&Value| {
        let kind = event["type"].as_str().expect("it has a name");
        stream == 2 || (kind.starts_with("drop.") && event["drop_id"] == json!(drops[stream]))
    };
    feed.iter().filter(concerns).cloned().collect()
}

#[tokio::test]
async fn whoever_comes_back_anywhere_sees_every_event_once_and_in_order() {
    for seed in [0x5eed_0001, 0x5eed_0002, 0x5eed_0003] {
        readers_see_the_feed(seed).await;
    }
}
