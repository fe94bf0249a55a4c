//! Timed sales with limited stock.

use http::Method;
use livedrop_proto::rest::drops::{CreateDrop, Drop, DropStage, DropStats, EditDrop, ListDrops, Restock};
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::orders::Order;
use livedrop_proto::rest::{Consistency, List};

use crate::call::{Call, consistency_word, segment};
use crate::{Answer, Client, Error};

impl Client {
    pub async fn create_drop(&self, drop: &CreateDrop) -> Result<Drop, Error> {
        Ok(self.ask(Call::post("/v1/drops", drop)).await?.body)
    }

    /// `consistency`: linearizable when absent.
    pub async fn drop(&self, id: &str, consistency: Option<Consistency>) -> Result<Answer<Drop>, Error> {
        self.ask(Call::get(format!("/v1/drops/{}", segment(id))).with("consistency", consistency.map(consistency_word)))
            .await
    }

    /// One page, newest first.
    pub async fn drops(&self, wanted: &ListDrops) -> Result<List<Drop>, Error> {
        let status = wanted.status.map(|stage| match stage {
            DropStage::Upcoming => "upcoming",
            DropStage::Live => "live",
            DropStage::Ended => "ended",
        });
        let call = Call::get("/v1/drops").with("status", status).with("creator_id", wanted.creator_id.as_ref()).page(
            wanted.limit,
            wanted.cursor.as_ref(),
            wanted.consistency,
        );
        Ok(self.ask(call).await?.body)
    }

    /// Before it starts. Refused with `wrong_status` afterwards.
    pub async fn edit_drop(&self, id: &str, edit: &EditDrop) -> Result<Drop, Error> {
        Ok(self.ask(Call::new(Method::PATCH, format!("/v1/drops/{}", segment(id))).with_body(edit)).await?.body)
    }

    /// Adds units. Not repeated when the answer is lost: they would be added twice.
    pub async fn restock(&self, id: &str, more: &Restock) -> Result<Drop, Error> {
        Ok(self.ask(Call::post(format!("/v1/drops/{}/restock", segment(id)), more)).await?.body)
    }

    pub async fn pause_drop(&self, id: &str) -> Result<Drop, Error> {
        self.steer(id, "pause").await
    }

    pub async fn resume_drop(&self, id: &str) -> Result<Drop, Error> {
        self.steer(id, "resume").await
    }

    /// Sells nothing more from now on.
    pub async fn end_drop(&self, id: &str) -> Result<Drop, Error> {
        self.steer(id, "end").await
    }

    /// Calls it off for good: every confirmed order is refunded, one after the other.
    pub async fn cancel_drop(&self, id: &str) -> Result<Drop, Error> {
        self.steer(id, "cancel").await
    }

    /// One page of the orders of an own drop, newest first.
    pub async fn drop_orders(&self, id: &str, page: &Page) -> Result<List<Order>, Error> {
        let call = Call::get(format!("/v1/drops/{}/orders", segment(id)));
        Ok(self.ask(call.page(page.limit, page.cursor.as_ref(), page.consistency)).await?.body)
    }

    /// How an own drop sells.
    pub async fn drop_stats(&self, id: &str) -> Result<DropStats, Error> {
        Ok(self.ask(Call::get(format!("/v1/drops/{}/stats", segment(id)))).await?.body)
    }

    async fn steer(&self, id: &str, verb: &str) -> Result<Drop, Error> {
        Ok(self.ask(Call::new(Method::POST, format!("/v1/drops/{}/{verb}", segment(id)))).await?.body)
    }
}
