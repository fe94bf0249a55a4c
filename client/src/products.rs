//! What creators sell.

use http::Method;
use livedrop_proto::rest::List;
use livedrop_proto::rest::products::{CreateProduct, EditProduct, ListProducts, Product};

use crate::call::{Call, segment};
use crate::{Answer, Client, Error};

impl Client {
    pub async fn create_product(&self, product: &CreateProduct) -> Result<Product, Error> {
        Ok(self.ask(Call::post("/v1/products", product)).await?.body)
    }

    /// The answer's `etag` is what [`Client::edit_product`] wants.
    pub async fn product(&self, id: &str) -> Result<Answer<Product>, Error> {
        self.ask(Call::get(format!("/v1/products/{}", segment(id)))).await
    }

    /// Refused with `changed_since` when `etag` is not that of the newest version.
    pub async fn edit_product(&self, id: &str, etag: &str, edit: &EditProduct) -> Result<Product, Error> {
        let mut call = Call::new(Method::PATCH, format!("/v1/products/{}", segment(id))).with_body(edit);
        call.if_match = Some(etag);
        Ok(self.ask(call).await?.body)
    }

    /// Takes it out of the shop; its drops and orders stay as they are.
    pub async fn retire_product(&self, id: &str) -> Result<(), Error> {
        self.tell(Call::new(Method::DELETE, format!("/v1/products/{}", segment(id)))).await
    }

    /// One page, newest first.
    pub async fn products(&self, wanted: &ListProducts) -> Result<List<Product>, Error> {
        let call = Call::get("/v1/products")
            .with("creator_id", wanted.creator_id.as_ref())
            .with("tag", wanted.tag.as_ref())
            .page(wanted.limit, wanted.cursor.as_ref(), wanted.consistency);
        Ok(self.ask(call).await?.body)
    }
}
