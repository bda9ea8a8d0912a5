//! Coming in with a password, and asking for another link.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::answers::{aside, problem};
use super::connections::Seat;
use super::gate::Attempt;
use super::pages::{CSS, HTML, LOGIN, LOGIN_SCRIPT, SCRIPT, STYLE};
use super::refusals::{asked, refused};
use super::state::{ReviewState, Shared};

/// Most bytes that somebody who is not in yet may send.
const LARGEST: usize = 4 << 10;
/// How long a wrong password counts.
const MEMORY: Duration = Duration::from_secs(60);

/// What is served to everybody, so that they can log in.
pub(super) fn routes() -> Router<Arc<ReviewState>> {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], text) })
    };
    Router::new()
        .route("/login", file(HTML, LOGIN).post(log_in))
        .route("/login.js", file(SCRIPT, LOGIN_SCRIPT))
        .route("/login.css", file(CSS, STYLE))
        .route("/logout", post(log_out))
}

/// A small JSON body of somebody who may be anybody.
async fn body<T: DeserializeOwned>(app: &ReviewState, request: Request) -> Option<T> {
    // Forms of other pages can send anything but this without being asked first.
    let json = request.headers().get(header::CONTENT_TYPE)?.as_bytes() == b"application/json";
    let body: Body = request.into_body();
    let bytes =
        tokio::time::timeout(app.patience.body, to_bytes(body, LARGEST)).await.ok()?.ok()?;
    json.then(|| serde_json::from_slice(&bytes).ok()).flatten()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Password {
    password: String,
}

/// Nothing: the answer has a cookie.
#[derive(Serialize)]
struct Welcome {}

async fn log_in(
    State(app): Shared,
    Extension(seat): Extension<Arc<Seat>>,
    request: Request,
) -> Response {
    let from = seat.from;
    match app.gate.attempt(from, &asked(request.headers(), request.method())) {
        Err(refusal) => return refused(refusal),
        Ok(Attempt::TooMany) => {
            let why = "too many wrong passwords; try again in a minute";
            return problem(StatusCode::TOO_MANY_REQUESTS, why);
        }
        Ok(Attempt::Granted) => {}
    }
    let Some(Password { password }) = body(&app, request).await else {
        forget_later(app, from);
        return problem(StatusCode::BAD_REQUEST, "no password was sent");
    };
    match enter(&app, password).await {
        Some(cookie) => {
            app.gate.forgive(from);
            seat.know();
            ([(header::SET_COOKIE, cookie)], Json(Welcome {})).into_response()
        }
        None => {
            forget_later(app, from);
            problem(StatusCode::UNAUTHORIZED, "that is not the password")
        }
    }
}

/// Looks at one password after the other: each takes memory and time.
async fn enter(app: &Arc<ReviewState>, password: String) -> Option<String> {
    let worker = Arc::clone(app);
    let _turn = app.trying.acquire().await.ok()?;
    aside(move || worker.gate.enter(&password, worker.port)).await.ok()?
}

/// The attempt counts for a while.
fn forget_later(app: Arc<ReviewState>, from: IpAddr) {
    tokio::spawn(async move {
        tokio::time::sleep(MEMORY).await;
        app.gate.forgive(from);
    });
}

async fn log_out(State(app): Shared, request: Request) -> Response {
    let asked = asked(request.headers(), request.method());
    if let Err(refusal) = app.gate.check(app.port, &asked) {
        return refused(refusal);
    }
    app.gate.leave(app.port, &asked);
    Json(Welcome {}).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    key: String,
}

/// A new link.
#[derive(Serialize)]
struct Another {
    link: String,
}

pub(super) async fn again(State(app): Shared, request: Request) -> Response {
    let (parts, rest) = request.into_parts();
    let Some(Key { key }) = body(&app, Request::from_parts(parts.clone(), rest)).await else {
        return problem(StatusCode::BAD_REQUEST, "no key was sent");
    };
    match app.gate.again(&key, app.port, &asked(&parts.headers, &parts.method)) {
        Ok(link) => Json(Another { link }).into_response(),
        Err(refusal) => refused(refusal),
    }
}
