//! Parsed records, for headers and for sniffing.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::buffer::Buffer;
use crate::dialect::Dialect;
use crate::grammar::{Prologue, Reader, RecordKind, bom};

/// Not for loading.
#[pyclass(frozen, module = "snapshots._native")]
pub struct Records;

type Written<'py> = Option<Vec<(Bound<'py, PyBytes>, bool)>>;
type Parsed<'py> = (u64, usize, Option<Bound<'py, PyList>>);

#[pymethods]
impl Records {
    /// (line, byte offset, fields) of the first records of data that start at offset 0.
    #[staticmethod]
    fn parse<'py>(
        py: Python<'py>,
        data: Buffer<'py>,
        dialect: &str,
        limit: usize,
    ) -> PyResult<Vec<Parsed<'py>>> {
        let dialect = Dialect::parse(dialect).map_err(PyValueError::new_err)?;
        let mut reader = within(&dialect, data.as_bytes());
        let mut scratch = Vec::new();
        let mut records = Vec::new();
        while records.len() < limit
            && let Some(record) = reader.read()
        {
            let fields = match record.kind {
                RecordKind::Skipped => continue,
                RecordKind::Broken(_) => None,
                RecordKind::Row | RecordKind::Header => {
                    let fields = PyList::empty(py);
                    for &span in reader.fields() {
                        fields.append(PyBytes::new(py, reader.text(span, &mut scratch)))?;
                    }
                    Some(fields)
                }
            };
            records.push((record.line, record.start, fields));
        }
        Ok(records)
    }

    /// The fields of the same records as they are written, with escapes, and whether in quotes.
    #[staticmethod]
    fn written<'py>(
        py: Python<'py>,
        data: Buffer<'py>,
        dialect: &str,
        limit: usize,
    ) -> PyResult<Vec<Written<'py>>> {
        let dialect = Dialect::parse(dialect).map_err(PyValueError::new_err)?;
        let mut reader = within(&dialect, data.as_bytes());
        let mut scratch = Vec::new();
        let mut records = Vec::new();
        while records.len() < limit
            && let Some(record) = reader.read()
        {
            records.push(match record.kind {
                RecordKind::Skipped => continue,
                RecordKind::Broken(_) => None,
                RecordKind::Row | RecordKind::Header => {
                    let spans = reader.fields().iter();
                    let fields = spans.map(|&span| {
                        let written = PyBytes::new(py, reader.written(span, &mut scratch));
                        (written, span.quoted)
                    });
                    Some(fields.collect())
                }
            });
        }
        Ok(records)
    }
}

/// From the start of an input, whose header is a record like any other.
fn within<'a>(dialect: &'a Dialect, data: &'a [u8]) -> Reader<'a> {
    let prologue = Prologue::preamble_only(dialect);
    Reader::within(dialect, data, bom(data), 1, prologue)
}
