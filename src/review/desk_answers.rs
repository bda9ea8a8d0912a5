//! What the page of the whole program asks about folders, settings and past runs, and what it
//! wants done.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::Problem;
use super::answers::{Nothing, aside, problem};
use super::desk::{Desk, Filing, Search};
use super::job::Order;
use super::places::PlaceError;
use super::state::{ReviewState, Shared};
use crate::model::path_text::for_people;

/// Most files of a run that are listed.
const MOST: usize = 1_000;

fn wrong(why: impl std::fmt::Display) -> Response {
    problem(StatusCode::BAD_REQUEST, why.to_string())
}

fn failed(why: &Problem) -> Response {
    problem(StatusCode::CONFLICT, why.to_string())
}

fn placed<T: Serialize>(answer: Result<T, PlaceError>) -> Response {
    match answer {
        Ok(answer) => Json(answer).into_response(),
        Err(why @ PlaceError::Outside) => problem(StatusCode::FORBIDDEN, why.to_string()),
        Err(why) => wrong(why),
    }
}

/// The page is about one review.
struct NoDesk;

impl From<NoDesk> for Response {
    fn from(_: NoDesk) -> Self {
        problem(StatusCode::NOT_FOUND, "there is no such page")
    }
}

/// A desk, which all of these have: without one they have no route.
fn desk(app: &ReviewState) -> Result<Arc<dyn Desk>, NoDesk> {
    app.desk.clone().ok_or(NoDesk)
}

pub(super) async fn roots(State(app): Shared) -> Result<Response, Response> {
    let desk = desk(&app)?;
    aside(move || Json(app.places.roots(&desk.roots())).into_response()).await
}

pub(super) async fn list(
    State(app): Shared,
    UrlPath(id): UrlPath<usize>,
) -> Result<Response, Response> {
    let desk = desk(&app)?;
    aside(move || placed(app.places.list(id, &desk.roots()))).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Name {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    path: String,
}

pub(super) async fn within(
    State(app): Shared,
    UrlPath(id): UrlPath<usize>,
    name: Result<Json<Name>, JsonRejection>,
) -> Result<Response, Response> {
    let (desk, Json(Name { name })) = (desk(&app)?, name.map_err(|e| wrong(e.body_text()))?);
    aside(move || {
        let roots = desk.roots();
        let id = app.places.within(id, &name, &roots);
        placed(id.and_then(|id| app.places.list(id, &roots)))
    })
    .await
}

pub(super) async fn typed(
    State(app): Shared,
    typed: Result<Json<Typed>, JsonRejection>,
) -> Result<Response, Response> {
    let (desk, Json(Typed { path })) = (desk(&app)?, typed.map_err(|e| wrong(e.body_text()))?);
    aside(move || {
        let roots = desk.roots();
        let id = app.places.typed(&path, &roots);
        placed(id.and_then(|id| app.places.list(id, &roots)))
    })
    .await
}

pub(super) async fn settings(State(app): Shared) -> Result<Response, Response> {
    let desk = desk(&app)?;
    aside(move || match desk.settings() {
        Ok(settings) => Json(settings).into_response(),
        Err(why) => failed(&why),
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Set {
    key: String,
    value: String,
}

pub(super) async fn set(
    State(app): Shared,
    set: Result<Json<Set>, JsonRejection>,
) -> Result<Response, Response> {
    let (desk, Json(Set { key, value })) = (desk(&app)?, set.map_err(|e| wrong(e.body_text()))?);
    aside(move || match desk.set(&key, &value).and_then(|()| desk.settings()) {
        Ok(settings) => Json(settings).into_response(),
        Err(why) => failed(&why),
    })
    .await
}

pub(super) async fn history(State(app): Shared) -> Result<Response, Response> {
    let desk = desk(&app)?;
    aside(move || match desk.history() {
        Ok(runs) => Json(runs).into_response(),
        Err(why) => failed(&why),
    })
    .await
}

/// Whether a run of that name is among those of the past.
pub(super) fn knows(app: &ReviewState, run: &str) -> bool {
    let history = app.desk.as_ref().and_then(|desk| desk.history().ok());
    history.is_some_and(|runs| runs.iter().any(|past| past.run == run))
}

pub(super) async fn files(
    State(app): Shared,
    UrlPath(run): UrlPath<String>,
) -> Result<Response, Response> {
    let desk = desk(&app)?;
    aside(move || {
        if !knows(&app, &run) {
            return problem(StatusCode::NOT_FOUND, "there is no such run");
        }
        match desk.files(&run, MOST) {
            Ok(files) => Json(files).into_response(),
            Err(why) => failed(&why),
        }
    })
    .await
}

/// A search that was not finished.
#[derive(Serialize)]
struct LeftOff {
    folders: Vec<String>,
}

pub(super) async fn left_off(State(app): Shared) -> Result<Response, Response> {
    let desk = desk(&app)?;
    let folders = |search: Search| {
        search.roots.iter().chain(&search.references).map(|folder| for_people(folder)).collect()
    };
    aside(move || {
        Json(desk.left_off().map(|search| LeftOff { folders: folders(search) })).into_response()
    })
    .await
}

/// How people came in.
#[derive(Serialize)]
struct HowIn {
    /// With a password, so that they can log out.
    password: bool,
}

pub(super) async fn gate(State(app): Shared) -> Response {
    Json(HowIn { password: app.gate.asks_password() }).into_response()
}

pub(super) async fn pause(State(app): Shared, _: Json<Nothing>) -> Response {
    app.queue.stop.store(true, Ordering::Relaxed);
    Json(app.queue.status()).into_response()
}

/// What is to be begun. Folders are numbers.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Begin {
    Find {
        folders: Vec<usize>,
        #[serde(default)]
        references: Vec<usize>,
        #[serde(default)]
        sensitivity: Option<String>,
    },
    /// Goes on with the search that was not finished.
    Again {},
    File {
        source: usize,
        destination: usize,
        moves: bool,
        template: String,
        #[serde(default)]
        no_file_dates: bool,
    },
    Resume(String),
}

pub(super) async fn begin(
    State(app): Shared,
    begin: Result<Json<Begin>, JsonRejection>,
) -> Result<Response, Response> {
    let (desk, Json(begin)) = (desk(&app)?, begin.map_err(|e| wrong(e.body_text()))?);
    aside(move || {
        let order = order(&app, desk.as_ref(), begin);
        match order.map(|order| app.queue.order(order)) {
            Ok(Ok(_)) => Json(app.queue.status()).into_response(),
            Ok(Err(why)) => problem(StatusCode::CONFLICT, why.to_string()),
            Err(why) => wrong(why),
        }
    })
    .await
}

fn order(app: &ReviewState, desk: &dyn Desk, begin: Begin) -> Result<Order, String> {
    let roots = desk.roots();
    let path = |id: usize| app.places.path(id, &roots).map_err(|why| why.to_string());
    let paths =
        |ids: Vec<usize>| ids.into_iter().map(path).collect::<Result<Vec<PathBuf>, String>>();
    Ok(match begin {
        Begin::Find { folders, .. } if folders.is_empty() => {
            return Err("choose a folder first".into());
        }
        Begin::Find { folders, references, sensitivity } => Order::Find(Search {
            roots: paths(folders)?,
            references: paths(references)?,
            sensitivity,
        }),
        Begin::Again {} => match desk.left_off() {
            Some(search) => Order::Find(search),
            None => return Err("there is no search to go on with".into()),
        },
        Begin::File { source, destination, moves, template, no_file_dates } => {
            Order::File(Filing {
                source: path(source)?,
                destination: path(destination)?,
                moves,
                template,
                no_file_dates,
            })
        }
        Begin::Resume(run) if knows(app, &run) => Order::Resume(run),
        Begin::Resume(_) => return Err("there is no such run".into()),
    })
}
