//! Compares rows of a table that come as bytes from a server.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::column::Mode;
use super::comparer::Comparer;
use super::copy::CopyRows;
use super::found_rows::{FoundRows, Step};
use super::packets::PacketRows;
use crate::block::Block;
use crate::conversion_spec::RowEncoding;
use crate::python_bytes::PythonBytes;

enum Rows {
    Copy(CopyRows),
    Packets(PacketRows),
}

impl FoundRows for Rows {
    fn advance(&mut self) -> Result<Step, String> {
        match self {
            Rows::Copy(rows) => rows.advance(),
            Rows::Packets(rows) => rows.advance(),
        }
    }

    #[inline]
    fn value(&self, column: usize) -> Option<&[u8]> {
        match self {
            Rows::Copy(rows) => rows.value(column),
            Rows::Packets(rows) => rows.value(column),
        }
    }
}

struct State {
    rows: Rows,
    comparer: Comparer,
}

/// Rows of a table, as bytes of PostgreSQL's binary COPY or of MySQL's text protocol, compared
/// with blocks. For one thread at a time.
#[pyclass(frozen, module = "snapshots._native")]
pub struct StreamedRows {
    state: Mutex<State>,
}

impl StreamedRows {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub fn modes(words: &[String]) -> PyResult<Vec<Mode>> {
    let modes = words.iter().map(|word| Mode::parse(word));
    modes
        .collect::<Result<_, _>>()
        .map_err(PyValueError::new_err)
}

#[pymethods]
impl StreamedRows {
    /// `form`: `copy` or `packets`. `encoding`: `postgres` or `text`, of the blocks. `modes`: how
    /// each of the blocks' columns is compared. `asks`: values that are not the same at a glance
    /// become questions. `shown`: differences that are kept at most between two calls of `take`.
    #[new]
    fn new(
        form: &str,
        encoding: &str,
        modes: Vec<String>,
        asks: bool,
        shown: usize,
    ) -> PyResult<StreamedRows> {
        let encoding = match encoding {
            "postgres" => RowEncoding::Postgres,
            "text" => RowEncoding::Text,
            _ => return Err(PyValueError::new_err("no stream has rows of this encoding")),
        };
        let rows = match form {
            "copy" => Rows::Copy(CopyRows::default()),
            "packets" => Rows::Packets(PacketRows::default()),
            _ => return Err(PyValueError::new_err("there is no such form of a stream")),
        };
        let comparer = Comparer::new(encoding, self::modes(&modes)?, asks, shown);
        Ok(StreamedRows {
            state: Mutex::new(State {
                rows,
                comparer: comparer.map_err(PyValueError::new_err)?,
            }),
        })
    }

    /// Takes the next bytes of the server.
    fn feed(&self, py: Python<'_>, data: PythonBytes<'_>) {
        let data = data.as_bytes();
        py.detach(|| {
            let mut state = self.state();
            let waiting = state.comparer.found.is_some();
            let (bytes, at) = match &mut state.rows {
                Rows::Copy(rows) => (&mut rows.bytes, &mut rows.at),
                Rows::Packets(rows) => (&mut rows.bytes, &mut rows.at),
            };
            // The values of a row that waits to be compared are among those bytes.
            if !waiting {
                bytes.drain(..*at);
                *at = 0;
            }
            bytes.extend_from_slice(data);
        });
    }

    /// Says that nothing more will come. Raises ValueError if the stream cannot have ended yet.
    fn end(&self) -> PyResult<()> {
        let mut state = self.state();
        let State { rows, comparer } = &mut *state;
        comparer.peek(rows).map_err(PyValueError::new_err)?;
        let whole = match rows {
            Rows::Copy(rows) => rows.end(),
            Rows::Packets(rows) => rows.end(),
        };
        whole.map_err(PyValueError::new_err)
    }

    /// Compares a block's rows, except for the `refused` lines, which are sorted. Gives false if
    /// bytes must be fed first. Then the same block must be given again.
    fn compare(
        &self,
        py: Python<'_>,
        block: &Bound<'_, Block>,
        refused: Vec<i64>,
    ) -> PyResult<bool> {
        let block = block.get();
        let compared = py.detach(|| {
            let State { rows, comparer } = &mut *self.state();
            comparer.compare(rows, block, &refused)
        });
        compared.map_err(PyValueError::new_err)
    }

    /// Counts the rows before a line as more, or all that are left. Gives false if bytes must be
    /// fed first.
    #[pyo3(signature = (before=None))]
    fn pass_by(&self, py: Python<'_>, before: Option<i64>) -> PyResult<bool> {
        let passed = py.detach(|| {
            let State { rows, comparer } = &mut *self.state();
            comparer.pass_by(rows, before)
        });
        passed.map_err(PyValueError::new_err)
    }

    /// Gives the server's last packet, if it was an error.
    #[getter]
    fn error<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        match &self.state().rows {
            Rows::Packets(rows) => rows.error.as_ref().map(|error| PyBytes::new(py, error)),
            Rows::Copy(_) => None,
        }
    }

    /// Gives the values that only the database can compare. For each: its line, the index of its
    /// column, the text of the input and the text of the table.
    fn questions(&self) -> Vec<(i64, usize, String, String)> {
        let state = self.state();
        let questions = state.comparer.result.questions().into_iter();
        questions
            .map(|(line, column, one, other)| (line, column, one.to_owned(), other.to_owned()))
            .collect()
    }

    /// Takes the answer to each question: whether the values are the same.
    fn settle(&self, same: Vec<bool>) -> PyResult<()> {
        let settled = self.state().comparer.result.settle(&same);
        settled.map_err(PyValueError::new_err)
    }

    /// Gives the results since this was last called: equal, changed, missing and
    /// more rows; changed values of each column; and the first differences, each with its kind,
    /// line, index of the column, and both values.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.state().comparer.result.take_for_python(py)
    }
}
