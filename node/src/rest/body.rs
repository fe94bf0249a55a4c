//! JSON in: read once, strictly, and with a pointer to what is wrong.

use axum::extract::FromRequest;
use axum::extract::Request;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use livedrop_proto::rest::problem::FieldError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::code;
use super::context::Context;
use super::problem::Problem;

/// A body of the shape `T`.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let context = request.extensions().get::<Context>().expect("the front gives every request a context");
        parse(request.headers(), &context.body).map(Json)
    }
}

/// Reads a body that may be borrowed from. Rejects: a media type that is not JSON, broken JSON, then the first
/// field that is missing, unknown or not what it must be.
pub fn parse<'a, T: Deserialize<'a>>(headers: &HeaderMap, body: &'a [u8]) -> Result<T, Problem> {
    if headers.get(CONTENT_TYPE).is_some_and(|media_type| !is_json(media_type)) {
        return Err(Problem::new(&code::UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json."));
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        // Only a body that is wrong is read again, to find out where.
        Category::Data => wrong_field::<T>(body),
        Category::Eof if body.is_empty() => Problem::new(&code::BAD_REQUEST, "A JSON body is required."),
        Category::Syntax | Category::Eof | Category::Io => {
            Problem::new(&code::BAD_REQUEST, format!("Not JSON: {error}."))
        }
    })
}

fn is_json(media_type: &HeaderValue) -> bool {
    let Ok(text) = media_type.to_str() else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn wrong_field<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Problem {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut reader) else {
        return Problem::new(&code::BAD_REQUEST, "Not JSON.");
    };
    let (mut pointer, detail) = (pointer(error.path()), detail_of(error.inner()));
    // Of a field that is missing or unknown, serde says the name in its message only.
    if let Some(name) = detail.strip_prefix("missing field `").and_then(|rest| rest.split('`').next())
        && !pointer.ends_with(&format!("/{name}"))
    {
        pointer = format!("{pointer}/{name}");
    }
    Problem::fields(vec![FieldError { pointer, detail }])
}

/// The message without the place in the text, which the pointer says better.
fn detail_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// A path as a JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    pointer
}

/// The parameters after the `?`, of the shape `T`.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(params) = Query::try_from_uri(&parts.uri).map_err(|rejection: QueryRejection| {
            let text = rejection.body_text();
            let detail = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            Problem::new(&code::BAD_REQUEST, format!("A parameter is wrong: {detail}."))
        })?;
        Ok(Params(params))
    }
}

#[cfg(test)]
mod tests {
    use livedrop_proto::rest::drops::CreateDrop;

    use super::*;

    fn wrong(body: &str) -> (u16, String, String) {
        let problem = parse::<CreateDrop>(&HeaderMap::new(), body.as_bytes()).expect_err("it is wrong");
        let status = problem.code().status;
        let errors = problem.errors();
        let [FieldError { pointer, detail }] = errors else { return (status, String::new(), String::new()) };
        (status, pointer.clone(), detail.clone())
    }

    #[test]
    fn a_wrong_field_is_pointed_at() {
        let unknown = wrong(r#"{"product_id":"p","creator_id":"me"}"#);
        assert_eq!((unknown.0, &unknown.1[..]), (422, "/creator_id"));
        let deep = wrong(r#"{"product_id":"p","items":[{"sku":"a","stock":1},{"sku":"b","stock":-1}]}"#);
        assert_eq!((deep.0, &deep.1[..]), (422, "/items/1/stock"));
        let missing = wrong(r#"{"items":[]}"#);
        assert_eq!((missing.0, &missing.1[..]), (422, "/product_id"));
        let missing = wrong(r#"{"product_id":"p","items":[{"sku":"a"}]}"#);
        assert_eq!((missing.0, &missing.1[..]), (422, "/items/0/stock"));
        assert_eq!(wrong(r#"{"product_id":"p","product_id":"q"}"#).0, 422);
        assert_eq!(wrong("[]").0, 422);
    }

    #[test]
    fn what_is_not_json_is_not_a_wrong_field() {
        for body in ["", "{", "nonsense", "{\"product_id\":\"p\"} more"] {
            assert_eq!(wrong(body).0, 400, "{body}");
        }
    }

    #[test]
    fn another_media_type_is_refused() {
        let headers = |text: &'static str| HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(text))]);
        let body = br#"{"product_id":"p"}"#;
        assert!(parse::<CreateDrop>(&headers("application/json; charset=utf-8"), body).is_ok());
        let refused = parse::<CreateDrop>(&headers("text/plain"), body).expect_err("text is not JSON");
        assert_eq!(refused.code().status, 415);
    }
}
