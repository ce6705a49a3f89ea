//! Parsed records, for headers and for sniffing.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::cell_appearance::{Appearance, look};
use crate::dialect::Dialect;
use crate::grammar::{Prologue, RecordKind, RecordReader, bom, parse_dialect};
use crate::python_bytes::PythonBytes;

/// Not for loading.
#[pyclass(frozen, module = "snapshots._native")]
pub struct Records;

/// Records whose cells are looked at.
const LOOKED_AT: usize = 250;

/// Of each record, in lists: its offset, how many fields it has (0: its quoting is broken), how
/// many of them are in quotes; and of the first of them, how many are values of a type, and how
/// well its cells look.
type Measures = (Vec<usize>, Vec<usize>, Vec<usize>, Vec<usize>, Vec<f64>);

type Written<'py> = Option<Vec<(Bound<'py, PyBytes>, bool)>>;
type Parsed<'py> = (u64, usize, Option<Bound<'py, PyList>>);

#[pymethods]
impl Records {
    /// (line, byte offset, fields) of the first records of data that start at offset 0.
    #[staticmethod]
    fn parse<'py>(
        py: Python<'py>,
        data: PythonBytes<'py>,
        dialect: &str,
        limit: usize,
    ) -> PyResult<Vec<Parsed<'py>>> {
        let dialect = parse_dialect(dialect).map_err(PyValueError::new_err)?;
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

    /// What the records would look like in a dialect, without making their fields.
    #[staticmethod]
    fn measure(
        py: Python<'_>,
        data: PythonBytes<'_>,
        dialect: &str,
        limit: usize,
    ) -> PyResult<Measures> {
        let dialect = parse_dialect(dialect).map_err(PyValueError::new_err)?;
        let data = data.as_bytes();
        Ok(py.detach(|| measure(data, &dialect, limit)))
    }

    /// The fields of the same records as they are written, with escapes, and whether in quotes.
    #[staticmethod]
    fn written<'py>(
        py: Python<'py>,
        data: PythonBytes<'py>,
        dialect: &str,
        limit: usize,
    ) -> PyResult<Vec<Written<'py>>> {
        let dialect = parse_dialect(dialect).map_err(PyValueError::new_err)?;
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

fn measure(data: &[u8], dialect: &Dialect, limit: usize) -> Measures {
    let mut reader = within(dialect, data);
    let mut found = Measures::default();
    while found.0.len() < limit
        && let Some(record) = reader.read()
    {
        let (mut fields, mut quoted, mut typed, mut filled, mut worth) = (0, 0, 0, 0_u32, 0.0);
        match record.kind {
            RecordKind::Skipped => continue,
            RecordKind::Broken(_) => {}
            RecordKind::Row | RecordKind::Header => {
                fields = reader.fields().len();
                quoted = reader.fields().iter().filter(|span| span.quoted).count();
                let looked_at = if found.0.len() < LOOKED_AT { fields } else { 0 };
                for &span in &reader.fields()[..looked_at] {
                    let look = look(reader.raw(span), span.quoted, dialect);
                    typed += usize::from(look == Appearance::Typed);
                    filled += u32::from(look != Appearance::Empty);
                    worth += look.worth();
                }
            }
        }
        if found.0.len() < LOOKED_AT {
            found.3.push(typed);
            found.4.push(worth / f64::from(filled.max(1)));
        }
        found.0.push(record.start);
        found.1.push(fields);
        found.2.push(quoted);
    }
    found
}

/// From the start of an input, whose header is a record like any other.
fn within<'a>(dialect: &'a Dialect, data: &'a [u8]) -> RecordReader<'a> {
    let prologue = Prologue::preamble_only(dialect);
    RecordReader::within(dialect, data, bom(data), 1, prologue)
}
