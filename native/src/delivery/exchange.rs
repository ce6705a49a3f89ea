//! One request and its answer, over whatever connection there is.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout_at};

use super::connection::{Connection, Pool, Unanswered};
use super::failure::{Failure, cause};
use super::request::{Letter, Template};
use super::settings::{Settings, seconds};
use super::tls;

/// Connections that may turn out to be closed before a request is given up.
const STALE: usize = 3;

/// An answer to a request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The body is complete: neither the server nor we have cut it off.
    pub complete: bool,
    /// How often the headers had been set that prove who we are when the request was made.
    pub proof: u64,
}

/// Makes requests.
pub struct Exchange {
    template: RefCell<Template>,
    proof: Cell<u64>,
    pool: Pool,
    timeout: Duration,
    timeout_text: String,
    body_time: Duration,
    body_decides: Vec<u16>,
    most_body: usize,
}

impl Exchange {
    pub fn new(settings: &Settings, template: Template, pool: Pool) -> Exchange {
        Exchange {
            template: template.into(),
            proof: Cell::new(0),
            pool,
            timeout: seconds(settings.timeout),
            timeout_text: format!("no answer within {} s", settings.timeout),
            body_time: seconds(settings.body_seconds),
            body_decides: settings.body_decides.clone(),
            most_body: settings.most_body,
        }
    }

    /// Sets the headers that prove who we are.
    pub fn authorize(&self, headers: HeaderMap) {
        self.template.borrow_mut().auth = headers;
        self.proof.set(self.proof.get() + 1);
    }

    /// Whether an answer says that all was taken, and nothing else.
    pub fn plain(&self, answer: &Answer) -> bool {
        (200..300).contains(&answer.status) && answer.status != 207 && !self.body_decides(answer)
    }

    /// Whether the status of an answer says nothing without its body.
    pub fn body_decides(&self, answer: &Answer) -> bool {
        self.body_decides.contains(&answer.status)
    }

    /// Makes a request. It counts as answered from the end of the answer's headers on, unless the
    /// body decides.
    ///
    /// `begun` is set once the server may get something of it.
    pub async fn make(&self, letter: &Letter, begun: &Cell<bool>) -> Result<Answer, Failure> {
        for stale in 0.. {
            let (mut connection, used) = self.pool.take(stale == STALE).await?;
            begun.set(true);
            match self.over(&mut connection, letter).await {
                Ok(answer) => {
                    if answer.complete {
                        self.pool.give_back(connection);
                    }
                    return Ok(answer);
                }
                // The server has closed it, as servers do with those that are idle.
                Err(Failure::NoAnswer { sent: false, .. }) if used && stale < STALE => {
                    begun.set(false);
                }
                Err(failure) => return Err(failure),
            }
        }
        unreachable!("a fresh connection is the last one")
    }

    async fn over(&self, connection: &mut Connection, letter: &Letter) -> Result<Answer, Failure> {
        let form = connection.form(&self.pool.route);
        let request = self.template.borrow().request(letter, form);
        let proof = self.proof.get();
        let deadline = Instant::now() + self.timeout;
        let (head, body) = match timeout_at(deadline, connection.send(request)).await {
            Ok(Ok(response)) => response.into_parts(),
            Ok(Err(unanswered)) => {
                return Err(failure(&unanswered, connection.other_protocol()));
            }
            Err(_) => return Err(Failure::sent(&self.timeout_text)),
        };
        let status = head.status.as_u16();
        if status < 200 {
            return Err(Failure::sent("the server changes the protocol"));
        }
        let soon = Instant::now() + self.body_time;
        let decides = self.body_decides.contains(&status);
        let deadline = if decides {
            deadline
        } else {
            deadline.min(soon)
        };
        let (body, complete) = self.read(body, deadline).await;
        Ok(Answer {
            status,
            headers: head.headers,
            body,
            complete,
            proof,
        })
    }

    /// Reads a body, and says whether that is all of it.
    async fn read(&self, mut body: Incoming, deadline: Instant) -> (Bytes, bool) {
        let mut read = BytesMut::new();
        while !body.is_end_stream() {
            match timeout_at(deadline, body.frame()).await {
                Ok(Some(Ok(frame))) => read.extend(frame.into_data().unwrap_or_default()),
                Ok(None) => break,
                _ => return (read.freeze(), false),
            }
            if read.len() > self.most_body {
                read.truncate(self.most_body);
                return (read.freeze(), false);
            }
        }
        (read.freeze(), true)
    }
}

/// Says why a request has no answer.
fn failure(unanswered: &Unanswered, other_protocol: Option<Vec<u8>>) -> Failure {
    let Unanswered { error, unsent } = unanswered;
    if let Some(error) = cause::<rustls::Error>(error) {
        return tls::failure(error);
    }
    let unsent = *unsent || cause::<h2::Error>(error).is_some_and(never_taken);
    let text = if error.is_parse() && error.to_string().contains("too large") {
        "the answer's headers have no end"
    } else if error.is_parse() || other_protocol.is_some() {
        "the answer is not HTTP"
    } else if unsent {
        "the server closed the connection before anything was sent"
    } else {
        "the connection broke before an answer came"
    };
    Failure::NoAnswer {
        text: text.into(),
        sent: !unsent,
        first_bytes: other_protocol.unwrap_or_default(),
    }
}

/// Whether a server has said that it has not looked at a request (RFC 9113, 8.7). Of those that it
/// may have looked at, h2 says nothing of the kind.
fn never_taken(error: &h2::Error) -> bool {
    let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (refused || error.is_go_away())
}
