//! What operators do to accounts and signing keys, and who did what.

use http::Method;
use livedrop_proto::rest::List;
use livedrop_proto::rest::accounts::Role;
use livedrop_proto::rest::admin::{AdminAccount, Happened, SetPassword, SetRole, SigningKey, SigningKeys};
use livedrop_proto::rest::audit::{AuditRecord, ReadAudit};
use livedrop_proto::rest::list::Page;

use crate::call::{Call, segment};
use crate::{Client, Error};

/// All of it is refused with `forbidden` to everybody but operators, and with `not_found` when there is no such account.
impl Client {
    /// One page of all accounts, oldest first.
    pub async fn accounts(&self, page: &Page) -> Result<List<AdminAccount>, Error> {
        let call = Call::get("/v1/admin/accounts").page(page.limit, page.cursor.as_ref(), page.consistency);
        Ok(self.ask(call).await?.body)
    }

    pub async fn account(&self, id: &str) -> Result<AdminAccount, Error> {
        Ok(self.ask(Call::get(path(id, ""))).await?.body)
    }

    /// Says what an account may do, and ends its sessions if that is something else than before.
    pub async fn set_role(&self, id: &str, role: Role) -> Result<AdminAccount, Error> {
        let call = Call::new(Method::PUT, path(id, "/role")).with_body(&SetRole { role });
        Ok(self.ask(call).await?.body)
    }

    /// Gives an account another password and ends its sessions. Refused with `weak_password`.
    pub async fn set_password(&self, id: &str, password: &str) -> Result<(), Error> {
        let body = SetPassword { password: password.to_owned() };
        self.tell(Call::new(Method::PUT, path(id, "/password")).with_body(&body)).await
    }

    /// Ends all sessions of an account.
    pub async fn sign_out_account(&self, id: &str) -> Result<(), Error> {
        self.tell(Call::new(Method::DELETE, path(id, "/sessions"))).await
    }

    /// Keeps an account from signing in and from doing anything, or lets it in again.
    pub async fn set_disabled(&self, id: &str, disabled: bool) -> Result<AdminAccount, Error> {
        let verb = if disabled { "/disable" } else { "/enable" };
        Ok(self.ask(Call { harmless: true, ..Call::new(Method::POST, path(id, verb)) }).await?.body)
    }

    /// The keys whose signatures are good.
    pub async fn keys(&self) -> Result<SigningKeys, Error> {
        Ok(self.ask(Call::get("/v1/admin/keys")).await?.body)
    }

    /// Has a new key sign from now on. Refused with `too_many_keys`.
    pub async fn rotate_key(&self) -> Result<SigningKey, Error> {
        Ok(self.ask(Call::new(Method::POST, "/v1/admin/keys")).await?.body)
    }

    /// Takes a key away at once, and with it every token that it signed.
    pub async fn revoke_key(&self, id: &str) -> Result<(), Error> {
        self.tell(Call::new(Method::DELETE, format!("/v1/admin/keys/{}", segment(id)))).await
    }

    /// Has the node that answers be ready no more, or again.
    pub async fn drain(&self, draining: bool) -> Result<(), Error> {
        let method = if draining { Method::PUT } else { Method::DELETE };
        self.tell(Call::new(method, "/v1/admin/drain")).await
    }

    /// What all nodes remember of a request that failed, was slow or is traced. Refused with `not_found` when none does.
    pub async fn happened(&self, request_id: &str) -> Result<Happened, Error> {
        Ok(self.ask(Call::get(format!("/v1/admin/errors/{}", segment(request_id)))).await?.body)
    }

    /// One page of the audit trail, oldest record first.
    pub async fn audit(&self, wanted: &ReadAudit) -> Result<List<AuditRecord>, Error> {
        let call = Call::get("/v1/admin/audit")
            .page(wanted.limit, wanted.cursor.as_ref(), wanted.consistency)
            .with("after", wanted.after)
            .with("actor", wanted.actor.as_ref())
            .with("subject", wanted.subject.as_ref());
        Ok(self.ask(call).await?.body)
    }
}

fn path(id: &str, verb: &str) -> String {
    format!("/v1/admin/accounts/{}{verb}", segment(id))
}
