//! Connections to the page: how many there are, and how long each may take.
//!
//! Any program of this machine can open connections and then say nothing. Those must neither pile
//! up nor take the place of whoever has the link.

use std::collections::VecDeque;
use std::future::pending;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::sleep;

/// Limits of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until the head of the first request of a connection is whole.
    pub head: Duration,
    /// Until the body of a request is whole.
    pub body: Duration,
    /// Until the next request of a connection begins, and its head is whole.
    pub idle: Duration,
    /// Connections at the same time.
    pub connections: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            // A browser opens about six. Some systems give a process 256 open files.
            connections: 100,
        }
    }
}

/// A connection, as seen by those that wait for room.
#[derive(Debug)]
pub(super) struct Seat {
    /// Where it comes from.
    pub from: IpAddr,
    /// It has sent the head of a request.
    asked: AtomicBool,
    /// It has sent a request of somebody who has the link.
    known: AtomicBool,
    /// It is to be closed.
    leave: Notify,
}

impl Seat {
    /// Keeps the connection from being closed to make room.
    pub fn know(&self) {
        self.known.store(true, Ordering::Relaxed);
    }
}

/// All connections, oldest first.
#[derive(Clone, Default)]
struct Seats(Arc<Mutex<VecDeque<Arc<Seat>>>>);

impl Seats {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Seat>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection; `None` when all are taken by somebody who has the link.
    fn take(&self, most: usize, from: IpAddr) -> Option<Arc<Seat>> {
        if self.lock().len() >= most && !self.make_room() {
            return None;
        }
        let seat = Arc::new(Seat {
            from,
            asked: AtomicBool::new(false),
            known: AtomicBool::new(false),
            leave: Notify::new(),
        });
        self.lock().push_back(Arc::clone(&seat));
        Some(seat)
    }

    /// Closes the oldest connection that has not shown that it has the link.
    fn make_room(&self) -> bool {
        let mut seats = self.lock();
        let oldest = seats.iter().position(|seat| !seat.known.load(Ordering::Relaxed));
        match oldest.and_then(|at| seats.remove(at)) {
            Some(seat) => {
                seat.leave.notify_one();
                true
            }
            None => false,
        }
    }

    fn leave(&self, seat: &Arc<Seat>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, seat));
    }
}

/// Accepts connections forever. A request finds its [`Seat`] among its extensions.
pub(super) async fn attend(
    listener: TcpListener,
    router: Router,
    patience: Patience,
) -> io::Result<()> {
    let seats = Seats::default();
    loop {
        let (stream, from) = match listener.accept().await {
            Ok((stream, from)) => (stream, from.ip()),
            Err(error) if is_of_the_other_side(&error) => continue,
            // Most likely there are too many open files.
            Err(_) => {
                let room = seats.make_room();
                sleep(Duration::from_millis(if room { 5 } else { 200 })).await;
                continue;
            }
        };
        if let Some(seat) = seats.take(patience.connections, from) {
            tokio::spawn(serve(stream, router.clone(), seat, seats.clone(), patience));
        }
    }
}

fn is_of_the_other_side(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

async fn serve(
    stream: TcpStream,
    router: Router,
    seat: Arc<Seat>,
    seats: Seats,
    patience: Patience,
) {
    let router = router.layer(middleware::from_fn_with_state(Arc::clone(&seat), arrived));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience.idle);
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let late = async {
        sleep(patience.head).await;
        if seat.asked.load(Ordering::Relaxed) {
            pending::<()>().await;
        }
    };
    tokio::select! {
        // What goes wrong on a connection is the other side's.
        _ = connection => {}
        () = seat.leave.notified() => {}
        () = late => {}
    }
    seats.leave(&seat);
}

async fn arrived(State(seat): State<Arc<Seat>>, mut request: Request, next: Next) -> Response {
    seat.asked.store(true, Ordering::Relaxed);
    request.extensions_mut().insert(seat);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_by_those_without_the_link() {
        let seats = Seats::default();
        let take = || seats.take(3, IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
        let [first, second, third] = [(); 3].map(|()| take());
        let (first, second, third) = (first.unwrap(), second.unwrap(), third.unwrap());
        first.know();
        let fourth = take().unwrap();
        let here = |seat| seats.lock().iter().any(|other| Arc::ptr_eq(other, seat));
        let all = [&first, &second, &third, &fourth];
        assert_eq!(all.map(here), [true, false, true, true]);
        third.know();
        fourth.know();
        assert!(take().is_none());
        seats.leave(&first);
        assert!(take().is_some());
    }
}
