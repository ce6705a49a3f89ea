//! The client as Python sees it: commands go in, and news comes out.

use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::connection::Pool;
use super::dial::Route;
use super::exchange::{Answer, Exchange};
use super::failure::Failure;
use super::inbox::{Event, Inbox, Range};
use super::outbox::Outbox;
use super::quota::Budget;
use super::request::{self, Framing, Letter};
use super::runner::{Command, Runner};
use super::settings::{Settings, header_map, seconds};

/// Sends rows and single letters to one server, on a thread of its own.
#[pyclass(frozen, module = "snapshots._native")]
pub struct HttpClient {
    inbox: Arc<Inbox>,
    framing: Framing,
    budget: Option<Arc<Budget>>,
    running: Mutex<Option<(mpsc::UnboundedSender<Command>, JoinHandle<()>)>>,
}

/// What came of one request, or that there is nothing more to be sent.
#[pyclass(frozen, get_all, module = "snapshots._native")]
pub struct Heard {
    number: u64,
    rows: Option<Range>,
    /// What is wrong: `no answer`, `halted`, `over`, or why nothing can be sent. Empty if there is
    /// an answer.
    failure: &'static str,
    text: String,
    sent: bool,
    status: u16,
    headers: Vec<(String, String)>,
    /// The body of the answer; where it is no HTTP, its first bytes.
    body: Py<PyBytes>,
    complete: bool,
    /// How often the headers had been set that prove who we are when the request was made.
    proof: u64,
}

/// (events, successes by method and status, due, hungry, held, seconds of a pause, short)
type News = (
    Vec<Heard>,
    Vec<Successes>,
    bool,
    Option<u64>,
    bool,
    f64,
    bool,
);
type Successes = (Option<String>, u16, u64);

#[pymethods]
impl HttpClient {
    #[new]
    fn new(py: Python<'_>, settings: &str) -> PyResult<HttpClient> {
        let settings: Settings = serde_json::from_str(settings)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        let made = py.detach(|| -> Result<_, String> {
            let template = settings.template()?;
            Ok((Route::new(&settings, &template.uri)?, template))
        });
        let (route, template) = made.map_err(PyValueError::new_err)?;
        let inbox = Arc::new(Inbox::new(settings.concurrency)?);
        let (commands, coming) = mpsc::unbounded_channel();
        let framing = settings.framing.clone();
        let requests = settings.budget;
        let budget = requests.map(|requests| Arc::new(Budget::new(requests)));
        let shared = budget.clone();
        let theirs = inbox.clone();
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let running = thread::Builder::new()
            .name("snapshots-http".into())
            .spawn(move || {
                let pool = Pool::new(route, seconds(settings.idle_seconds));
                let exchange = Exchange::new(&settings, template, pool);
                let runner = Rc::new(Runner::new(exchange, theirs, &settings, shared));
                LocalSet::new().block_on(&runtime, runner.obey(coming));
                // A name that is being looked up is not waited for.
                runtime.shutdown_background();
            })?;
        Ok(HttpClient {
            inbox,
            framing,
            budget,
            running: Mutex::new(Some((commands, running))),
        })
    }

    /// The number of the socket that becomes readable when there is news.
    fn fileno(&self) -> i64 {
        self.inbox.number()
    }

    fn take(&self, py: Python<'_>) -> News {
        let news = self.inbox.take();
        let events = news.events.into_iter().map(|event| heard(py, event));
        let successes = news.successes.into_iter().map(|((method, status), times)| {
            (method.map(|method| method.to_string()), status, times)
        });
        (
            events.collect(),
            successes.collect(),
            news.due,
            news.hungry,
            news.held,
            news.pause.as_secs_f64(),
            news.short,
        )
    }

    #[getter]
    fn limit(&self) -> usize {
        let mut limit = 0;
        self.inbox.tell(|news| {
            limit = news.limit;
            false
        });
        limit
    }

    fn open(&self, place: u64, outbox: &Outbox) -> PyResult<()> {
        self.command(Command::Open(place, outbox.rows.clone()))
    }

    fn end(&self) -> PyResult<()> {
        self.command(Command::End)
    }

    fn stop(&self) -> PyResult<()> {
        self.command(Command::Stop)
    }

    fn allow(&self, requests: usize) -> PyResult<()> {
        self.command(Command::Allow(requests))
    }

    fn stream(&self, number: u64) -> PyResult<()> {
        self.command(Command::Stream(number))
    }

    #[pyo3(signature = (number, bodies, keys, method=None, path=None))]
    fn send(
        &self,
        number: u64,
        bodies: Vec<Bound<'_, PyBytes>>,
        keys: Vec<String>,
        method: Option<&str>,
        path: Option<&str>,
    ) -> PyResult<()> {
        if bodies.len() != keys.len() || !self.framing.holds(bodies.len()) {
            return Err(PyValueError::new_err("records do not fit a request"));
        }
        let key = request::joint_key(keys.iter().map(|key| key.as_bytes()));
        let body = self.framing.body(bodies.iter().map(|body| body.as_bytes()));
        let method = request::method(method).map_err(PyValueError::new_err)?;
        let path = path.map(str::parse).transpose();
        let path = path.map_err(|_| PyValueError::new_err("no path of an address"))?;
        self.command(Command::Send(number, Letter::new(method, path, key, body)))
    }

    fn authorize(&self, headers: Vec<(String, String)>) -> PyResult<()> {
        let headers = header_map(&headers).map_err(PyValueError::new_err)?;
        self.command(Command::Authorize(headers))
    }

    fn answered(&self) -> PyResult<()> {
        self.command(Command::Answered)
    }

    fn faulted(&self) -> PyResult<()> {
        self.command(Command::Faulted)
    }

    fn throttled(&self) -> PyResult<()> {
        self.command(Command::Throttled)
    }

    fn grant(&self, requests: usize) -> PyResult<()> {
        self.command(Command::Grant(requests))
    }

    /// The requests that may still begin; None: any number.
    #[getter]
    fn budget(&self) -> Option<usize> {
        self.budget.as_ref().map(|budget| budget.left())
    }

    fn pause(&self, seconds: f64) -> PyResult<()> {
        let time = Duration::try_from_secs_f64(seconds.min(1e9));
        self.command(Command::Pause(
            time.map_err(|error| PyValueError::new_err(error.to_string()))?,
        ))
    }

    fn resume(&self) -> PyResult<()> {
        self.command(Command::Resume)
    }

    fn halt(&self) -> PyResult<()> {
        self.command(Command::Halt)
    }

    fn give_up(&self, text: String) -> PyResult<()> {
        self.command(Command::GiveUp(text))
    }

    fn close(&self, py: Python<'_>) {
        let running = self
            .running
            .lock()
            .expect("nobody panics with the thread")
            .take();
        if let Some((commands, thread)) = running {
            drop(commands);
            // Nobody hears from a thread that has panicked but those who wait for it.
            let _ = py.detach(|| thread.join());
        }
    }
}

impl HttpClient {
    fn command(&self, command: Command) -> PyResult<()> {
        let running = self.running.lock().expect("nobody panics with the thread");
        let sent = running
            .as_ref()
            .map(|(commands, _)| commands.send(command).is_ok());
        match sent {
            Some(true) => Ok(()),
            _ => Err(PyRuntimeError::new_err("the client is closed")),
        }
    }
}

fn heard(py: Python<'_>, event: Event) -> Heard {
    let Event {
        number,
        rows,
        heard,
    } = event;
    let nothing = |failure, text: String, sent, body: &[u8]| Heard {
        number,
        rows,
        failure,
        text,
        sent,
        status: 0,
        headers: Vec::new(),
        body: PyBytes::new(py, body).unbind(),
        complete: false,
        proof: 0,
    };
    match heard {
        None => nothing("over", String::new(), false, b""),
        Some(Err(Failure::Halted)) => nothing("halted", String::new(), false, b""),
        Some(Err(Failure::Impossible { kind, text })) => nothing(kind, text, false, b""),
        Some(Err(Failure::NoAnswer {
            text,
            sent,
            first_bytes,
        })) => nothing("no answer", text, sent, &first_bytes),
        Some(Ok(Answer {
            status,
            headers,
            body,
            complete,
            proof,
        })) => Heard {
            number,
            rows,
            failure: "",
            text: String::new(),
            sent: true,
            status,
            headers: headers
                .iter()
                .map(|(name, value)| {
                    let value = value
                        .as_bytes()
                        .iter()
                        .map(|&byte| char::from(byte))
                        .collect();
                    (name.to_string(), value)
                })
                .collect(),
            body: PyBytes::new(py, &body).unbind(),
            complete,
            proof,
        },
    }
}
