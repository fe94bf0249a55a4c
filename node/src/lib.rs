//! The server: one node of a cluster.
//!
//! In reading order: [`app`] (how a node is put together and taken apart), [`propose`] and [`read`] (the two ways to the
//! state), [`raft`] (the other nodes), [`rest`] (the clients). Only `rest` knows HTTP, only `raft` knows openraft, only
//! `clock` knows what time it is.

pub mod app;
pub mod auth;
pub mod cdn;
pub mod clock;
pub mod collector;
pub mod demo;
pub mod disk;
pub mod divergence;
pub mod feed;
pub mod joining;
pub mod key_rotation;
pub mod limits;
pub mod members;
pub mod offline;
pub mod payments;
pub mod propose;
pub mod raft;
pub mod read;
pub mod readiness;
pub mod resources;
pub mod rest;
pub mod retention;
pub mod search;
pub mod shop;
pub mod sign_in;
pub mod supervise;
pub mod telemetry;
pub mod tls;
pub mod told;
pub mod webhooks;
