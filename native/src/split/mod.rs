//! Cuts a stream of bytes into chunks of whole records.

mod chunk_cutter;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub use self::chunk_cutter::ChunkCutter;
use crate::chunk::Chunk;
use crate::grammar::parse_dialect;
use crate::memory_check;
use crate::python_bytes::PythonBytes;

/// Cuts a stream of UTF-8 bytes into chunks of whole records.
#[pyclass(module = "snapshots._native")]
pub struct Splitter {
    cutter: ChunkCutter,
}

#[pymethods]
impl Splitter {
    #[new]
    #[pyo3(signature = (dialect, chunk_size, offset=0, line=1))]
    fn new(dialect: &str, chunk_size: usize, offset: u64, line: u64) -> PyResult<Splitter> {
        let dialect = parse_dialect(dialect).map_err(PyValueError::new_err)?;
        Ok(Splitter {
            cutter: ChunkCutter::new(dialect, chunk_size, offset, line),
        })
    }

    fn feed(&mut self, py: Python<'_>, data: PythonBytes<'_>) -> PyResult<Vec<Chunk>> {
        let (cutter, data) = (&mut self.cutter, data.as_bytes());
        memory_check::require(cutter.capacity_for(data.len()))?;
        Ok(py.detach(|| {
            let mut chunks = Vec::new();
            cutter.feed(data, &mut chunks);
            chunks
        }))
    }

    fn finish(&mut self, py: Python<'_>) -> PyResult<Vec<Chunk>> {
        let cutter = &mut self.cutter;
        memory_check::require(cutter.pending())?;
        Ok(py.detach(|| {
            let mut chunks = Vec::new();
            cutter.finish(&mut chunks);
            chunks
        }))
    }
}
