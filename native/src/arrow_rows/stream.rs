//! A stream of batches, which a database draws from an iterator of blocks.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyIterator};

use crate::block::Block;

/// What is left of the blocks, and what came of those before.
struct Blocks {
    first: Option<Py<Block>>,
    rest: Py<PyIterator>,
    rows: u64,
    failure: Option<PyErr>,
}

/// The rows of blocks of encoding `arrow`, which are read once. All streams of one object share them:
/// a database opens one to ask for the schema, and another one to read.
#[pyclass(frozen, module = "snapshots._native")]
pub struct ArrowRows {
    schema: Arc<Schema>,
    blocks: Arc<Mutex<Blocks>>,
}

#[pymethods]
impl ArrowRows {
    /// `first` is the block before those of the iterator `rest`.
    #[new]
    fn new(first: Bound<'_, Block>, rest: Bound<'_, PyIterator>) -> PyResult<ArrowRows> {
        let batch = first.get().batch();
        let schema = batch
            .map_err(|it| PyValueError::new_err(it.to_owned()))?
            .schema();
        let blocks = Blocks {
            first: Some(first.unbind()),
            rest: rest.unbind(),
            rows: 0,
            failure: None,
        };
        Ok(ArrowRows {
            schema,
            blocks: Arc::new(Mutex::new(blocks)),
        })
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _as_it_is = requested_schema;
        let reader = BlockReader {
            schema: Arc::clone(&self.schema),
            blocks: Arc::clone(&self.blocks),
        };
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// How many rows were read so far.
    #[getter]
    fn rows(&self, py: Python<'_>) -> u64 {
        py.detach(|| locked(&self.blocks, |blocks| blocks.rows))
    }

    /// Raises the error with which the iterator has ended the stream, if there was one.
    fn raise_failure(&self, py: Python<'_>) -> PyResult<()> {
        match py.detach(|| locked(&self.blocks, |blocks| blocks.failure.take())) {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

struct BlockReader {
    schema: Arc<Schema>,
    blocks: Arc<Mutex<Blocks>>,
}

impl BlockReader {
    /// The next block, for which Python's code may run.
    fn block(&self) -> Result<Option<Py<Block>>, ArrowError> {
        if let Some(first) = locked(&self.blocks, |blocks| blocks.first.take()) {
            return Ok(Some(first));
        }
        Python::attach(|py| {
            let rest = locked(&self.blocks, |blocks| blocks.rest.clone_ref(py));
            let next = rest.into_bound(py).next().transpose();
            let block = next.and_then(|next| {
                let cast = |it: Bound<'_, PyAny>| Ok(it.cast_into::<Block>()?.unbind());
                next.map(cast).transpose()
            });
            block.map_err(|failure| {
                let text = failure.to_string();
                locked(&self.blocks, |blocks| blocks.failure = Some(failure));
                ArrowError::ExternalError(text.into())
            })
        })
    }
}

impl Iterator for BlockReader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = match self.block() {
            Ok(block) => block?,
            Err(error) => return Some(Err(error)),
        };
        Some(match block.get().batch() {
            Ok(made) => {
                let more = made.num_rows() as u64;
                locked(&self.blocks, |blocks| blocks.rows += more);
                Ok(made.clone())
            }
            Err(damage) => Err(ArrowError::InvalidArgumentError(damage.to_owned())),
        })
    }
}

impl RecordBatchReader for BlockReader {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// Looks into the blocks for a moment, in which no code of Python runs.
fn locked<T>(blocks: &Mutex<Blocks>, look: impl FnOnce(&mut Blocks) -> T) -> T {
    look(&mut blocks.lock().unwrap_or_else(PoisonError::into_inner))
}
