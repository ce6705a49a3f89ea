//! Sends the next request after each plain success, over many connections, without waking Python.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::request_stream::RequestStream;

/// The capacity for one answer, in bytes. A plain success is shorter.
const ANSWER_BYTES: usize = 16 * 1024;
/// The most events of one poll.
const EVENTS: usize = 256;

/// What the owner of a connection must do: (owner, answer, unsent). `unsent` is the rest of a request
/// to write, or None if the owner must read the answer.
type Left = (Py<PyAny>, Py<PyBytes>, Option<Py<PyBytes>>);

/// The connections of one event loop. The owner of a connection also reads and writes. The poller
/// does so only from the moment that it has sent a request until an answer comes that it leaves to the
/// owner. For one thread.
#[pyclass(module = "snapshots._native")]
pub struct ConnectionPoller {
    /// The most connections that may take part at a time.
    most: usize,
    poll: Poll,
    events: Events,
    /// The numbers of the connections with bytes that may be unread.
    ready: VecDeque<usize>,
    connections: Vec<Option<Connection>>,
    answer: Vec<u8>,
    /// Whether `go_on` leaves the other connections alone.
    paused: bool,
}

/// One connection that takes part.
struct Connection {
    socket: TcpStream,
    owner: Py<PyAny>,
    /// The source of requests. None while the owner sends by itself.
    stream: Option<Py<RequestStream>>,
    /// When the poller sent its last request.
    asked: Option<Instant>,
    /// Whether the poller reads the answer to that request.
    awaited: bool,
}

#[pymethods]
impl ConnectionPoller {
    #[new]
    fn new(most: usize) -> PyResult<ConnectionPoller> {
        Ok(ConnectionPoller {
            most,
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            ready: VecDeque::new(),
            connections: Vec::new(),
            answer: vec![0; ANSWER_BYTES],
            paused: false,
        })
    }

    /// Adds a connection, until `leave`, and gives its number. `socket` is its file descriptor.
    fn join(&mut self, socket: RawFd, owner: Py<PyAny>) -> PyResult<usize> {
        if socket < 0 {
            return Err(PyValueError::new_err("the socket is closed"));
        }
        // SAFETY: the owner keeps the descriptor open during this call.
        let socket = unsafe { BorrowedFd::borrow_raw(socket) };
        let free = self.connections.iter().position(Option::is_none);
        let number = free.unwrap_or(self.connections.len());
        if number >= self.most {
            return Err(PyOSError::new_err("there are too many connections"));
        }
        let socket = TcpStream::from(socket.try_clone_to_owned()?);
        let mut source = SourceFd(&socket.as_raw_fd());
        let registry = self.poll.registry();
        registry.register(&mut source, Token(number), Interest::READABLE)?;
        if free.is_none() {
            self.connections.push(None);
        }
        self.connections[number] = Some(Connection {
            socket,
            owner,
            stream: None,
            asked: None,
            awaited: false,
        });
        Ok(number)
    }

    /// Removes a connection.
    fn leave(&mut self, number: usize) -> PyResult<()> {
        if let Some(connection) = self.connections.get_mut(number).and_then(Option::take) {
            // The owner's duplicate of the socket stays open, and would still cause events.
            let mut source = SourceFd(&connection.socket.as_raw_fd());
            self.poll.registry().deregister(&mut source)?;
        }
        Ok(())
    }

    /// Sets the stream that makes the requests of a connection. None leaves them to its owner.
    fn lend(&mut self, number: usize, stream: Option<Py<RequestStream>>) -> PyResult<()> {
        let connection = self.connection(number)?;
        connection.stream = stream;
        connection.awaited = false;
        connection.asked = None;
        Ok(())
    }

    /// The seconds since the poller sent a request over a connection; infinite if it sent none.
    fn waits(&mut self, number: usize) -> PyResult<f64> {
        let asked = self.connection(number)?.asked;
        Ok(asked.map_or(f64::INFINITY, |asked| asked.elapsed().as_secs_f64()))
    }

    /// Makes `go_on` leave the other connections alone. Says whether it served them before.
    fn pause(&mut self) -> bool {
        !std::mem::replace(&mut self.paused, true)
    }

    /// Makes `go_on` serve the other connections again.
    fn resume(&mut self) {
        self.paused = false;
    }

    /// Sends the request that follows an answer. Unless paused, it then serves the answers that have
    /// come over other connections, until none is left or one must be left to its owner.
    fn go_on(&mut self, py: Python<'_>, number: usize, answer: &[u8]) -> PyResult<Option<Left>> {
        let mut left = self.connection(number)?.answer_with_request(py, answer)?;
        while left.is_none() && !self.paused && self.any_ready()? {
            left = self.serve_next(py)?;
        }
        Ok(left)
    }
}

impl ConnectionPoller {
    fn connection(&mut self, number: usize) -> PyResult<&mut Connection> {
        let connection = self.connections.get_mut(number).and_then(Option::as_mut);
        connection.ok_or_else(|| PyValueError::new_err("there is no such connection"))
    }

    /// Whether any connection has bytes to read.
    fn any_ready(&mut self) -> PyResult<bool> {
        if self.ready.is_empty() {
            match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
                // The event loop handles the signal.
                Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(false),
                polled => polled?,
            }
            let came = self.events.iter().map(|event| event.token().0);
            self.ready.extend(came);
        }
        Ok(!self.ready.is_empty())
    }

    /// Reads the answer of the next ready connection, if the poller awaits it, and sends the next
    /// request.
    fn serve_next(&mut self, py: Python<'_>) -> PyResult<Option<Left>> {
        let number = self.ready.pop_front();
        let connection = number.and_then(|number| self.connections.get_mut(number)?.as_mut());
        let Some(connection) = connection.filter(|connection| connection.awaited) else {
            return Ok(None);
        };
        match connection.socket.read(&mut self.answer) {
            Ok(length @ 1..) => connection.answer_with_request(py, &self.answer[..length]),
            // The owner has read it already.
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            _ => {
                // The connection has ended. The owner will find that, too.
                connection.awaited = false;
                Ok(None)
            }
        }
    }
}

impl Connection {
    /// Sends the request that follows an answer. Gives what is left to the owner, if any_ready: the
    /// answer, or the part of the request that could not be sent.
    fn answer_with_request(&mut self, py: Python<'_>, answer: &[u8]) -> PyResult<Option<Left>> {
        let Some(stream) = &self.stream else {
            return Err(PyValueError::new_err("nothing was lent to the connection"));
        };
        let mut socket = &self.socket;
        let unsent = stream.borrow_mut(py).onward_with(py, answer, |request| {
            // The owner writes the rest, and meets the same error.
            let sent = socket.write(request).unwrap_or(0);
            (sent < request.len()).then(|| PyBytes::new(py, &request[sent..]).unbind())
        })?;
        self.awaited = matches!(unsent, Some(None));
        if self.awaited {
            self.asked = Some(Instant::now());
            return Ok(None);
        }
        let answer = PyBytes::new(py, answer).unbind();
        Ok(Some((self.owner.clone_ref(py), answer, unsent.flatten())))
    }
}
