//! The API's description of itself. It is made of the routes that are served, so it cannot say anything else.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State};
use http::StatusCode;
use livedrop_proto::rest;
use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::Rest;
use super::answer::Answer;
use super::code;
use super::problem::Problem;

#[derive(OpenApi)]
#[openapi(
    info(title = "Live Drops", version = env!("CARGO_PKG_VERSION"), license(name = "Apache-2.0", identifier = "Apache-2.0"),
        description = "Limited stock, sold in timed drops. Every node answers every request. An acknowledged purchase is durable on a majority of the nodes; of any other, the same request with the same `Idempotency-Key` tells the outcome.\n\nEvery answer carries `X-Request-Id`, `Livedrop-Index` (the log index that it reflects) and `Livedrop-Node`. Send `Livedrop-Min-Index` to see at least what you have seen before."),
    components(schemas(rest::Problem)),
    modifiers(&Bearer),
    tags(
        (name = "orders", description = "One buyer's units of a drop."),
        (name = "drops", description = "Timed sales of limited stock."),
        (name = "products", description = "What creators sell."),
        (name = "creators", description = "Those who sell."),
        (name = "notifications", description = "What an account is told and can read later."),
        (name = "accounts", description = "Who buys, sells and operates."),
        (name = "sessions", description = "Signing in and out."),
        (name = "events", description = "What happens, as it happens."),
        (name = "operations", description = "Health and the cluster."),
    )
)]
struct Api;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// A router that routes nothing yet, with the description's front page.
pub fn begin() -> OpenApiRouter<Rest> {
    OpenApiRouter::with_openapi(Api::openapi())
}

/// Adds the pages that show the description to people.
pub fn pages(router: Router<Rest>) -> Router<Rest> {
    router.merge(SwaggerUi::new("/docs").config(Config::new(["/openapi.json"])))
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", tag = "operations", responses(
    (status = 200, description = "The OpenAPI document of this API.", content_type = "application/json"),
    Problems,
))]
pub async fn document(State(rest): State<Rest>) -> Answer {
    Answer::written(StatusCode::OK, "application/json", rest.description())
}

/// What a code means.
#[derive(Serialize, ToSchema)]
pub struct Explained {
    code: &'static str,
    status: u16,
    title: &'static str,
    about: &'static str,
}

/// What a problem means: the page that its `type` names.
#[utoipa::path(get, path = "/problems/{code}", tag = "operations", params(("code" = String, Path, description = "The `code` of a problem.")), responses(
    (status = 200, description = "The explanation.", body = Explained),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn problem(Path(name): Path<String>) -> Result<Answer, Problem> {
    let code = code::ALL.iter().find(|code| code.name == name).ok_or_else(|| Problem::not_found("problem"))?;
    Ok(Answer::ok(&Explained { code: code.name, status: code.status, title: code.title, about: code.about }))
}

/// What every route may answer instead of what it is for.
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description("A problem (RFC 9457).")
            .content(rest::problem::MEDIA_TYPE, content)
            .build();
        BTreeMap::from([("default".to_owned(), RefOr::T(response))])
    }
}
