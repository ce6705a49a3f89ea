//! Connections that are kept and used again. HTTP/1.1 has one request at a time on each.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::rt::Executor;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{self, AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Mutex;
use tokio::task::{AbortHandle, spawn_local};

use super::dial::{Dialled, Io, Route};
use super::failure::Failure;
use super::request::Form;

/// Bytes of an answer by which a protocol can be recognized.
const FIRST_BYTES: usize = 64;

/// The kind of the frame with which a server of HTTP/2 begins.
const SETTINGS: u8 = 4;

/// Requests at once over one connection of HTTP/2: what servers allow at least, as a rule.
const MOST_STREAMS: usize = 100;

/// A connection that one request may be sent over now.
pub struct Connection {
    sender: Sender,
    /// The requests that are under way over it. HTTP/2 has many.
    busy: Rc<Cell<usize>>,
    first_bytes: Rc<RefCell<Vec<u8>>>,
    idle_since: Instant,
    _driver: Rc<Driver>,
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// Ends the work of a connection once nobody has it any more.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.busy.set(self.busy.get() - 1);
    }
}

/// Why a request has no answer, and whether nothing of it was written.
pub struct Unanswered {
    pub error: hyper::Error,
    pub unsent: bool,
}

impl Connection {
    /// Sends a request, and gives the head of its answer.
    pub async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unanswered> {
        let closed = |error| Unanswered {
            error,
            unsent: true,
        };
        let sent = match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await.map_err(closed)?;
                sender.try_send_request(request).await
            }
            Sender::Http2(sender) => {
                sender.ready().await.map_err(closed)?;
                sender.try_send_request(request).await
            }
        };
        sent.map_err(|mut error| Unanswered {
            unsent: error.take_message().is_some(),
            error: error.into_error(),
        })
    }

    /// The first bytes that have come since the last answer, if they are of another protocol. A
    /// server may speak before it is asked.
    pub fn other_protocol(&self) -> Option<Vec<u8>> {
        let first = self.first_bytes.borrow();
        let expected = match self.sender {
            Sender::Http1(_) => first.is_empty(),
            Sender::Http2(_) => first.get(3).is_none_or(|&kind| kind == SETTINGS),
        };
        (!expected && !first.starts_with(b"HTTP/1.")).then(|| first.clone())
    }

    /// How requests name their address here.
    pub fn form(&self, route: &Route) -> Form {
        match self.sender {
            Sender::Http1(_) => route.form(),
            Sender::Http2(_) => Form::Http2,
        }
    }

    fn closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    /// The same connection for another request, if it may have one.
    fn shared(&self) -> Option<Connection> {
        let Sender::Http2(sender) = &self.sender else {
            return None;
        };
        // The pool has one as well, and sends nothing over it.
        if sender.is_closed() || self.busy.get() > MOST_STREAMS {
            return None;
        }
        self.busy.set(self.busy.get() + 1);
        Some(Connection {
            sender: Sender::Http2(sender.clone()),
            busy: self.busy.clone(),
            first_bytes: self.first_bytes.clone(),
            idle_since: self.idle_since,
            _driver: self._driver.clone(),
        })
    }
}

/// The connections with one server.
pub struct Pool {
    pub route: Route,
    /// With HTTP/1.1: those without a request. With HTTP/2: all.
    kept: RefCell<Vec<Connection>>,
    /// Held while a connection is made that all may share.
    opening: Mutex<()>,
    /// Whether the server speaks HTTP/1.1, so that each request needs a connection of its own.
    separate: Cell<bool>,
    idle: Duration,
}

impl Pool {
    pub fn new(route: Route, idle: Duration) -> Pool {
        Pool {
            route,
            kept: RefCell::default(),
            opening: Mutex::new(()),
            separate: Cell::new(false),
            idle,
        }
    }

    /// Gives a connection, and whether it was used before. `fresh`: it must not have been.
    pub async fn take(&self, fresh: bool) -> Result<(Connection, bool), Failure> {
        if !fresh && let Some(kept) = self.reuse() {
            return Ok((kept, true));
        }
        if self.separate.get() {
            return Ok((self.open().await?, false));
        }
        let _alone = self.opening.lock().await;
        // Another request may have made one meanwhile.
        if let Some(kept) = self.reuse() {
            return Ok((kept, true));
        }
        let connection = self.open().await?;
        let shared = connection.shared();
        self.separate.set(shared.is_none());
        match shared {
            None => Ok((connection, false)),
            Some(shared) => {
                self.kept.borrow_mut().push(connection);
                Ok((shared, false))
            }
        }
    }

    /// Takes a connection back whose answer was read to its end.
    pub fn give_back(&self, mut connection: Connection) {
        // Proxies that read requests often close a connection without saying so before.
        let passed_on = self.route.form() == Form::Address;
        if matches!(connection.sender, Sender::Http1(_)) && !passed_on {
            connection.idle_since = Instant::now();
            connection.first_bytes.borrow_mut().clear();
            self.kept.borrow_mut().push(connection);
        }
    }

    fn reuse(&self) -> Option<Connection> {
        let mut kept = self.kept.borrow_mut();
        kept.retain(|one| !one.closed());
        if !self.separate.get() {
            return kept.iter().find_map(Connection::shared);
        }
        kept.pop()
            .filter(|one| one.idle_since.elapsed() < self.idle)
    }

    async fn open(&self) -> Result<Connection, Failure> {
        let Dialled { io, http2 } = self.route.dial().await?;
        let first_bytes = Rc::default();
        let io = TokioIo::new(Watched {
            io,
            first_bytes: Rc::clone(&first_bytes),
        });
        let failed = |error: hyper::Error| Failure::unsent(format!("no connection: {error}"));
        let (sender, driver) = if http2 {
            let opening = http2::Builder::new(Local).handshake(io).await;
            let (sender, connection) = opening.map_err(failed)?;
            (
                Sender::Http2(sender),
                spawn_local(async { drop(connection.await) }),
            )
        } else {
            let mut builder = http1::Builder::new();
            let opening = builder.title_case_headers(true).handshake(io).await;
            let (sender, connection) = opening.map_err(failed)?;
            (
                Sender::Http1(sender),
                spawn_local(async { drop(connection.await) }),
            )
        };
        Ok(Connection {
            sender,
            busy: Rc::new(Cell::new(1)),
            first_bytes,
            idle_since: Instant::now(),
            _driver: Rc::new(Driver(driver.abort_handle())),
        })
    }
}

/// Runs what belongs to a connection on its own thread.
#[derive(Clone)]
struct Local;

impl<F: Future + 'static> Executor<F> for Local {
    fn execute(&self, work: F) {
        spawn_local(async { drop(work.await) });
    }
}

/// Keeps the first bytes that come, by which a protocol can be recognized that is no HTTP.
struct Watched {
    io: Box<dyn Io>,
    first_bytes: Rc<RefCell<Vec<u8>>>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.io).poll_read(context, buffer));
        let mut first = self.first_bytes.borrow_mut();
        let space = FIRST_BYTES - first.len();
        first.extend(buffer.filled()[before..].iter().take(space));
        Poll::Ready(read)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
