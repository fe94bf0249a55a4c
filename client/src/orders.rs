//! Purchases.

use http::Method;
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::orders::{Order, PlaceOrder};
use livedrop_proto::rest::{Consistency, List, problem::code};

use crate::call::{Call, consistency_word, segment};
use crate::{Answer, Client, Error, IdempotencyKey};

impl Client {
    /// Places an order, once, however often it is sent with this key.
    ///
    /// Refused with `sold_out`, `limit_reached`, `drop_paused`, `drop_ended`, `drop_not_open`, `not_found`. After any
    /// other error the same call with the same key tells what became of it.
    pub async fn place_order(&self, wanted: &PlaceOrder, key: &IdempotencyKey) -> Result<Answer<Order>, Error> {
        let mut call = Call::post("/v1/orders", wanted);
        call.key = Some(key);
        self.ask(call).await
    }

    /// An own order. `consistency`: linearizable when absent.
    pub async fn order(&self, id: &str, consistency: Option<Consistency>) -> Result<Answer<Order>, Error> {
        self.ask(
            Call::get(format!("/v1/orders/{}", segment(id))).with("consistency", consistency.map(consistency_word)),
        )
        .await
    }

    /// The own order that a key decided; none when it decided none.
    pub async fn find_order(&self, key: &IdempotencyKey) -> Result<Option<Answer<Order>>, Error> {
        match self.ask(Call::get("/v1/orders").with("idempotency_key", Some(key))).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.status() == Some(404) && error.code() == Some(code::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One page of the own orders, newest first.
    pub async fn my_orders(&self, page: &Page) -> Result<List<Order>, Error> {
        let call = Call::get("/v1/me/orders").page(page.limit, page.cursor.as_ref(), page.consistency);
        Ok(self.ask(call).await?.body)
    }

    /// Gives the units back. Refused with `wrong_status` once the order is confirmed.
    pub async fn cancel_order(&self, id: &str) -> Result<Order, Error> {
        Ok(self.ask(Call::new(Method::POST, format!("/v1/orders/{}/cancel", segment(id)))).await?.body)
    }
}
