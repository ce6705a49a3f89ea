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
        let data = data.as_bytes();
        let prologue = Prologue::preamble_only(&dialect);
        let mut reader = Reader::within(&dialect, data, bom(data), 1, prologue);
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
}
