//! The result of one conversion: rows, counts and rejects.

use std::ffi::c_int;
use std::sync::Arc;

use arrow_array::RecordBatch;
use pyo3::exceptions::PyIndexError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView};

use crate::buffer_pool::PooledBytes;
use crate::chunk::OVERLONG_KEPT;
use crate::conversion_spec::RowEncoding;
use crate::grammar::Record;
use crate::reject_code::RejectCode;

/// What `Converter.convert` made of a run of records in one chunk.
#[pyclass(frozen, module = "snapshots._native")]
pub struct Block {
    pub encoding: RowEncoding,
    /// The rows, in `encoding`.
    pub rows: Vec<u8>,
    /// The number of values in a row.
    pub width: usize,
    /// The rows as columns, or what is wrong with them. Only with encoding `arrow`, which has no other
    /// rows.
    pub batch: Option<Result<RecordBatch, String>>,
    /// The place of each row's record. Filled only with encoding `json`.
    pub places: Vec<RecordPlace>,
    pub counts: Counts,
    /// The offset in the chunk of the first byte that was not converted.
    #[pyo3(get)]
    pub position: usize,
    /// The number of the line at `position`. At the end of the input, that of the line after the last
    /// one, which may lack its line end.
    #[pyo3(get)]
    pub line: u64,
    pub rejects: Arc<[Reject]>,
    /// Whether the rows were made of values beside the records, without their text.
    #[pyo3(get)]
    pub of_values: bool,
    /// The bytes of the chunk.
    pub bytes: Arc<PooledBytes>,
    /// The offset in the chunk of the block's first record. A header is no record.
    #[pyo3(get)]
    pub start: usize,
    /// The line number at `start`.
    #[pyo3(get)]
    pub first_line: u64,
    /// The offset of the chunk in the input.
    pub offset: u64,
    /// The byte that ends a line.
    pub newline: u8,
    /// Whether a CR before it belongs to it.
    pub crlf: bool,
}

/// How many records were read, and what became of them. `records` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub records: u64,
    pub loaded: u64,
    pub rejected: u64,
    pub skipped: u64,
}

/// The place of a record: its first line, and the range of its bytes in the chunk, without the
/// line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    pub line: u64,
    pub start: usize,
    pub end: usize,
}

impl RecordPlace {
    fn shown(self, bytes: &[u8], offset: u64) -> (u64, u64, &[u8]) {
        let end = self.end.min(self.start + OVERLONG_KEPT);
        let raw = &bytes[self.start..end];
        (self.line, offset + self.start as u64, raw)
    }
}

impl From<Record> for RecordPlace {
    fn from(record: Record) -> RecordPlace {
        let Record {
            line, start, end, ..
        } = record;
        RecordPlace { line, start, end }
    }
}

/// A record that became no row, and why.
pub struct Reject {
    pub place: RecordPlace,
    pub column: Option<Arc<str>>,
    pub code: RejectCode,
    pub reason: Box<str>,
}

impl Reject {
    /// The line, the offset in the input and the bytes of the record, of which no more than a part is
    /// kept. `bytes` are those of the chunk, `offset` is where it begins.
    pub fn shown<'a>(&self, bytes: &'a [u8], offset: u64) -> (u64, u64, &'a [u8]) {
        self.place.shown(bytes, offset)
    }

    pub fn tuple<'py>(&'py self, py: Python<'py>, bytes: &[u8], offset: u64) -> RejectTuple<'py> {
        let (line, offset, raw) = self.shown(bytes, offset);
        let (column, code) = (self.column.as_deref(), self.code.as_str());
        let raw = PyBytes::new(py, raw);
        (line, offset, column, code, &*self.reason, raw)
    }
}

pub type RejectTuple<'py> = (
    u64,
    u64,
    Option<&'py str>,
    &'static str,
    &'py str,
    Bound<'py, PyBytes>,
);

type PlaceTuple<'py> = (u64, u64, Bound<'py, PyBytes>);

#[pymethods]
impl Block {
    /// The rows as bytes of the encoding. Empty for `sqlite` and `arrow`, whose rows stay in Rust. `json`
    /// objects have a newline between them.
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        match self.encoding {
            RowEncoding::Sqlite | RowEncoding::Arrow => PyBytes::new(py, b""),
            RowEncoding::Postgres | RowEncoding::Text | RowEncoding::Mariadb => {
                PyBytes::new(py, &self.rows)
            }
            RowEncoding::Json => {
                PyBytes::new(py, self.rows.strip_suffix(b"\n").unwrap_or_default())
            }
        }
    }

    /// A read-only view of the rows, for targets that send them without a copy.
    fn view<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyMemoryView>> {
        PyMemoryView::from(slf)
    }

    /// # Safety
    /// `view` must point to a `Py_buffer` that may be filled, as Python's buffer protocol demands.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let rows = &slf.get().rows;
        let (start, length) = (rows.as_ptr().cast_mut().cast(), rows.len() as isize);
        // SAFETY: the view holds a reference to the block, whose rows never change; it is made
        // read-only.
        match unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), start, length, 1, flags) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(slf.py())),
        }
    }

    #[getter]
    fn encoding(&self) -> &'static str {
        self.encoding.as_str()
    }

    #[getter]
    fn records(&self) -> u64 {
        self.counts.records
    }

    #[getter]
    fn loaded(&self) -> u64 {
        self.counts.loaded
    }

    #[getter]
    fn rejected(&self) -> u64 {
        self.counts.rejected
    }

    #[getter]
    fn skipped(&self) -> u64 {
        self.counts.skipped
    }

    fn rejects<'py>(slf: &'py Bound<'py, Self>) -> Vec<RejectTuple<'py>> {
        let (py, block) = (slf.py(), slf.get());
        let tuple = |reject: &'py Reject| reject.tuple(py, &block.bytes, block.offset);
        block.rejects.iter().map(tuple).collect()
    }

    /// (line, byte offset, raw bytes) of one row's record. Available only with encoding `json`.
    fn record<'py>(&self, py: Python<'py>, row: usize) -> PyResult<PlaceTuple<'py>> {
        match self.places.get(row) {
            Some(place) => {
                let (line, offset, raw) = place.shown(&self.bytes, self.offset);
                Ok((line, offset, PyBytes::new(py, raw)))
            }
            None => Err(PyIndexError::new_err(format!("there is no row {row}"))),
        }
    }

    /// The raw bytes of the block's records without the last line end, at most `limit` of them.
    #[pyo3(signature = (limit=65536))]
    fn raw<'py>(&self, py: Python<'py>, limit: usize) -> Bound<'py, PyBytes> {
        let consumed = &self.bytes[self.start..self.position];
        let content = match consumed.strip_suffix(&[self.newline]) {
            Some(line) if self.crlf => line.strip_suffix(b"\r").unwrap_or(line),
            Some(line) => line,
            None => consumed,
        };
        PyBytes::new(py, &content[..content.len().min(limit)])
    }
}

impl Block {
    /// The rows, and the number of values in each. With encoding `sqlite` each value has a tag
    /// before it, as `convert::encoders::sqlite` writes it.
    pub fn rows(&self) -> (&[u8], usize) {
        (&self.rows, self.width)
    }

    /// The rows as columns. The error is a sentence.
    pub fn batch(&self) -> Result<&RecordBatch, &str> {
        let batch = self.batch.as_ref().ok_or("the rows are no Arrow rows")?;
        batch.as_ref().map_err(String::as_str)
    }
}
