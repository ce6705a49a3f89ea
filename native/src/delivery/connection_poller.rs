//! Requests that follow answers over many connections, without anybody being woken for each.

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

/// An answer that needs no second look is shorter.
const ANSWER_BYTES: usize = 16 * 1024;
/// Answers that are heard of at once, at most.
const EVENTS: usize = 256;

/// What is left to the owner of a connection: what is to be written of a request, or else an answer
/// to look at.
type Left = (Py<PyAny>, Py<PyBytes>, Option<Py<PyBytes>>);

/// The connections of one event loop. Each has an owner who reads and writes as well; here that is
/// done only from the moment that a request was made here until an answer came that is left to the
/// owner.
#[pyclass(module = "snapshots._native")]
pub struct ConnectionPoller {
    most: usize,
    poll: Poll,
    events: Events,
    /// Where something may have come that was not read yet.
    ready: VecDeque<usize>,
    connections: Vec<Option<Connection>>,
    answer: Vec<u8>,
    /// Nobody is heard but who is gone on with.
    paused: bool,
}

struct Connection {
    socket: TcpStream,
    owner: Py<PyAny>,
    /// None while the owner sends what it has by itself.
    stream: Option<Py<RequestStream>>,
    /// When the last request was made here.
    asked: Option<Instant>,
    /// The answer to it is to be read here.
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

    /// Takes part in a connection, until `leave`; gives its number.
    fn join(&mut self, socket: RawFd, owner: Py<PyAny>) -> PyResult<usize> {
        if socket < 0 {
            return Err(PyValueError::new_err("the socket is closed"));
        }
        // SAFETY: the owner holds it open during this call.
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

    /// Has nothing to do with a connection any more.
    fn leave(&mut self, number: usize) -> PyResult<()> {
        if let Some(connection) = self.connections.get_mut(number).and_then(Option::take) {
            // The owner's end of the same socket is still open, and would be heard of.
            let mut source = SourceFd(&connection.socket.as_raw_fd());
            self.poll.registry().deregister(&mut source)?;
        }
        Ok(())
    }

    /// What makes the requests of a connection from now on; None: its owner.
    fn lend(&mut self, number: usize, stream: Option<Py<RequestStream>>) -> PyResult<()> {
        let connection = self.connection(number)?;
        connection.stream = stream;
        connection.awaited = false;
        connection.asked = None;
        Ok(())
    }

    /// Seconds since a request was made here; infinite where none was.
    fn waits(&mut self, number: usize) -> PyResult<f64> {
        let asked = self.connection(number)?.asked;
        Ok(asked.map_or(f64::INFINITY, |asked| asked.elapsed().as_secs_f64()))
    }

    /// From now on `go_on` hears no other connections; whether it did before.
    fn pause(&mut self) -> bool {
        !std::mem::replace(&mut self.paused, true)
    }

    /// It hears them again.
    fn resume(&mut self) {
        self.paused = false;
    }

    /// Makes the request that follows an answer, and, unless it is paused, those that follow
    /// answers which came over other connections meanwhile, until there are no more, or one is
    /// left to its owner.
    fn go_on(&mut self, py: Python<'_>, number: usize, answer: &[u8]) -> PyResult<Option<Left>> {
        let mut left = self.connection(number)?.hear(py, answer)?;
        while left.is_none() && !self.paused && self.anything()? {
            left = self.hear_next(py)?;
        }
        Ok(left)
    }
}

impl ConnectionPoller {
    fn connection(&mut self, number: usize) -> PyResult<&mut Connection> {
        let connection = self.connections.get_mut(number).and_then(Option::as_mut);
        connection.ok_or_else(|| PyValueError::new_err("there is no such connection"))
    }

    /// Whether something came that is not read yet.
    fn anything(&mut self) -> PyResult<bool> {
        if self.ready.is_empty() {
            match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
                // Whoever waits for events will see to the signal.
                Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(false),
                polled => polled?,
            }
            let came = self.events.iter().map(|event| event.token().0);
            self.ready.extend(came);
        }
        Ok(!self.ready.is_empty())
    }

    /// Reads one answer, if it is awaited here, and goes on.
    fn hear_next(&mut self, py: Python<'_>) -> PyResult<Option<Left>> {
        let number = self.ready.pop_front();
        let connection = number.and_then(|number| self.connections.get_mut(number)?.as_mut());
        let Some(connection) = connection.filter(|connection| connection.awaited) else {
            return Ok(None);
        };
        match connection.socket.read(&mut self.answer) {
            Ok(length @ 1..) => connection.hear(py, &self.answer[..length]),
            // The owner was there first.
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            _ => {
                // The end, however it came: the owner will find it too.
                connection.awaited = false;
                Ok(None)
            }
        }
    }
}

impl Connection {
    /// Sends the next request. What is left to the owner: the answer, or what could not be sent.
    fn hear(&mut self, py: Python<'_>, answer: &[u8]) -> PyResult<Option<Left>> {
        let Some(stream) = &self.stream else {
            return Err(PyValueError::new_err("nothing was lent to the connection"));
        };
        let mut socket = &self.socket;
        let unsent = stream.borrow_mut(py).onward_with(py, answer, |request| {
            // An error is found again by whoever writes the rest.
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
