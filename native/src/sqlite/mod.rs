//! Connections of the SQLite that is built into the kernel.
//!
//! One copy of SQLite must serve every access to a file. If two copies in one process have the same
//! file open, they lose each other's locks.

pub mod failure;
mod insert;
pub mod open;
mod python_value;
mod rows;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyTuple};
use rusqlite::types::Value;
use rusqlite::{Connection, InterruptHandle, ffi};

use self::failure::Failure;
pub use self::failure::SqliteError;
pub use self::rows::SqliteQuery;
use crate::block::Block;
use crate::conversion_spec::RowEncoding;

/// The number of rows that `executemany` takes from Python at a time.
const BATCH: usize = 1000;

/// One connection to a database file. Every call releases the GIL while SQLite works.
#[pyclass(frozen, module = "snapshots._native")]
pub struct SqliteConnection {
    /// None once the connection is closed.
    connection: Mutex<Option<Connection>>,
    handle: InterruptHandle,
    /// Whether `interrupt` was called since the call began. SQLite forgets that between statements.
    interrupted: Arc<AtomicBool>,
    /// The number of rows of the last block that SQLite accepted before it refused one.
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

    /// Runs one statement, and gives all its rows.
    #[pyo3(signature = (sql, params = None))]
    fn execute<'py>(
        &self,
        py: Python<'py>,
        sql: &str,
        params: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let params = params.map_or_else(|| Ok(Vec::new()), python_value::row_from_python)?;
        self.begin();
        let rows = self.work(py, |connection| query(connection, sql, params))?;
        let rows = rows
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

    /// Runs one statement for each row of parameters, and gives the number of rows changed.
    fn executemany(&self, py: Python<'_>, sql: &str, rows: &Bound<'_, PyAny>) -> PyResult<u64> {
        let mut rows = PyIterator::from_object(rows)?;
        let mut changed = 0;
        self.begin();
        loop {
            let batch = rows
                .by_ref()
                .take(BATCH)
                .map(|row| python_value::row_from_python(&row?))
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

    /// Runs all statements of a text. The rows that they give are dropped.
    fn script(&self, py: Python<'_>, sql: &str) -> PyResult<()> {
        self.begin();
        self.work(py, |connection| Ok(connection.execute_batch(sql)?))
    }

    /// Runs an INSERT once for each row of a block, and gives the number of rows inserted.
    fn insert(&self, py: Python<'_>, sql: &str, block: &Bound<'_, Block>) -> PyResult<u64> {
        let block = block.get();
        if block.encoding != RowEncoding::Sqlite {
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

    /// The number of rows of the last block that SQLite accepted. If it refused one: those before it.
    #[getter]
    fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    #[getter]
    fn in_transaction(&self, py: Python<'_>) -> PyResult<bool> {
        self.work(py, |connection| Ok(!connection.is_autocommit()))
    }

    /// Makes the running call fail with code 9. May be called from any thread.
    fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
        self.handle.interrupt();
    }

    /// Rolls back an open transaction and closes the file. Further calls do nothing.
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

    /// Calls `work` with the connection, without the GIL.
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

/// Runs one statement to its end, and gives its rows.
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
        let cells = (0..width).map(|index| Ok(python_value::from_sqlite(row.get_ref(index)?)));
        all.push(cells.collect::<rusqlite::Result<_>>()?);
    }
    Ok(all)
}
