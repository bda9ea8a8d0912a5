//! The server: routes, and the loop that does what the page asks for.

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Path as UrlPath, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::api::{ChangeJson, Filter, Numbers};
use super::connections::{Patience, Seat, attend};
use super::guard::{Asked, Refusal, Secret};
use super::job::{JobQueue, Order};
use super::pages::{HEADERS, ICON, PAGE, SCRIPT, STYLE, sentence};
use super::session::Session;
use super::{Actions, pictures};
use crate::act::plan::ActionKind;
use crate::decode::DecodeOptions;
use crate::model::media::Orientation;

/// Polling interval for new jobs and for shutdown.
const LOOK: Duration = Duration::from_millis(30);
/// Pictures that are decoded at the same time.
const DECODING: usize = 4;
/// Most bytes of the body of a request.
const LARGEST_BODY: usize = 2 << 20;
/// Decoders of nested formats recurse.
const STACK: usize = 16 << 20;

/// What the actions of the page may be.
const ACTIONS: [ActionKind; 4] =
    [ActionKind::Quarantine, ActionKind::Trash, ActionKind::Hardlink, ActionKind::Delete];

/// What serving needs.
#[derive(Debug)]
pub struct Served<'a> {
    /// Bound to 127.0.0.1.
    pub listener: TcpListener,
    /// What a request has to know.
    pub secret: Secret,
    /// How previews are made.
    pub decode: DecodeOptions,
    /// Limits on time and on the number of connections.
    pub patience: Patience,
    /// Set when it is to end.
    pub cancel: &'a AtomicBool,
}

/// What all answers share.
struct AppState {
    session: Mutex<Session>,
    queue: JobQueue,
    secret: Secret,
    port: u16,
    decode: DecodeOptions,
    decoding: Semaphore,
    patience: Patience,
    closed: AtomicBool,
}

impl AppState {
    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Shared = State<Arc<AppState>>;

/// Serves a review until the page says that it is done, or `cancel` is set. What the page asks to
/// be done, `actions` do, on this thread.
///
/// # Errors
/// When the server cannot be started.
pub fn serve(session: Session, served: Served<'_>, actions: &mut dyn Actions) -> io::Result<()> {
    let Served { listener, secret, decode, patience, cancel } = served;
    let port = listener.local_addr()?.port();
    let app = Arc::new(AppState {
        session: Mutex::new(session),
        queue: JobQueue::default(),
        secret,
        port,
        decode,
        decoding: Semaphore::new(DECODING),
        patience,
        closed: AtomicBool::new(false),
    });
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(2 * DECODING)
        .thread_stack_size(STACK)
        .enable_io()
        .enable_time()
        .build()?;
    let server = runtime.spawn(listen(Arc::clone(&app), listener));
    while !server.is_finished() {
        if let Some(order) = app.queue.take() {
            work(&app, order, actions);
        }
        if cancel.load(Ordering::Relaxed) {
            app.closed.store(true, Ordering::Relaxed);
        }
        std::thread::sleep(LOOK);
    }
    let ended = runtime.block_on(server).map_err(io::Error::other)?;
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

async fn listen(app: Arc<AppState>, listener: TcpListener) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let closing = Arc::clone(&app);
    let closed = async move {
        // What has begun comes to its end first.
        while !closing.closed.load(Ordering::Relaxed) || closing.queue.is_busy() {
            tokio::time::sleep(LOOK).await;
        }
        // The answer that says so is still sent.
        tokio::time::sleep(10 * LOOK).await;
    };
    let patience = app.patience;
    tokio::select! {
        ended = attend(listener, router(app), patience) => ended,
        () = closed => Ok(()),
    }
}

fn work(app: &AppState, order: Order, actions: &mut dyn Actions) {
    match order {
        Order::Plan(action) => {
            let report = app.session().accepted();
            app.queue.planned(actions.propose(&report, action, &app.queue), action);
        }
        Order::Apply(..) => {
            let done = match app.queue.plan() {
                Some(plan) => actions.carry_out(&plan, &app.queue),
                None => Err("there is no plan".into()),
            };
            if let Ok(done) = &done {
                app.session().applied(&done.run, &done.sources);
            }
            app.queue.finished(done);
        }
        Order::Undo(run) => {
            let done = actions.undo(&run, &app.queue);
            if done.is_ok() {
                app.session().undone(&run);
            }
            app.queue.finished(done);
        }
    }
}

fn router(app: Arc<AppState>) -> Router {
    let guarded = Router::new()
        .route("/", get(|| file("text/html; charset=utf-8", PAGE)))
        .route("/style.css", get(|| file("text/css; charset=utf-8", STYLE)))
        .route("/icon.svg", get(|| file("image/svg+xml", ICON)))
        .route("/main.js", get(|| file("text/javascript; charset=utf-8", SCRIPT)))
        .route("/api/overview", get(overview))
        .route("/api/skipped", get(skipped))
        .route("/api/ids", get(ids))
        .route("/api/groups", get(groups))
        .route("/api/group/{id}", get(group).post(change))
        .route("/api/accept", post(accept))
        .route("/api/tags/{group}/{member}", get(tags))
        .route("/api/job", get(job).post(order))
        .route("/api/close", post(close))
        .route("/picture/{group}/{member}/{side}", get(picture))
        .fallback(|| async { answer(StatusCode::NOT_FOUND, "There is no such page.") })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), check));
    Router::new()
        .route("/open/{token}", get(open))
        .merge(guarded)
        .layer(middleware::map_response(with_headers))
        .with_state(app)
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let uncached = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(uncached);
    response
}

fn answer(status: StatusCode, text: &str) -> Response {
    let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, html, sentence(text)).into_response()
}

fn asked<'a>(headers: &'a HeaderMap, method: &Method) -> Asked<'a> {
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
fn last(status: StatusCode, text: &str) -> Response {
    let mut response = answer(status, text);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn refused(refusal: Refusal) -> Response {
    last(StatusCode::FORBIDDEN, refusal.text())
}

async fn check(
    State(app): Shared,
    Extension(seat): Extension<Arc<Seat>>,
    request: Request,
    next: Next,
) -> Response {
    let asked = asked(request.headers(), request.method());
    if let Err(refusal) = app.secret.check(app.port, &asked) {
        return refused(refusal);
    }
    seat.know();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY);
    match tokio::time::timeout(app.patience.body, body).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(_)) => last(StatusCode::PAYLOAD_TOO_LARGE, "That is more than the page asks for."),
        Err(_) => last(StatusCode::REQUEST_TIMEOUT, "The request did not come to its end."),
    }
}

async fn open(
    State(app): Shared,
    Extension(seat): Extension<Arc<Seat>>,
    UrlPath(token): UrlPath<String>,
    headers: HeaderMap,
) -> Response {
    match app.secret.open(&token, app.port, &asked(&headers, &Method::GET)) {
        Ok(cookie) => {
            seat.know();
            let to = [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, cookie)];
            (StatusCode::SEE_OTHER, to).into_response()
        }
        Err(refusal) => refused(refusal),
    }
}

async fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// An error of the API (human-readable).
#[derive(Serialize)]
struct RequestError {
    error: String,
}

fn problem(status: StatusCode, error: impl Into<String>) -> Response {
    (status, Json(RequestError { error: error.into() })).into_response()
}

fn unknown() -> Response {
    problem(StatusCode::NOT_FOUND, "there is no such group or picture")
}

/// Work that reads files or waits for the database, away from the threads that answer.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Response> {
    let failed = |_| problem(StatusCode::INTERNAL_SERVER_ERROR, "it failed unexpectedly");
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

async fn overview(State(app): Shared) -> Result<Response, Response> {
    aside(move || Json(app.session().overview()).into_response()).await
}

async fn skipped(State(app): Shared) -> Response {
    Json(app.session().skipped()).into_response()
}

async fn ids(State(app): Shared, Query(filter): Query<Filter>) -> Result<Response, Response> {
    aside(move || Json(app.session().fitting(&filter)).into_response()).await
}

async fn groups(State(app): Shared, Query(numbers): Query<Numbers>) -> Result<Response, Response> {
    aside(move || Json(app.session().listed(&numbers)).into_response()).await
}

async fn group(State(app): Shared, UrlPath(id): UrlPath<usize>) -> Response {
    app.session().group(id).map_or_else(unknown, |group| Json(group).into_response())
}

async fn change(
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

#[derive(Serialize)]
struct Accepted {
    accepted: usize,
}

async fn accept(
    State(app): Shared,
    filter: Result<Json<Filter>, JsonRejection>,
) -> Result<Response, Response> {
    let Json(filter) =
        filter.map_err(|error| problem(StatusCode::BAD_REQUEST, error.body_text()))?;
    aside(move || {
        let mut session = app.session();
        let numbers = session.filtered(&filter);
        app.queue.forget_plan();
        match session.accept(&numbers) {
            Ok(accepted) => Json(Accepted { accepted }).into_response(),
            Err(why) => problem(StatusCode::CONFLICT, why.to_string()),
        }
    })
    .await
}

async fn tags(
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
struct Turned {
    /// As the keeper lies, so that both can be laid over each other.
    #[serde(default)]
    like_keeper: u8,
}

async fn picture(
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

async fn job(State(app): Shared) -> Response {
    Json(app.queue.status()).into_response()
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum OrderJson {
    /// The name of an action.
    Plan(String),
    /// The number of the job that made the plan, and how many files somebody has agreed to lose
    /// for good by it.
    Apply { number: u64, lost_for_good: u64 },
    /// The name of a run of this review.
    Undo(String),
}

async fn order(
    State(app): Shared,
    order: Result<Json<OrderJson>, JsonRejection>,
) -> Result<Response, Response> {
    let Json(order) = order.map_err(|error| problem(StatusCode::BAD_REQUEST, error.body_text()))?;
    let wrong = |why: &str| problem(StatusCode::BAD_REQUEST, why);
    let order = match order {
        OrderJson::Plan(name) => {
            let action = ACTIONS.into_iter().find(|action| action.name() == name);
            Order::Plan(action.ok_or_else(|| wrong("there is no such action"))?)
        }
        OrderJson::Apply { number, lost_for_good } => Order::Apply(number, lost_for_good),
        OrderJson::Undo(run) if app.session().runs().contains(&run) => Order::Undo(run),
        OrderJson::Undo(_) => return Err(wrong("there is no such run in this review")),
    };
    match app.queue.order(order) {
        Ok(_) => Ok(Json(app.queue.status()).into_response()),
        Err(why) => Err(problem(StatusCode::CONFLICT, why.to_string())),
    }
}

async fn close(State(app): Shared) -> Response {
    app.closed.store(true, Ordering::Relaxed);
    Json(app.queue.status()).into_response()
}
