//! Every word that crosses a wire: the peer protocol between nodes (gRPC) and the JSON shapes of the REST API.
//!
//! Nothing here knows what the words mean. A command of the domain crosses as opaque bytes, the same bytes that the log
//! holds; there is no second twin of the domain in protobuf.

/// Consensus: log entries, votes, snapshots, read indexes.
pub mod raft {
    #![allow(clippy::all)]
    tonic::include_proto!("livedrop.raft.v1");
}

/// Requests that a follower took and the leader proposes.
pub mod forward {
    #![allow(clippy::all)]
    tonic::include_proto!("livedrop.forward.v1");
}

/// What nodes ask each other besides consensus.
pub mod admin {
    #![allow(clippy::all)]
    tonic::include_proto!("livedrop.admin.v1");
}

/// What callers of the API have used, counted for the whole cluster.
pub mod limits {
    #![allow(clippy::all)]
    tonic::include_proto!("livedrop.limits.v1");
}

/// How a new node comes in.
pub mod join {
    #![allow(clippy::all)]
    tonic::include_proto!("livedrop.join.v1");
}

/// What operators ask of a cluster.
pub mod operate {
    #![allow(clippy::all)]
    tonic::include_proto!("livedrop.operate.v1");
}

/// Backups and snapshots that operators take.
pub mod backup {
    #![allow(clippy::all)]
    tonic::include_proto!("livedrop.backup.v1");
}

pub mod backup_file;
pub mod rest;
