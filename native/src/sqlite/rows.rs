//! Gives the rows of a query a few at a time, so that memory does not grow with their number.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use rusqlite::types::Value;
use rusqlite::{InterruptHandle, ffi};

use super::failure::Failure;
use super::open::open;
use super::python_value;

/// The number of rows that Python gets at a time, at most.
const BATCH: usize = 256;

/// The number of bytes of texts after which a batch ends early.
const BATCH_BYTES: usize = 1 << 20;

/// The number of batches that wait for Python.
const WAITING: usize = 2;

type Row = Vec<Value>;
type Batch = Result<Vec<Row>, Failure>;

/// The rows of one query. It reads them on a connection of its own, in one transaction, and ahead
/// of Python on a thread of its own.
#[pyclass(frozen, module = "snapshots._native")]
pub struct SqliteQuery {
    /// None once the query has ended or is closed.
    batches: Mutex<Option<Receiver<Batch>>>,
    handle: InterruptHandle,
    interrupted: Arc<AtomicBool>,
}

#[pymethods]
impl SqliteQuery {
    #[new]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        sql: String,
        params: &Bound<'_, PyAny>,
        busy_timeout_ms: u64,
    ) -> PyResult<SqliteQuery> {
        let params = python_value::row_from_python(params)?;
        let interrupted = Arc::new(AtomicBool::new(false));
        let (asked, timeout) = (
            Arc::clone(&interrupted),
            Duration::from_millis(busy_timeout_ms),
        );
        let connection = py.detach(|| open(path, true, timeout, asked))?;
        let handle = connection.get_interrupt_handle();
        let (sender, batches) = sync_channel(WAITING);
        thread::Builder::new()
            .name("sqlite-query".into())
            .spawn(move || {
                if let Err(failure) = send_rows(&connection, &sql, params, &sender) {
                    // Nobody listens to a query that is closed.
                    let _closed = sender.send(Err(failure));
                }
            })?;
        Ok(SqliteQuery {
            batches: Mutex::new(Some(batches)),
            handle,
            interrupted,
        })
    }

    /// The next rows; an empty list at the end.
    fn fetch<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let batch = py.detach(|| {
            let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(receiver) = batches.as_ref() else {
                return Ok(Vec::new());
            };
            // An empty batch is the end. A thread that dies without it must not look like one.
            let batch = receiver.recv().unwrap_or_else(|_| Err(died()));
            if !matches!(&batch, Ok(rows) if !rows.is_empty()) {
                drop(batches.take());
            }
            batch
        })?;
        let rows = batch
            .into_iter()
            .map(|row| {
                let row: Vec<_> = row
                    .into_iter()
                    .map(|cell| python_value::to_python(py, cell))
                    .collect::<PyResult<_>>()?;
                PyTuple::new(py, row)
            })
            .collect::<PyResult<Vec<_>>>()?;
        PyList::new(py, rows)
    }

    /// Ends the query and closes the file soon. May be called again, and from any thread.
    fn close(&self, py: Python<'_>) {
        self.interrupted.store(true, Ordering::Relaxed);
        self.handle.interrupt();
        py.detach(|| {
            let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
            drop(batches.take());
        });
    }
}

/// Sends the rows of one statement until they end, or until nobody takes them any more.
fn send_rows(
    connection: &rusqlite::Connection,
    sql: &str,
    params: Row,
    sender: &SyncSender<Batch>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(sql)?;
    if statement.parameter_count() != params.len() {
        return Err(Failure {
            message: format!("The statement has not {} parameters.", params.len()),
            code: ffi::SQLITE_RANGE,
        });
    }
    for (index, param) in params.into_iter().enumerate() {
        statement.raw_bind_parameter(index + 1, param)?;
    }
    let width = statement.column_count();
    let mut rows = statement.raw_query();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let cells: Row = (0..width)
            .map(|index| Ok(python_value::from_sqlite(row.get_ref(index)?)))
            .collect::<rusqlite::Result<_>>()?;
        bytes += cells.iter().map(size_of).sum::<usize>();
        batch.push(cells);
        if batch.len() >= BATCH || bytes >= BATCH_BYTES {
            bytes = 0;
            if sender.send(Ok(std::mem::take(&mut batch))).is_err() {
                return Ok(());
            }
        }
    }
    if !batch.is_empty() && sender.send(Ok(batch)).is_err() {
        return Ok(());
    }
    let _closed = sender.send(Ok(Vec::new()));
    Ok(())
}

fn died() -> Failure {
    Failure {
        message: "The thread that reads the rows has died.".into(),
        code: ffi::SQLITE_INTERNAL,
    }
}

fn size_of(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        _ => 0,
    }
}
