//! What the page asks about groups, and the answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path as UrlPath, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::api::{ChangeJson, Numbers, RuleJson};
use super::change_error::ChangeError;
use super::filter::Filter;
use super::pictures;
use super::state::Shared;
use crate::model::media::Orientation;

/// An error of the API (human-readable).
#[derive(Serialize)]
struct RequestError {
    error: String,
}

pub(super) fn problem(status: StatusCode, error: impl Into<String>) -> Response {
    (status, Json(RequestError { error: error.into() })).into_response()
}

pub(super) fn unknown() -> Response {
    problem(StatusCode::NOT_FOUND, "there is no such group or picture")
}

/// Work that reads files or waits for the database, away from the threads that answer.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Response> {
    let failed = |_| problem(StatusCode::INTERNAL_SERVER_ERROR, "it failed unexpectedly");
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

pub(super) async fn overview(State(app): Shared) -> Result<Response, Response> {
    aside(move || {
        let mut session = app.session();
        let search = app.search.load(Ordering::Relaxed);
        Json(session.overview(search)).into_response()
    })
    .await
}

pub(super) async fn skipped(State(app): Shared) -> Response {
    Json(app.session().skipped()).into_response()
}

pub(super) async fn ids(
    State(app): Shared,
    Query(filter): Query<Filter>,
) -> Result<Response, Response> {
    aside(move || Json(app.session().fitting(&filter)).into_response()).await
}

pub(super) async fn groups(
    State(app): Shared,
    Query(numbers): Query<Numbers>,
) -> Result<Response, Response> {
    aside(move || Json(app.session().listed(&numbers)).into_response()).await
}

pub(super) async fn group(State(app): Shared, UrlPath(id): UrlPath<usize>) -> Response {
    app.session().group(id).map_or_else(unknown, |group| Json(group).into_response())
}

pub(super) async fn change(
    State(app): Shared,
    UrlPath(id): UrlPath<usize>,
    change: Result<Json<ChangeJson>, JsonRejection>,
) -> Result<Response, Response> {
    let Json(change) =
        change.map_err(|error| problem(StatusCode::BAD_REQUEST, error.body_text()))?;
    aside(move || {
        let mut session = app.session();
        if let Err(why) = session.change(id, change.into()) {
            return problem(StatusCode::CONFLICT, why.to_string());
        }
        app.queue.forget_plan();
        session.group(id).map_or_else(unknown, |group| Json(group).into_response())
    })
    .await
}

/// How many groups were decided about.
#[derive(Serialize)]
struct Decided {
    groups: usize,
}

fn decided(groups: Result<usize, ChangeError>) -> Response {
    match groups {
        Ok(groups) => Json(Decided { groups }).into_response(),
        Err(why) => problem(StatusCode::CONFLICT, why.to_string()),
    }
}

pub(super) async fn accept(
    State(app): Shared,
    filter: Result<Json<Filter>, JsonRejection>,
) -> Result<Response, Response> {
    let Json(filter) =
        filter.map_err(|error| problem(StatusCode::BAD_REQUEST, error.body_text()))?;
    aside(move || {
        let mut session = app.session();
        let numbers = session.filtered(&filter);
        app.queue.forget_plan();
        decided(session.accept(&numbers))
    })
    .await
}

pub(super) async fn rule(
    State(app): Shared,
    rule: Result<Json<RuleJson>, JsonRejection>,
) -> Result<Response, Response> {
    let Json(rule) = rule.map_err(|error| problem(StatusCode::BAD_REQUEST, error.body_text()))?;
    aside(move || {
        let mut session = app.session();
        let numbers = session.filtered(&rule.filter);
        let wish = rule.wish.into();
        if rule.dry {
            return decided(Ok(session.count_by_rule(rule.folder, wish, &numbers)));
        }
        app.queue.forget_plan();
        decided(session.rule(rule.folder, wish, &numbers))
    })
    .await
}

pub(super) async fn alike(
    State(app): Shared,
    UrlPath(id): UrlPath<usize>,
    _: Json<Nothing>,
) -> Result<Response, Response> {
    aside(move || {
        app.queue.forget_plan();
        decided(app.session().decide_alike(id))
    })
    .await
}

/// An empty object. That it has to be JSON keeps forms of other pages out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// A decision that was undone.
#[derive(Serialize)]
struct Undone {
    /// What it was (human-readable); nothing where there was none.
    undone: Option<String>,
    /// A group that it was about.
    group: Option<usize>,
}

pub(super) async fn undo_step(State(app): Shared, _: Json<Nothing>) -> Result<Response, Response> {
    aside(move || {
        app.queue.forget_plan();
        match app.session().undo_step() {
            Ok(step) => {
                let (group, undone) = step.unzip();
                Json(Undone { undone, group }).into_response()
            }
            Err(why) => problem(StatusCode::CONFLICT, why.to_string()),
        }
    })
    .await
}

pub(super) async fn folders(State(app): Shared) -> Result<Response, Response> {
    aside(move || Json(app.session().folders()).into_response()).await
}

pub(super) async fn tags(
    State(app): Shared,
    UrlPath((group, member)): UrlPath<(usize, usize)>,
) -> Result<Response, Response> {
    aside(move || {
        let session = app.session();
        let Some(picture) = session.picture(group, member) else { return unknown() };
        let place = session.place(picture);
        drop(session);
        match pictures::tags(&place) {
            Ok(tags) => Json(tags).into_response(),
            Err(why) => problem(StatusCode::GONE, why.to_string()),
        }
    })
    .await
}

#[derive(Deserialize)]
pub(super) struct Turned {
    /// As the keeper lies, so that both can be laid over each other.
    #[serde(default)]
    like_keeper: u8,
    /// The search that the group belongs to; browsers keep pictures by it.
    of: Option<u64>,
}

pub(super) async fn picture(
    State(app): Shared,
    UrlPath((group, member, side)): UrlPath<(usize, usize, u32)>,
    Query(turned): Query<Turned>,
) -> Result<Response, Response> {
    if !pictures::is_side(side) {
        return Err(unknown());
    }
    let closed = |_| problem(StatusCode::SERVICE_UNAVAILABLE, "the review is over");
    let found = {
        let session = app.session();
        if turned.of.is_some_and(|of| of != app.search.load(Ordering::Relaxed)) {
            return Err(unknown());
        }
        session.picture(group, member).map(|picture| {
            let arranged = session.arranged(group);
            let duplicate = arranged
                .iter()
                .flat_map(|group| &group.duplicates)
                .find(|duplicate| duplicate.picture.path == picture.path);
            let turn = duplicate.map_or(Orientation::Upright, |d| d.orientation.inverse());
            (session.place(picture), turn)
        })
    };
    let Some((place, turn)) = found else { return Err(unknown()) };
    let turn = if turned.like_keeper == 0 { Orientation::Upright } else { turn };
    let worker = Arc::clone(&app);
    let permit = app.decoding.acquire().await.map_err(closed)?;
    let jpeg = aside(move || pictures::jpeg(&place, side, turn, &worker.decode)).await?;
    drop(permit);
    match jpeg {
        Ok(jpeg) => {
            let headers = [
                (header::CONTENT_TYPE, "image/jpeg"),
                (header::CACHE_CONTROL, "private, max-age=600"),
            ];
            Ok((headers, Body::from(jpeg)).into_response())
        }
        Err(why) => Err(problem(StatusCode::UNPROCESSABLE_ENTITY, why.to_string())),
    }
}
