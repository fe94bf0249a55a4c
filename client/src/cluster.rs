//! The cluster itself. Use [`Client::at`] to ask one node.

use livedrop_proto::rest::accounts::Account;
use livedrop_proto::rest::admin::{AdminCreateAccount, NodeStatus, StateHash};
use livedrop_proto::rest::cluster::Cluster;

use crate::call::Call;
use crate::{Client, Error};

impl Client {
    /// The cluster, as the node that answers sees it. Needs no token.
    pub async fn cluster(&self) -> Result<Cluster, Error> {
        Ok(self.ask(Call::get("/v1/cluster")).await?.body)
    }

    /// The node that answers. Operators only, as all that follow.
    pub async fn node_status(&self) -> Result<NodeStatus, Error> {
        Ok(self.ask(Call::get("/v1/admin/status")).await?.body)
    }

    /// The state hash of the node that answers, at a log index or at what it has applied.
    pub async fn state_hash(&self, index: Option<u64>) -> Result<StateHash, Error> {
        Ok(self.ask(Call::get("/v1/admin/hash").with("index", index)).await?.body)
    }

    /// An account of any role.
    pub async fn create_any_account(&self, account: &AdminCreateAccount) -> Result<Account, Error> {
        Ok(self.ask(Call::post("/v1/admin/accounts", account)).await?.body)
    }
}
