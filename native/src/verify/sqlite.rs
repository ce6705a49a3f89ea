//! Reads the rows of a SQLite table with a statement that is stepped beside the blocks.

use std::ffi::{CStr, c_int};
use std::path::PathBuf;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rusqlite::{Connection, InterruptHandle, ffi};

use super::column::BLOB;
use super::comparer::Comparer;
use super::found_rows::{FoundRows, Span, Step};
use super::stream::modes;
use crate::block::Block;
use crate::conversion_spec::RowEncoding;
use crate::convert::encoders::sqlite::{FLOAT, INTEGER, TEXT};
use crate::sqlite::failure::Failure;
use crate::sqlite::open::open;

struct Rows {
    /// The statement, which is finalized before the connection closes.
    statement: *mut ffi::sqlite3_stmt,
    connection: Connection,
    /// The row, with tags as in a block. Its last value is its line.
    row: Vec<u8>,
    spans: Vec<Span>,
    failed: Option<Failure>,
}

// SAFETY: a statement belongs to its connection and moves with it. One thread at a time has both.
unsafe impl Send for Rows {}

impl Drop for Rows {
    fn drop(&mut self) {
        // SAFETY: nobody else has the statement, and the connection is still open.
        unsafe { ffi::sqlite3_finalize(self.statement) };
    }
}

impl Rows {
    fn open(
        path: PathBuf,
        sql: &str,
        import_id: i64,
        line: i64,
        timeout: Duration,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Rows, Failure> {
        let connection = open(path, true, timeout, interrupted)?;
        // rusqlite sees to it that this is one whole statement.
        drop(connection.prepare(sql)?);
        let mut rows = Rows {
            statement: ptr::null_mut(),
            connection,
            row: Vec::new(),
            spans: Vec::new(),
            failed: None,
        };
        let length = c_int::try_from(sql.len()).unwrap_or(c_int::MAX);
        // SAFETY: the connection is open, and `length` bytes are there.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                rows.connection.handle(),
                sql.as_ptr().cast(),
                length,
                ffi::SQLITE_PREPARE_PERSISTENT,
                &raw mut rows.statement,
                ptr::null_mut(),
            )
        };
        rows.check(code)?;
        for (index, value) in [(1, import_id), (2, line)] {
            // SAFETY: the statement is alive.
            let code = unsafe { ffi::sqlite3_bind_int64(rows.statement, index, value) };
            rows.check(code)?;
        }
        Ok(rows)
    }

    fn check(&self, code: c_int) -> Result<(), Failure> {
        if code == ffi::SQLITE_OK {
            return Ok(());
        }
        // SAFETY: the message lives until the connection is used again, and is copied.
        let message = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(self.connection.handle())) };
        Err(Failure {
            message: message.to_string_lossy().into_owned(),
            code,
        })
    }

    /// Appends the value of a column.
    ///
    /// # Safety
    /// The statement has a row, and that column.
    unsafe fn copy(&mut self, column: c_int) {
        let statement = self.statement;
        let start = self.row.len();
        // SAFETY: as this function's; what SQLite gives stays until the next step.
        unsafe {
            let texts = |tag: u8, row: &mut Vec<u8>, data: *const u8| {
                let length = ffi::sqlite3_column_bytes(statement, column) as usize;
                row.push(tag);
                row.extend_from_slice(&(length as u32).to_le_bytes());
                if length > 0 && !data.is_null() {
                    row.extend_from_slice(slice::from_raw_parts(data, length));
                }
            };
            match ffi::sqlite3_column_type(statement, column) {
                ffi::SQLITE_INTEGER => {
                    let value = ffi::sqlite3_column_int64(statement, column);
                    self.row.push(INTEGER);
                    self.row.extend_from_slice(&value.to_le_bytes());
                }
                ffi::SQLITE_FLOAT => {
                    let value = ffi::sqlite3_column_double(statement, column);
                    self.row.push(FLOAT);
                    self.row.extend_from_slice(&value.to_le_bytes());
                }
                ffi::SQLITE_TEXT => {
                    let data = ffi::sqlite3_column_text(statement, column);
                    texts(TEXT, &mut self.row, data);
                }
                ffi::SQLITE_BLOB => {
                    let data = ffi::sqlite3_column_blob(statement, column).cast();
                    texts(BLOB, &mut self.row, data);
                }
                _ => return self.spans.push(None),
            }
        }
        self.spans.push(Some((start, self.row.len())));
    }
}

impl FoundRows for Rows {
    fn advance(&mut self) -> Result<Step, String> {
        // SAFETY: the statement and its connection are alive.
        let code = unsafe { ffi::sqlite3_step(self.statement) };
        if code == ffi::SQLITE_DONE {
            return Ok(Step::End);
        }
        if code != ffi::SQLITE_ROW {
            self.failed = self.check(code).err();
            return Err("SQLite gives no more rows".into());
        }
        self.row.clear();
        self.spans.clear();
        // SAFETY: the statement has a row, and so many columns, of which the last is an integer.
        unsafe {
            let last = ffi::sqlite3_column_count(self.statement) - 1;
            for column in 0..last {
                self.copy(column);
            }
            Ok(Step::Row(ffi::sqlite3_column_int64(self.statement, last)))
        }
    }

    #[inline]
    fn value(&self, column: usize) -> Option<&[u8]> {
        let (start, end) = (*self.spans.get(column)?)?;
        Some(&self.row[start..end])
    }
}

struct State {
    rows: Rows,
    comparer: Comparer,
}

/// Rows of a table in a file, compared with blocks of encoding `sqlite`. It reads them on a
/// connection of its own, in one transaction, until it is closed. For one thread at a time.
#[pyclass(frozen, module = "snapshots._native")]
pub struct SqliteRows {
    /// None once the comparison is closed.
    state: Mutex<Option<State>>,
    handle: InterruptHandle,
    interrupted: Arc<AtomicBool>,
}

impl SqliteRows {
    fn state(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut State) -> Result<T, String> + Send,
    ) -> PyResult<T> {
        py.detach(|| {
            let mut state = self.state();
            let Some(state) = state.as_mut() else {
                return Err(PyValueError::new_err("the rows are closed"));
            };
            work(state).map_err(|sentence| match state.rows.failed.take() {
                Some(failure) => failure.into(),
                None => PyValueError::new_err(sentence),
            })
        })
    }
}

#[pymethods]
impl SqliteRows {
    /// `sql` has two parameters, the import and the first line, and gives the columns that are
    /// compared and the line, in the order of the lines.
    #[new]
    #[expect(clippy::too_many_arguments, reason = "the signature is Python's")]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        sql: &str,
        import_id: i64,
        line: i64,
        modes: Vec<String>,
        shown: usize,
        busy_timeout_ms: u64,
    ) -> PyResult<SqliteRows> {
        let modes = self::modes(&modes)?;
        let interrupted = Arc::new(AtomicBool::new(false));
        let (asked, timeout) = (
            Arc::clone(&interrupted),
            Duration::from_millis(busy_timeout_ms),
        );
        let rows = py.detach(|| Rows::open(path, sql, import_id, line, timeout, asked))?;
        let comparer = Comparer::new(RowEncoding::Sqlite, modes, false, shown);
        let comparer = comparer.map_err(PyValueError::new_err)?;
        Ok(SqliteRows {
            handle: rows.connection.get_interrupt_handle(),
            state: Mutex::new(Some(State { rows, comparer })),
            interrupted,
        })
    }

    /// Compares a block's rows, except for the `refused` lines, which are sorted.
    fn compare(
        &self,
        py: Python<'_>,
        block: &Bound<'_, Block>,
        refused: Vec<i64>,
    ) -> PyResult<bool> {
        let block = block.get();
        self.work(py, |state| {
            state.comparer.compare(&mut state.rows, block, &refused)
        })
    }

    /// Counts the rows before a line as more, or all that are left.
    #[pyo3(signature = (before=None))]
    fn pass_by(&self, py: Python<'_>, before: Option<i64>) -> PyResult<bool> {
        self.work(py, |state| state.comparer.pass_by(&mut state.rows, before))
    }

    /// See `StreamedRows.take`.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.state().as_mut() {
            Some(state) => state.comparer.result.take_for_python(py),
            None => Err(PyValueError::new_err("the rows are closed")),
        }
    }

    /// Makes the running call fail with code 9. May be called from any thread.
    fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
        self.handle.interrupt();
    }

    /// Ends the transaction and closes the file. May be called again.
    fn close(&self, py: Python<'_>) {
        py.detach(|| drop(self.state().take()));
    }
}
