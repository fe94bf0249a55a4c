//! Consensus between nodes: openraft over gRPC, behind one type.
//!
//! The rest of the node knows [`Consensus`] (propose, read index, leadership, status), [`Forwarder`] (a follower's
//! batches to the leader) and the peer listener ([`serve`], [`Gate`]). Nothing of openraft is named outside of this
//! folder, and nothing in it knows what a command means.
//!
//! In the order of a start: [`gate`](self::gate), [`arrive`](self::arrive) and [`server`](self::server) (the listener), [`join`](self::join) (may
//! this node take part?), [`consensus`](self::consensus); then the calling side (`network`) and the called side
//! (`service`) of the protocol, which `convert` translates.

mod arrive;
mod backup;
mod consensus;
mod convert;
mod forward;
mod gate;
mod health;
mod identity;
mod join;
mod leadership;
mod limits;
mod membership;
mod network;
mod newcomer;
mod operate;
mod operators;
mod peers;
mod read_index;
mod read_rounds;
mod recall;
mod server;
mod service;
mod settings;
mod snapshot;
mod status;
mod transfer;

pub use self::consensus::{AskError, Consensus, ProposeError, StartError, StartUp, StateHash};
pub use self::forward::{BATCH_BYTES_MAX, ForwardOutcome, Forwarded, Forwarder, ProposeForwarded, Refusal};
pub use self::gate::Gate;
pub use self::identity::{Identity, Incarnation, Registered, Standing};
pub use self::join::JoinError;
pub use self::leadership::{Leadership, OnFatal, abort_process, leads};
pub use self::limits::Lend;
pub use self::membership::{ChangeError, MemberChange, Membership};
pub use self::newcomer::{LetIn, NewcomerError, enter, look};
pub use self::operate::{Change, Operate, Steps};
pub use self::operators::{OperatorCaller, OperatorRole, Operators};
pub use self::peers::PeerError;
pub use self::read_index::ReadError;
pub use self::recall::{Recall, shown};
pub use self::server::serve;
pub use self::settings::ConsensusSettings;
pub use self::status::{FollowerStatus, MemberStatus, NodeStatus, Role};
pub use self::transfer::TransferError;
