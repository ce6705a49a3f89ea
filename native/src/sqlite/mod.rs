//! The SQLite that is built into the kernel, for the target of that name.
//!
//! One library serves everything that touches a file: two SQLites with one file open in one
//! process lose each other's locks.

mod insert;
pub(crate) mod open;
mod value;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyTuple};
use rusqlite::types::Value;
use rusqlite::{Connection, InterruptHandle, ffi};

use crate::block::Block;
use crate::spec::Encoding;

pyo3::create_exception!(
    _native,
    SqliteError,
    PyException,
    "args: message, primary result code, extended result code."
);

/// Statements that stay prepared; the ledger has fewer.
const CACHED_STATEMENTS: usize = 64;

/// Rows that `executemany` takes from Python before it goes to work.
const BATCH: usize = 1000;

/// What SQLite said.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    /// The extended result code; its low byte is the primary one.
    pub(crate) code: i32,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        let code = error
            .sqlite_error()
            .map_or(ffi::SQLITE_ERROR, |error| error.extended_code);
        let message = match error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message,
            rusqlite::Error::SqlInputError { msg, .. } => msg,
            error => error.to_string(),
        };
        Failure { message, code }
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> PyErr {
        SqliteError::new_err((failure.message, failure.code & 0xFF, failure.code))
    }
}

/// The version of the SQLite that is built in.
#[pyfunction]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// One connection. Every call releases the GIL while SQLite works.
#[pyclass(frozen, module = "snapshots._native")]
pub struct SqliteConnection {
    /// None once it is closed.
    connection: Mutex<Option<Connection>>,
    handle: InterruptHandle,
    /// Asked to stop since the call began: SQLite itself forgets between two statements.
    interrupted: Arc<AtomicBool>,
    /// Rows of the last block that were taken before one was not.
    taken: AtomicU64,
}

#[pymethods]
impl SqliteConnection {
    #[new]
    #[pyo3(signature = (path, busy_timeout_ms = 5000, read_only = false))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        busy_timeout_ms: u64,
        read_only: bool,
    ) -> PyResult<SqliteConnection> {
        let interrupted = Arc::new(AtomicBool::new(false));
        let timeout = Duration::from_millis(busy_timeout_ms);
        let asked = Arc::clone(&interrupted);
        let connection = py.detach(|| open::open(path, read_only, timeout, asked))?;
        let handle = connection.get_interrupt_handle();
        Ok(SqliteConnection {
            connection: Mutex::new(Some(connection)),
            handle,
            interrupted,
            taken: AtomicU64::new(0),
        })
    }

    /// One statement; all its rows.
    #[pyo3(signature = (sql, params = None))]
    fn execute<'py>(
        &self,
        py: Python<'py>,
        sql: &str,
        params: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let params = params.map_or_else(|| Ok(Vec::new()), value::row_from_python)?;
        self.begin();
        let rows = self.work(py, |connection| query(connection, sql, params))?;
        let rows = rows
            .into_iter()
            .map(|row| {
                let row: Vec<_> = row
                    .into_iter()
                    .map(|cell| value::to_python(py, cell))
                    .collect::<PyResult<_>>()?;
                PyTuple::new(py, row)
            })
            .collect::<PyResult<Vec<_>>>()?;
        PyList::new(py, rows)
    }

    /// The same statement for each row; how many rows it changed.
    fn executemany(&self, py: Python<'_>, sql: &str, rows: &Bound<'_, PyAny>) -> PyResult<u64> {
        let mut rows = PyIterator::from_object(rows)?;
        let mut changed = 0;
        self.begin();
        loop {
            let batch = rows
                .by_ref()
                .take(BATCH)
                .map(|row| value::row_from_python(&row?))
                .collect::<PyResult<Vec<_>>>()?;
            if batch.is_empty() {
                return Ok(changed);
            }
            changed += self.work(py, |connection| {
                let mut changed = 0;
                for row in batch {
                    self.check_interrupted()?;
                    query(connection, sql, row)?;
                    changed += connection.changes();
                }
                Ok(changed)
            })?;
        }
    }

    /// All statements of the text; rows that they give are dropped.
    fn script(&self, py: Python<'_>, sql: &str) -> PyResult<()> {
        self.begin();
        self.work(py, |connection| Ok(connection.execute_batch(sql)?))
    }

    /// Runs the INSERT once for each row of the block; how many rows are in the table for it.
    fn insert(&self, py: Python<'_>, sql: &str, block: &Bound<'_, Block>) -> PyResult<u64> {
        let block = block.get();
        if block.encoding != Encoding::Sqlite {
            return Err(PyValueError::new_err("the block is of another encoding"));
        }
        let (rows, width) = block.rows();
        self.begin();
        let mut taken = 0;
        let outcome = self.work(py, |connection| {
            let pause = || self.check_interrupted();
            insert::insert(connection, sql, rows, width, &mut taken, pause)
        });
        self.taken.store(taken, Ordering::Relaxed);
        outcome
    }

    /// Rows of the last block inserted that SQLite took: where it refused one, those before it.
    #[getter]
    fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    #[getter]
    fn in_transaction(&self, py: Python<'_>) -> PyResult<bool> {
        self.work(py, |connection| Ok(!connection.is_autocommit()))
    }

    /// Rows that the last INSERT, UPDATE or DELETE changed.
    fn changes(&self, py: Python<'_>) -> PyResult<u64> {
        self.work(py, |connection| Ok(connection.changes()))
    }

    /// From any thread: the running call fails with code 9.
    fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
        self.handle.interrupt();
    }

    /// Rolls an open transaction back and lets the file go. More than once is once.
    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            drop(
                self.connection
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take(),
            );
        });
    }
}

impl SqliteConnection {
    fn begin(&self) {
        self.interrupted.store(false, Ordering::Relaxed);
    }

    fn check_interrupted(&self) -> Result<(), Failure> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(Failure {
                message: "interrupted".into(),
                code: ffi::SQLITE_INTERRUPT,
            });
        }
        Ok(())
    }

    /// Does work with the connection, without the GIL.
    fn work<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        let outcome = py.detach(|| {
            let connection = self
                .connection
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let Some(connection) = connection.as_ref() else {
                let message = "The connection is closed.".into();
                return Err(Failure {
                    message,
                    code: ffi::SQLITE_MISUSE,
                });
            };
            work(connection).map_err(|failure| {
                // A wait for a lock that was interrupted ends as if its time were over.
                let busy = failure.code & 0xFF == ffi::SQLITE_BUSY;
                if busy {
                    self.check_interrupted().err().unwrap_or(failure)
                } else {
                    failure
                }
            })
        });
        outcome.map_err(PyErr::from)
    }
}

/// Runs one statement to its end; its rows.
fn query(
    connection: &Connection,
    sql: &str,
    params: Vec<Value>,
) -> Result<Vec<Vec<Value>>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let wanted = statement.parameter_count();
    if wanted != params.len() {
        let message = format!(
            "The statement has {wanted} parameters, {} given.",
            params.len()
        );
        return Err(Failure {
            message,
            code: ffi::SQLITE_RANGE,
        });
    }
    for (index, param) in params.into_iter().enumerate() {
        statement.raw_bind_parameter(index + 1, param)?;
    }
    let width = statement.column_count();
    let mut rows = statement.raw_query();
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = (0..width).map(|index| Ok(value::from_sqlite(row.get_ref(index)?)));
        all.push(cells.collect::<rusqlite::Result<_>>()?);
    }
    Ok(all)
}
