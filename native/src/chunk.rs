//! A chunk of an input: whole records that follow each other.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::buffer_pool::PooledBytes;
use crate::python_bytes::PythonBytes;
use crate::typed_rows::NumberedRows;

/// The number of bytes that are kept of a record that is too long.
pub const OVERLONG_KEPT: usize = 64 * 1024;

/// Whole records, contiguous in the input. Immutable; the bytes stay in Rust.
#[pyclass(frozen, module = "snapshots._native")]
#[derive(Debug)]
pub struct Chunk {
    /// Shared with the blocks that are made of the chunk, which can show their records.
    pub bytes: Arc<PooledBytes>,
    /// The offset of the first byte in the input.
    #[pyo3(get)]
    pub start: u64,
    /// The offset in the input of the byte after the last one.
    #[pyo3(get)]
    pub end: u64,
    /// The number of the first physical line.
    #[pyo3(get)]
    pub line: u64,
    /// If the chunk is one record of more than `max_record_size`: the number of line ends in it.
    pub overlong: Option<u64>,
    /// The values of all its records, if they are known beside the text.
    pub rows: Option<Vec<NumberedRows>>,
}

#[pymethods]
impl Chunk {
    #[getter]
    fn overlong(&self) -> bool {
        self.overlong.is_some()
    }

    fn __len__(&self) -> usize {
        self.bytes.len()
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        PyBytes::new_with(py, self.bytes.len(), |bytes| {
            bytes.copy_from_slice(&self.bytes);
            Ok(())
        })
    }

    /// The BLAKE3 hash of the first `length` bytes. None if the chunk does not hold all of them.
    fn digest<'py>(&self, py: Python<'py>, length: usize) -> Option<Bound<'py, PyBytes>> {
        let held = self.overlong.is_none() && length <= self.bytes.len();
        let hash = held.then(|| py.detach(|| blake3::hash(&self.bytes[..length])));
        hash.map(|hash| PyBytes::new(py, hash.as_bytes()))
    }

    fn __repr__(&self) -> String {
        format!(
            "<Chunk {}..{} from line {}>",
            self.start, self.end, self.line
        )
    }

    /// Makes a chunk of bytes that are known to be whole records.
    #[staticmethod]
    #[pyo3(signature = (data, start=0, line=1))]
    fn of(data: PythonBytes<'_>, start: u64, line: u64) -> Chunk {
        Chunk::new(data.as_bytes().to_vec(), start, line)
    }

    /// A chunk can cross to another process.
    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, chunk) = (slf.py(), slf.get());
        let bytes = chunk.__bytes__(py)?;
        let held = (bytes, chunk.start, chunk.end, chunk.line, chunk.overlong);
        let restore = slf.get_type().getattr("_restored")?;
        Ok((restore, held.into_pyobject(py)?))
    }

    #[staticmethod]
    fn _restored(
        data: PythonBytes<'_>,
        start: u64,
        end: u64,
        line: u64,
        overlong: Option<u64>,
    ) -> Chunk {
        Chunk {
            end,
            overlong,
            ..Chunk::new(data.as_bytes().to_vec(), start, line)
        }
    }
}

impl Chunk {
    pub fn new(bytes: Vec<u8>, start: u64, line: u64) -> Chunk {
        let end = start + bytes.len() as u64;
        Chunk {
            bytes: Arc::new(bytes.into()),
            start,
            end,
            line,
            overlong: None,
            rows: None,
        }
    }
}
