//! What was made of some records.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::chunk::OVERLONG_KEPT;
use crate::codes::Code;
use crate::pool::Bytes;
use crate::spec::Encoding;

/// What `Converter.convert` made of some records.
#[pyclass(frozen, module = "snapshots._native")]
pub struct Block {
    pub encoding: Encoding,
    /// The rows, in the encoding.
    pub rows: Vec<u8>,
    /// Values in a row.
    pub width: usize,
    pub counts: Counts,
    #[pyo3(get)]
    pub position: usize,
    #[pyo3(get)]
    pub line: u64,
    pub rejects: Vec<Reject>,
    /// The chunk's, where and on which line the block's records start in them (a header is no
    /// record), and where they start in the input.
    pub bytes: Arc<Bytes>,
    #[pyo3(get)]
    pub start: usize,
    #[pyo3(get)]
    pub first_line: u64,
    pub offset: u64,
    /// The byte that ends a line.
    pub newline: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub records: u64,
    pub loaded: u64,
    pub rejected: u64,
    pub skipped: u64,
}

/// A record that is no row, by its place in the chunk.
pub struct Reject {
    pub line: u64,
    pub start: usize,
    pub end: usize,
    pub column: Option<Arc<str>>,
    pub code: Code,
    pub reason: String,
}

type RejectTuple<'py> = (
    u64,
    u64,
    Option<&'py str>,
    &'static str,
    &'py str,
    Bound<'py, PyBytes>,
);

#[pymethods]
impl Block {
    /// Rows in the encoding asked for; empty for `sqlite`, whose rows stay in Rust.
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        match self.encoding {
            Encoding::Sqlite => PyBytes::new(py, b""),
            Encoding::Postgres | Encoding::Text => PyBytes::new(py, &self.rows),
        }
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
        let tuple = |reject: &'py Reject| {
            let end = reject.end.min(reject.start + OVERLONG_KEPT);
            let raw = PyBytes::new(py, &block.bytes[reject.start..end]);
            let offset = block.offset + reject.start as u64;
            let column = reject.column.as_deref();
            (
                reject.line,
                offset,
                column,
                reject.code.as_str(),
                &*reject.reason,
                raw,
            )
        };
        block.rejects.iter().map(tuple).collect()
    }

    /// The bytes of the block's records, without a last line end.
    #[pyo3(signature = (limit=65536))]
    fn raw<'py>(&self, py: Python<'py>, limit: usize) -> Bound<'py, PyBytes> {
        let consumed = &self.bytes[self.start..self.position];
        let content = match consumed.strip_suffix(&[self.newline]) {
            Some(line) if self.newline == b'\n' => line.strip_suffix(b"\r").unwrap_or(line),
            Some(line) => line,
            None => consumed,
        };
        PyBytes::new(py, &content[..content.len().min(limit)])
    }
}

impl Block {
    /// The rows, and how many values each has. With encoding `sqlite`: values with tags.
    pub fn rows(&self) -> (&[u8], usize) {
        (&self.rows, self.width)
    }
}
