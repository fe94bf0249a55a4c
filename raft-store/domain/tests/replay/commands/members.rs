//! Random commands about nodes: founders, those that are invited, and those that go.

use livedrop_domain::Command as Any;
use livedrop_domain::members::{Command, Invite, LeaveBehind, Promote, Register, Remove, SECRET_BYTES};
use proptest::collection::vec as several;
use proptest::option;
use proptest::prelude::*;

pub fn about_members() -> BoxedStrategy<Any> {
    prop_oneof![
        3 => register(),
        3 => invite(),
        1 => (1..8_u64).prop_map(|node_id| Command::Promote(Promote { node_id })),
        1 => (1..8_u64).prop_map(|node_id| Command::Remove(Remove { node_id })),
        1 => several(1..8_u64, 0..3).prop_map(|node_ids| Command::LeaveBehind(LeaveBehind { node_ids })),
    ]
    .prop_map(Any::from)
    .boxed()
}

fn register() -> impl Strategy<Value = Command> {
    (1..8_u64, 0..2_u8, option::of(0..2_u8)).prop_map(|(node_id, byte, secret)| {
        let secret = secret.map(|byte| vec![byte; SECRET_BYTES]);
        Command::Register(Register { node_id, incarnation: [byte; 16], secret })
    })
}

fn invite() -> impl Strategy<Value = Command> {
    (0..2_u8, 0..4_u64, option::of(1..8_u64), any::<bool>()).prop_map(|(byte, at_least, node_id, to_vote)| {
        let secret_hash = blake3::hash(&[byte; SECRET_BYTES]).into();
        let (peer, http) = ("10.0.0.4:9090".to_owned(), "http://10.0.0.4:8080".to_owned());
        Command::Invite(Invite { secret_hash, lives_ms: 60_000, at_least, node_id, peer, http, to_vote })
    })
}
