//! Parses the first records of an input in a given dialect, to read headers and detect dialects.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::cell_appearance::{Appearance, appearance_of};
use crate::chunk::Chunk;
use crate::dialect::{Dialect, NameTable};
use crate::grammar::{ObjectWalk, Prologue, RecordKind, RecordReader, bom, parse_dialect};
use crate::python_bytes::PythonBytes;

/// Functions that parse records into Python objects. Imports do not use them: they are slow.
#[pyclass(frozen, module = "snapshots._native")]
pub struct Records;

/// The number of records whose cells are examined.
const LOOKED_AT: usize = 250;

/// A list for each measure of the records: the offset; the number of fields (0: the quoting is
/// broken); the number of fields in quotes; and of the first `LOOKED_AT` records the number of fields
/// that look like values of a type, and the mean worth of the cells.
type Measures = (Vec<usize>, Vec<usize>, Vec<usize>, Vec<usize>, Vec<f64>);

/// The fields of a record as they are written, and whether each is in quotes.
type Written<'py> = Option<Vec<(Bound<'py, PyBytes>, bool)>>;
/// A line number, a byte offset, and the fields of a record.
type Parsed<'py> = (u64, usize, Option<Bound<'py, PyList>>);

#[pymethods]
impl Records {
    /// Gives (line, byte offset, fields) of the first `limit` records. `data` starts at offset 0 of
    /// the input. The fields are None where quoting is broken.
    #[staticmethod]
    fn parse<'py>(
        py: Python<'py>,
        data: PythonBytes<'py>,
        dialect: &str,
        limit: usize,
    ) -> PyResult<Vec<Parsed<'py>>> {
        let dialect = parse_dialect(dialect).map_err(PyValueError::new_err)?;
        let mut reader = reader_of(&dialect, data.as_bytes());
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

    /// Gives the names of all sound records of a chunk that are JSON objects, in the order in which
    /// they come first. If there are more than `limit`, some are left out.
    #[staticmethod]
    fn names<'py>(
        py: Python<'py>,
        chunk: &Bound<'py, Chunk>,
        dialect: &str,
        limit: usize,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let dialect = parse_dialect(dialect).map_err(PyValueError::new_err)?;
        let chunk = chunk.get();
        let names = py.detach(|| names_of(&dialect, chunk, limit));
        let names = names.names().iter();
        Ok(names.map(|name| PyBytes::new(py, name)).collect())
    }

    /// Measures how well a dialect fits the first `limit` records.
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

    /// Gives the fields of the first `limit` records as they are written, with escapes, and whether
    /// each is in quotes.
    #[staticmethod]
    fn written<'py>(
        py: Python<'py>,
        data: PythonBytes<'py>,
        dialect: &str,
        limit: usize,
    ) -> PyResult<Vec<Written<'py>>> {
        let dialect = parse_dialect(dialect).map_err(PyValueError::new_err)?;
        let mut reader = reader_of(&dialect, data.as_bytes());
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

fn names_of(dialect: &Dialect, chunk: &Chunk, limit: usize) -> NameTable {
    let (data, known) = (&*chunk.bytes, NameTable::default());
    if chunk.overlong.is_some() {
        return known;
    }
    let Some(mut walk) = ObjectWalk::new(dialect, data, chunk.start == 0, chunk.line, known) else {
        return NameTable::default();
    };
    while walk.names() <= limit && walk.read().is_some() {}
    walk.into_names()
}

fn measure(data: &[u8], dialect: &Dialect, limit: usize) -> Measures {
    let mut reader = reader_of(dialect, data);
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
                    let appearance = appearance_of(reader.raw(span), span.quoted, dialect);
                    typed += usize::from(appearance == Appearance::Typed);
                    filled += u32::from(appearance != Appearance::Empty);
                    worth += appearance.worth();
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

/// A reader from the start of an input, which reads the header as any other record. Only the bracket
/// of an array stays a header, without fields.
fn reader_of<'a>(dialect: &'a Dialect, data: &'a [u8]) -> RecordReader<'a> {
    let prologue = if dialect.is_array() {
        Prologue::new(dialect)
    } else {
        Prologue::preamble_only(dialect)
    };
    RecordReader::within(dialect, data, bom(data), 1, prologue)
}
