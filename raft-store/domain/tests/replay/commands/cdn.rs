//! Random commands of whoever tells the caches. Where they go to is drawn as a distance from the cursor.

use livedrop_domain::Command as Any;
use livedrop_domain::cdn::{Command, Told};
use proptest::prelude::*;

use super::AS_SEEN;

pub fn about_cdn() -> BoxedStrategy<Any> {
    let from = prop_oneof![6 => Just(AS_SEEN), 1 => 1..9_u64];
    (from, 0..4_u64).prop_map(|(from, through)| Command::Told(Told { from, through }).into()).boxed()
}
