//! What of a request tells who asks, and answers to those that are refused.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::guard::{Asked, Refusal};
use super::pages::sentence;

pub(super) fn answer(status: StatusCode, text: &str) -> Response {
    let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, html, sentence(text)).into_response()
}

pub(super) fn asked<'a>(headers: &'a HeaderMap, method: &Method) -> Asked<'a> {
    // A header that is there twice is a trick.
    let one = |name: HeaderName| {
        let mut values = headers.get_all(name).into_iter();
        let first = values.next().map(|value| value.to_str().unwrap_or("?"));
        if values.next().is_some() { Some("?") } else { first }
    };
    Asked {
        host: one(header::HOST),
        origin: one(header::ORIGIN),
        fetch_site: one(HeaderName::from_static("sec-fetch-site")),
        cookies: one(header::COOKIE),
        changes: method != Method::GET && method != Method::HEAD,
    }
}

/// An answer after which the connection is closed.
pub(super) fn last(status: StatusCode, text: &str) -> Response {
    let mut response = answer(status, text);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

pub(super) fn refused(refusal: Refusal) -> Response {
    last(StatusCode::FORBIDDEN, refusal.text())
}
