//! Cuts the ranges of an input on their own, each on the guess that a record starts with its first
//! line. Whoever puts them together in order compares the guess with where the range before ended,
//! and has the range surveyed again where they differ.

mod range_survey;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub use self::range_survey::RangeSurvey;
use crate::chunk::Chunk;
use crate::grammar::parse_dialect;
use crate::memory_check;
use crate::python_bytes::PythonBytes;

/// Cuts one range of an input.
#[pyclass(module = "snapshots._native")]
pub struct Survey {
    range: RangeSurvey,
}

#[pymethods]
impl Survey {
    #[new]
    #[pyo3(signature = (dialect, chunk_size, begin, end, start=None))]
    fn new(
        dialect: &str,
        chunk_size: usize,
        begin: u64,
        end: u64,
        start: Option<u64>,
    ) -> PyResult<Survey> {
        let dialect = parse_dialect(dialect).map_err(PyValueError::new_err)?;
        if begin >= end || end == u64::MAX || start.is_some_and(|start| start > end) {
            return Err(PyValueError::new_err("this is no range"));
        }
        Ok(Survey {
            range: RangeSurvey::new(dialect, chunk_size, begin, end, start),
        })
    }

    fn feed(&mut self, py: Python<'_>, data: PythonBytes<'_>) -> PyResult<Vec<Chunk>> {
        let (range, data) = (&mut self.range, data.as_bytes());
        memory_check::require(range.capacity_for(data.len()))?;
        Ok(py.detach(|| {
            let mut chunks = Vec::new();
            range.feed(data, &mut chunks);
            chunks
        }))
    }

    fn finish(&mut self, py: Python<'_>) -> PyResult<Vec<Chunk>> {
        let range = &mut self.range;
        memory_check::require(range.capacity_for(0))?;
        Ok(py.detach(|| {
            let mut chunks = Vec::new();
            range.finish(&mut chunks);
            chunks
        }))
    }

    #[getter]
    fn wanted(&self) -> Option<u64> {
        self.range.wanted()
    }

    #[getter]
    fn start(&self) -> Option<u64> {
        self.range.start()
    }

    #[getter]
    fn exit(&self) -> Option<(u64, u64)> {
        self.range.exit()
    }
}
