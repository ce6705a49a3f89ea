//! Cuts a stream of bytes into chunks of whole records.

mod chunk_cutter;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub use self::chunk_cutter::ChunkCutter;
use crate::chunk::Chunk;
use crate::grammar::parse_dialect;
use crate::memory_check;
use crate::python_bytes::PythonBytes;
use crate::typed_rows::{Taker, TypedRows};

/// Cuts a stream of UTF-8 bytes into chunks of whole records.
#[pyclass(module = "snapshots._native")]
pub struct Splitter {
    cutter: ChunkCutter,
    /// Where the values of the records are.
    rows: Option<Taker>,
}

#[pymethods]
impl Splitter {
    #[new]
    #[pyo3(signature = (dialect, chunk_size, offset=0, line=1, rows=None))]
    fn new(
        dialect: &str,
        chunk_size: usize,
        offset: u64,
        line: u64,
        rows: Option<&Bound<'_, TypedRows>>,
    ) -> PyResult<Splitter> {
        let dialect = parse_dialect(dialect).map_err(PyValueError::new_err)?;
        Ok(Splitter {
            cutter: ChunkCutter::new(dialect, chunk_size, offset, line),
            rows: rows.map(|rows| Taker::new(rows.get(), chunk_size)),
        })
    }

    fn resize(&mut self, chunk_size: usize) {
        self.cutter.set_chunk_size(chunk_size);
    }

    fn feed(&mut self, py: Python<'_>, data: PythonBytes<'_>) -> PyResult<Vec<Chunk>> {
        let data = data.as_bytes();
        memory_check::require(self.cutter.capacity_for(data.len()))?;
        Ok(py.detach(|| {
            let mut chunks = Vec::new();
            self.cutter.feed(data, &mut chunks);
            self.add_rows(&mut chunks);
            chunks
        }))
    }

    fn finish(&mut self, py: Python<'_>) -> PyResult<Vec<Chunk>> {
        memory_check::require(self.cutter.pending())?;
        Ok(py.detach(|| {
            let mut chunks = Vec::new();
            self.cutter.finish(&mut chunks);
            self.add_rows(&mut chunks);
            chunks
        }))
    }
}

impl Splitter {
    /// Adds the values of their records to chunks, which are those up to the cutter's position.
    fn add_rows(&self, chunks: &mut [Chunk]) {
        let Some(rows) = &self.rows else { return };
        let ends: Vec<u64> = chunks.iter().skip(1).map(|chunk| chunk.line).collect();
        let last = self.cutter.position().1;
        for (chunk, end) in chunks.iter_mut().zip(ends.into_iter().chain([last])) {
            chunk.rows = rows.take(chunk.line, end);
        }
    }
}
