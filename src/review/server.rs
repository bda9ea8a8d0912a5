//! The server: routes, and the loop that does what the page asks for.

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Path as UrlPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::answers::{self, problem};
use super::connections::{Patience, Seat, attend};
use super::desk::{Actions, Desk};
use super::desk_answers;
use super::films;
use super::gate::Gate;
use super::guard::Refusal;
use super::job::{JobQueue, Order};
use super::login;
use super::pages::{APP, FILES, HEADERS, HTML, PAGE};
use super::places::Places;
use super::refusals::{answer, asked, last, refused};
use super::session::Session;
use super::state::{ReviewState, Shared};
use crate::act::plan::ActionKind;
use crate::decode::DecodeOptions;

/// Polling interval for new jobs and for shutdown.
const LOOK: Duration = Duration::from_millis(30);
/// Pictures that are decoded at the same time.
const DECODING: usize = 4;
/// Most bytes of the body of a request.
const LARGEST_BODY: usize = 2 << 20;
/// Says which search a page shows.
const SEARCH: &str = "x-search";
/// Decoders of nested formats recurse.
const STACK: usize = 16 << 20;

/// What the actions of the page may be.
const ACTIONS: [ActionKind; 4] =
    [ActionKind::Quarantine, ActionKind::Trash, ActionKind::Hardlink, ActionKind::Delete];

/// What serving needs.
pub struct Served {
    /// Bound to 127.0.0.1; elsewhere only with a gate that asks for a password.
    pub listener: TcpListener,
    /// Who may come in.
    pub gate: Gate,
    /// How previews are made.
    pub decode: DecodeOptions,
    /// Limits on time and on the number of connections.
    pub patience: Patience,
    /// Set when it is to end.
    pub cancel: Arc<AtomicBool>,
    /// Makes the page the whole program.
    pub desk: Option<Arc<dyn Desk>>,
}

/// Serves a review until the page says that it is done, or `cancel` is set. What the page asks to
/// be done, `actions` do, on this thread.
///
/// # Errors
/// When the server cannot be started.
pub fn serve(session: Session, served: Served, actions: &mut dyn Actions) -> io::Result<()> {
    let Served { listener, gate, decode, patience, cancel, desk } = served;
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() && !gate.asks_password() {
        let why = "a page for other machines needs a password";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    let port = address.port();
    let app = Arc::new(ReviewState {
        session: Mutex::new(session),
        search: AtomicU64::new(1),
        queue: JobQueue::default(),
        gate,
        port,
        decode,
        decoding: Semaphore::new(DECODING),
        trying: Semaphore::new(1),
        patience,
        closed: AtomicBool::new(false),
        desk,
        places: Places::default(),
    });
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(2 * DECODING)
        .thread_stack_size(STACK)
        .enable_io()
        .enable_time()
        .build()?;
    let server = runtime.spawn(listen(Arc::clone(&app), listener, Arc::clone(&cancel)));
    while !server.is_finished() {
        if let Some(order) = app.queue.take() {
            work(&app, order, actions);
        }
        std::thread::sleep(LOOK);
    }
    let ended = runtime.block_on(server).map_err(io::Error::other)?;
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

async fn listen(
    app: Arc<ReviewState>,
    listener: TcpListener,
    cancel: Arc<AtomicBool>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let closing = Arc::clone(&app);
    let closed = async move {
        // What has begun comes to its end first.
        while !closing.closed.load(Ordering::Relaxed) || closing.queue.is_busy() {
            if cancel.load(Ordering::Relaxed) {
                closing.queue.stop.store(true, Ordering::Relaxed);
                closing.closed.store(true, Ordering::Relaxed);
            }
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

fn work(app: &ReviewState, order: Order, actions: &mut dyn Actions) {
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
        Order::Find(search) => {
            let found = actions.find(&search, &app.queue, &app.queue.stop);
            let summary = found.map(|session| {
                let summary = session.summary();
                let mut shown = app.session();
                app.search.fetch_add(1, Ordering::Relaxed);
                *shown = session;
                drop(shown);
                summary
            });
            app.queue.found(summary);
        }
        Order::File(filing) => {
            let action = if filing.moves { ActionKind::Move } else { ActionKind::Copy };
            let filed = actions.file(&filing, &app.queue, &app.queue.stop);
            app.queue.planned(filed, action);
        }
        Order::Resume(run) => app.queue.finished(actions.resume(&run, &app.queue)),
    }
}

fn router(app: Arc<ReviewState>) -> Router {
    let mut guarded = Router::new();
    // The whole program begins with its own page; a review alone is the first page.
    let first = if app.desk.is_some() { APP } else { PAGE };
    for (path, kind, text) in [("/", HTML, first), ("/review", HTML, PAGE)].into_iter().chain(FILES)
    {
        guarded = guarded.route(path, get(move || file(kind, text)));
    }
    if app.desk.is_some() {
        guarded = guarded
            .route("/api/places", get(desk_answers::roots).post(desk_answers::typed))
            .route("/api/places/{id}", get(desk_answers::list).post(desk_answers::within))
            .route("/api/settings", get(desk_answers::settings).post(desk_answers::set))
            .route("/api/history", get(desk_answers::history))
            .route("/api/history/{run}", get(desk_answers::files))
            .route("/api/left-off", get(desk_answers::left_off))
            .route("/api/gate", get(desk_answers::gate))
            .route("/api/pause", post(desk_answers::pause))
            .route("/api/begin", post(desk_answers::begin));
    }
    let guarded = guarded
        .route("/api/overview", get(answers::overview))
        .route("/api/skipped", get(answers::skipped))
        .route("/api/ids", get(answers::ids))
        .route("/api/groups", get(answers::groups))
        .route("/api/group/{id}", get(answers::group).post(answers::change))
        .route("/api/accept", post(answers::accept))
        .route("/api/alike/{id}", post(answers::alike))
        .route("/api/rule", post(answers::rule))
        .route("/api/undo", post(answers::undo_step))
        .route("/api/folders", get(answers::folders))
        .route("/api/tags/{group}/{member}", get(answers::tags))
        .route("/api/job", get(job).post(order))
        .route("/api/close", post(close))
        .route("/picture/{group}/{member}/{side}", get(answers::picture))
        .route("/film/{group}/{member}", get(films::film))
        .fallback(|| async { answer(StatusCode::NOT_FOUND, "There is no such page.") })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), check));
    let open = match app.gate.asks_password() {
        true => login::routes(),
        false => {
            Router::new().route("/open/{token}", get(open)).route("/again", post(login::again))
        }
    };
    open.merge(guarded).layer(middleware::map_response(with_headers)).with_state(app)
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

async fn check(
    State(app): Shared,
    Extension(seat): Extension<Arc<Seat>>,
    request: Request,
    next: Next,
) -> Response {
    let asked = asked(request.headers(), request.method());
    match app.gate.check(app.port, &asked) {
        Ok(()) => {}
        // Who opens a page is shown where to log in.
        Err(Refusal::Login) if !request.uri().path().starts_with("/api/") && !asked.changes => {
            return (StatusCode::SEE_OTHER, [(header::LOCATION, "/login")]).into_response();
        }
        Err(Refusal::Login) => return last(StatusCode::UNAUTHORIZED, Refusal::Login.text()),
        Err(refusal) => return refused(refusal),
    }
    // A page that shows an earlier search has other groups under the same numbers.
    let search = request.headers().get(SEARCH);
    let now = HeaderValue::from(app.search.load(Ordering::Relaxed));
    if search.is_some_and(|search| *search != now) {
        let why = "another search was made since: reload the page";
        return problem(StatusCode::CONFLICT, why);
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
    match app.gate.open(&token, app.port, &asked(&headers, &Method::GET)) {
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
        OrderJson::Undo(run) if desk_answers::knows(&app, &run) => Order::Undo(run),
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
