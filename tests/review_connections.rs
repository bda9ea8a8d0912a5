//! Connections that say nothing neither pile up nor shut out who has the link of a review.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use clean_backup::act::plan::{ActionKind, Plan};
use clean_backup::decode::{DecodeOptions, Limits};
use clean_backup::model::event::Progress;
use clean_backup::model::findings::Findings;
use clean_backup::review::{
    Actions, Gate, JobResult, Patience, Problem, Proposed, Secret, Served, Session, serve,
};

/// So many connections are opened and never finish their head.
const HALF_OPEN: usize = 600;
/// A reader that waits so long for an end that does not come gives up.
const FOR_EVER: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

struct NoHands;

impl Actions for NoHands {
    fn propose(
        &mut self,
        _: &Findings,
        _: ActionKind,
        _: &dyn Progress,
    ) -> Result<Proposed, Problem> {
        Err("nothing is done here".into())
    }

    fn carry_out(&mut self, _: &Plan, _: &dyn Progress) -> Result<JobResult, Problem> {
        Err("nothing is done here".into())
    }

    fn undo(&mut self, _: &str, _: &dyn Progress) -> Result<JobResult, Problem> {
        Err("nothing is done here".into())
    }
}

/// A review of nothing.
struct Review {
    port: u16,
    path: String,
    cancel: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

impl Review {
    fn start(patience: Patience) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let secret = Secret::new([7; 32]);
        let link = secret.link(port);
        let path = link[link.find("/open/").unwrap()..].to_owned();
        let cancel = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&cancel);
        let server = std::thread::spawn(move || {
            let report = Findings {
                roots: vec![],
                references: vec![],
                matching: Default::default(),
                groups: vec![],
                skipped: vec![],
                damaged: Vec::new(),
                undecoded: Vec::new(),
                known: Default::default(),
                warnings: Vec::new(),
                counts: Default::default(),
            };
            let session = Session::new(report, "/".into(), None).unwrap();
            let limits = Limits::new(1 << 20, 1 << 20, 1 << 20);
            let decode = DecodeOptions { limits, exact: false };
            let served = Served {
                listener,
                gate: Gate::link(secret, || Ok([0; 32])),
                decode,
                patience,
                cancel: stop,
                desk: None,
            };
            serve(session, served, &mut NoHands).unwrap();
        });
        Self { port, path, cancel, server: Some(server) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(FOR_EVER)).unwrap();
        stream
    }

    fn half_open(&self) -> Vec<TcpStream> {
        let half_open = |_| {
            let mut stream = self.connect();
            // One that was closed at once need not take it.
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0");
            stream
        };
        (0..HALF_OPEN).map(half_open).collect()
    }

    /// Sends a request and gives the head of its answer; the connection stays.
    fn ask(&self, stream: &mut TcpStream, request: &str, headers: &str, body: &str) -> String {
        let port = self.port;
        let host = format!("Host: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}");
        write!(stream, "{request} HTTP/1.1\r\n{host}\r\n{headers}\r\n{body}").unwrap();
        head(stream)
    }

    /// Opens the link; gives the header with the cookie.
    fn cookie(&self, stream: &mut TcpStream) -> String {
        let head = self.ask(stream, &format!("GET {}", self.path), "", "");
        assert!(head.starts_with("HTTP/1.1 303 "), "{head}");
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        format!("Cookie: {}\r\n", cookie.split(';').next().unwrap())
    }
}

impl Drop for Review {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        let _ = self.server.take().map(JoinHandle::join);
    }
}

/// Reads the head of an answer, and its body.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().unwrap());
    stream.read_exact(&mut vec![0; length]).unwrap();
    head
}

/// Waits until the other side has closed a connection.
#[track_caller]
fn ends(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    if let Err(error) = stream.read_to_end(&mut rest) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "it was not closed: {error}");
    }
}

#[test]
fn half_open_connections_do_not_pile_up() {
    let patience = Patience { head: HOUR, body: HOUR, idle: HOUR, connections: 50 };
    let review = Review::start(patience);
    let mut before = review.connect();
    let cookie = review.cookie(&mut before);
    let mut half_open = review.half_open();
    // Who came before is still answered, and so is who comes now.
    for stream in [&mut before, &mut review.connect()] {
        let head = review.ask(stream, "GET /api/overview", &cookie, "");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    }
    // Two places are taken; the oldest of the others had to go.
    half_open[..=HALF_OPEN - 50].iter_mut().for_each(ends);
    let head = review.ask(&mut before, "GET /api/overview", &cookie, "");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    let patience =
        Patience { head: Duration::from_millis(300), connections: 1000, ..Patience::default() };
    let review = Review::start(patience);
    let mut half_open = review.half_open();
    let mut silent = review.connect();
    let cookie = review.cookie(&mut review.connect());
    half_open.iter_mut().for_each(ends);
    ends(&mut silent);
    let head = review.ask(&mut review.connect(), "GET /api/overview", &cookie, "");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let patience = Patience { body: Duration::from_millis(300), ..Patience::default() };
    let review = Review::start(patience);
    let mut stream = review.connect();
    let cookie = review.cookie(&mut stream);
    let headers = format!("{cookie}Content-Type: application/json\r\nContent-Length: 100\r\n");
    let head = review.ask(&mut stream, "POST /api/job", &headers, "{\"plan\"");
    assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
    ends(&mut stream);
    // Whoever has no link is told so before the body.
    let mut stream = review.connect();
    let headers = "Content-Type: application/json\r\nContent-Length: 100\r\n";
    let head = review.ask(&mut stream, "POST /api/job", headers, "{");
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    ends(&mut stream);
}

#[test]
fn an_idle_connection_is_closed() {
    let patience = Patience { idle: Duration::from_millis(300), ..Patience::default() };
    let review = Review::start(patience);
    let mut stream = review.connect();
    let cookie = review.cookie(&mut stream);
    let head = review.ask(&mut stream, "GET /api/overview", &cookie, "");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    ends(&mut stream);
    let head = review.ask(&mut review.connect(), "GET /api/overview", &cookie, "");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}
