//! Money: paying, paying back, and the books (operators).

use std::time::Duration;

use livedrop_proto::rest::List;
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::orders::{Order, PayOrder, RefundOrder};
use livedrop_proto::rest::payments::{Movement, PaymentLine};

use crate::call::{Call, segment};
use crate::{Answer, Client, Error, IdempotencyKey};

impl Client {
    /// Begins to pay for an own order, once, however often it is sent with this key. [`Client::changed_order`] tells
    /// what comes of it.
    ///
    /// Refused with `wrong_status`, `hold_ended`, `not_found`.
    pub async fn pay_order(&self, id: &str, pay: &PayOrder, key: &IdempotencyKey) -> Result<Answer<Order>, Error> {
        let call = Call::post(format!("/v1/orders/{}/pay", segment(id)), pay);
        self.ask(Call { key: Some(key), ..call }).await
    }

    /// Gives money of a confirmed order back, once, however often it is sent with this key. Its drop's creator and
    /// operators only.
    ///
    /// Refused with `wrong_status`, `not_found`, `too_many_refunds`.
    pub async fn refund_order(
        &self,
        id: &str,
        refund: &RefundOrder,
        key: &IdempotencyKey,
    ) -> Result<Answer<Order>, Error> {
        let call = Call::post(format!("/v1/orders/{}/refund", segment(id)), refund);
        self.ask(Call { key: Some(key), ..call }).await
    }

    /// An own order after its next change, or as it is after `patience`, which is cut to whole seconds, 30 at most.
    pub async fn changed_order(&self, id: &str, patience: Duration) -> Result<Answer<Order>, Error> {
        let wait = format!("{}s", patience.as_secs().clamp(1, 30));
        self.ask(Call::get(format!("/v1/orders/{}", segment(id))).with("wait", Some(wait))).await
    }

    /// One page of all payments, oldest order first. Operators only, as what follows.
    pub async fn payments(&self, page: &Page) -> Result<List<PaymentLine>, Error> {
        let call = Call::get("/v1/admin/payments").page(page.limit, page.cursor.as_ref(), page.consistency);
        Ok(self.ask(call).await?.body)
    }

    /// One page of the sandbox's books, oldest line first.
    pub async fn payment_ledger(&self, page: &Page) -> Result<List<Movement>, Error> {
        let call = Call::get("/v1/admin/payments/ledger").page(page.limit, page.cursor.as_ref(), page.consistency);
        Ok(self.ask(call).await?.body)
    }
}
