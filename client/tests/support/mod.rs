//! A double of a cluster: one shop in memory, served at one or more addresses, with faults on request.
#![allow(dead_code, reason = "no test uses all of it")]

pub mod ctl;
mod routes;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use livedrop_proto::rest::orders::Order;
use tokio::net::TcpListener;

/// What goes wrong with a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and 503 is answered with this code.
    Refuse(&'static str),
    /// It is done, and 503 is answered with this code.
    DoAndRefuse(&'static str),
    /// It is acknowledged and forgotten.
    Forget,
    /// It is acknowledged though nothing is left.
    Oversell,
}

#[derive(Debug, Default)]
pub struct Shop {
    pub stock: u64,
    pub held: u64,
    pub per_customer_limit: u32,
    /// By token and key.
    pub orders: HashMap<(String, String), Result<Order, &'static str>>,
    /// Taken by the purchases that come, in order.
    pub faults: VecDeque<Fault>,
    /// Taken by every purchase.
    pub always: Option<Fault>,
    /// Requests of any kind, as `METHOD path`.
    pub seen: Vec<String>,
    /// Headers `X-Request-Id` of purchases.
    pub request_ids: Vec<String>,
    pub made: u64,
    pub refreshed: bool,
    /// The hash that each address tells, by its place.
    pub hashes: Vec<&'static str>,
    /// Accounts that were brought as followers.
    pub followers: HashSet<String>,
    /// Nodes, by their place, that refuse the next followers, as too many requests at once.
    pub busy: HashSet<usize>,
}

#[derive(Clone)]
pub struct Double {
    pub shop: Arc<Mutex<Shop>>,
    /// `http://127.0.0.1:port`, separated by commas.
    pub endpoints: String,
}

impl Double {
    /// A shop with `stock` units, served at `nodes` addresses until the test ends.
    pub async fn open(stock: u64, nodes: usize) -> Double {
        let shop = Arc::new(Mutex::new(Shop { stock, hashes: vec!["aa"; nodes], ..Shop::default() }));
        let mut listeners = Vec::new();
        for _ in 0..nodes {
            listeners.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
        }
        let addresses: Vec<String> =
            listeners.iter().map(|listener| format!("http://{}", listener.local_addr().unwrap())).collect();
        for (place, listener) in listeners.into_iter().enumerate() {
            let router = routes::router(shop.clone(), place, addresses.clone());
            tokio::spawn(async move { axum::serve(listener, router).await });
        }
        Double { shop, endpoints: addresses.join(",") }
    }

    pub fn shop(&self) -> MutexGuard<'_, Shop> {
        self.shop.lock().unwrap()
    }

    pub fn count(&self, request: &str) -> usize {
        self.shop().seen.iter().filter(|seen| *seen == request).count()
    }
}

/// An address where nobody listens.
pub async fn closed_endpoint() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
