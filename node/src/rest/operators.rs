//! Operators at the peer port show the tokens that they show here.

use livedrop_domain::By;
use livedrop_domain::accounts::Role;
use tonic::Status;

use super::Rest;
use super::identity::identify;
use crate::raft::{OperatorCaller, OperatorRole, Operators};

#[tonic::async_trait]
impl Operators for Rest {
    async fn of_token(&self, token: &str) -> Result<OperatorCaller, Status> {
        let operator = |account| Ok(OperatorCaller { who: By { account }, role: OperatorRole::Operator });
        if self.is_operator_token(token) {
            return operator(None);
        }
        let identity = identify(self, token).await.map_err(|problem| match problem.code().status {
            401 => {
                Status::unauthenticated("the token is not good here; sign in again, or use this node's operator.token")
            }
            _ => Status::unavailable("the token cannot be looked up now; try again"),
        })?;
        match identity.role {
            Role::Operator => operator(Some(identity.account_id)),
            Role::Buyer | Role::Creator => Err(Status::permission_denied("only operators may")),
        }
    }
}
