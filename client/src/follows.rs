//! Who follows whom, and what they are told.

use http::Method;
use livedrop_proto::rest::List;
use livedrop_proto::rest::admin::{ImportAccounts, ImportedAccounts};
use livedrop_proto::rest::follows::{Followed, ImportFollowers, ImportedFollowers};
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::notifications::{MarkRead, Notification, Preferences};
use livedrop_proto::rest::problem::code;

use crate::call::{Call, segment};
use crate::{Client, Error};

impl Client {
    /// Refused with `not_found`, `too_many_followed`, `invalid_request`.
    pub async fn follow(&self, creator_id: &str) -> Result<(), Error> {
        self.tell(Call::new(Method::PUT, following(creator_id))).await
    }

    pub async fn unfollow(&self, creator_id: &str) -> Result<(), Error> {
        self.tell(Call::new(Method::DELETE, following(creator_id))).await
    }

    /// Whether the account of this client's token follows a creator.
    pub async fn follows(&self, creator_id: &str) -> Result<bool, Error> {
        match self.tell(Call::get(following(creator_id))).await {
            Ok(()) => Ok(true),
            Err(error) if error.code() == Some(code::NOT_FOUND) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// One page of those whom the account of this client's token follows, in the order of their ids.
    pub async fn following(&self, page: &Page) -> Result<List<Followed>, Error> {
        let call = Call::get("/v1/me/following").page(page.limit, page.cursor.as_ref(), page.consistency);
        Ok(self.ask(call).await?.body)
    }

    /// One page of those who follow a creator, in no order that means anything.
    pub async fn followers(&self, creator_id: &str, page: &Page) -> Result<List<Followed>, Error> {
        let call = Call::get(format!("/v1/creators/{}/followers", segment(creator_id)));
        Ok(self.ask(call.page(page.limit, page.cursor.as_ref(), page.consistency)).await?.body)
    }

    /// Brings followers that a creator had elsewhere. Repeated it changes nothing, but those who were added by a try
    /// whose answer was lost are counted as `already`. Operators only, as what follows.
    pub async fn import_followers(&self, import: &ImportFollowers) -> Result<ImportedFollowers, Error> {
        let call = Call { harmless: true, ..Call::post("/v1/admin/followers", import) };
        Ok(self.ask(call).await?.body)
    }

    /// Brings accounts that were opened elsewhere. Repeated it changes nothing, since their addresses are taken then.
    pub async fn import_accounts(&self, import: &ImportAccounts) -> Result<ImportedAccounts, Error> {
        let call = Call { harmless: true, ..Call::post("/v1/admin/accounts/import", import) };
        Ok(self.ask(call).await?.body)
    }

    /// One page of the inbox, newest first. It may have fewer entries than were asked for and a next page all the same.
    pub async fn notifications(&self, page: &Page) -> Result<List<Notification>, Error> {
        let call = Call::get("/v1/me/notifications").page(page.limit, page.cursor.as_ref(), page.consistency);
        Ok(self.ask(call).await?.body)
    }

    /// Says that a notification and all before it are read.
    pub async fn read_notifications(&self, through: &str) -> Result<(), Error> {
        let body = MarkRead { through: through.to_owned() };
        self.tell(Call { harmless: true, ..Call::post("/v1/me/notifications/read", &body) }).await
    }

    pub async fn notification_preferences(&self) -> Result<Preferences, Error> {
        Ok(self.ask(Call::get("/v1/me/notifications/preferences")).await?.body)
    }

    /// Says what is not to be told, in place of what was said before.
    pub async fn set_notification_preferences(&self, preferences: &Preferences) -> Result<Preferences, Error> {
        let call = Call::new(Method::PUT, "/v1/me/notifications/preferences").with_body(preferences);
        Ok(self.ask(call).await?.body)
    }
}

fn following(creator_id: &str) -> String {
    format!("/v1/me/following/{}", segment(creator_id))
}
