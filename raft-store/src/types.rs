//! What consensus is made of here: the only file with openraft's generics.

use std::fmt;

use bytes::Bytes;
use livedrop_domain::Outcome;
use openraft::OptionalSend;
use openraft::impls::{BoxedErrorSource, InlineBatch, OneshotResponder, leader_id_adv};
use openraft::type_config::alias;
use openraft::vote::RaftLeaderId;

/// The choice of every type that openraft leaves open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeConfig;

impl openraft::RaftTypeConfig for TypeConfig {
    type D = Payload;
    type R = Response;
    type NodeId = u64;
    type Node = Member;
    type Term = u64;
    type LeaderId = leader_id_adv::LeaderId<u64, u64>;
    type Vote = openraft::impls::Vote<Self::LeaderId>;
    type Payload = openraft::EntryPayload<Payload, u64, Member>;
    type Entry = openraft::Entry<<Self::LeaderId as RaftLeaderId>::Committed, Self::Payload>;
    type AsyncRuntime = openraft::TokioRuntime;
    // A write is answered once, when it is applied; the default responder also reports its commit, which nobody asks.
    type Responder<T>
        = OneshotResponder<Self, T>
    where
        T: OptionalSend + 'static;
    type Batch<T>
        = InlineBatch<T>
    where
        T: OptionalSend + 'static;
    type ErrorSource = BoxedErrorSource;
}

/// The bytes of one log entry: a `livedrop_domain::batch`. Shared by the log, its readers and apply, never copied.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(pub Bytes);

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// What the commands of one log entry came to, in their order. Entries without commands have an empty one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response(pub Vec<Outcome>);

/// Where a node of the cluster is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// Raft and forwarding, `host:port`.
    pub peer: String,
    /// REST, `http://host:port`.
    pub http: String,
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.peer, self.http)
    }
}

pub type Raft = openraft::Raft<TypeConfig, crate::StateMachine>;
pub type Entry = alias::EntryOf<TypeConfig>;
pub type EntryPayload = alias::PayloadOf<TypeConfig>;
pub type LeaderId = alias::LeaderIdOf<TypeConfig>;
pub type LogId = alias::LogIdOf<TypeConfig>;
pub type Vote = alias::VoteOf<TypeConfig>;
pub type Membership = openraft::Membership<u64, Member>;
pub type StoredMembership = alias::StoredMembershipOf<TypeConfig>;
pub type SnapshotMeta = alias::SnapshotMetaOf<TypeConfig>;
pub type Snapshot = alias::SnapshotOf<TypeConfig, crate::SnapshotHandle>;
