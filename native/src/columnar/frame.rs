//! The rows of a program's frame, which it gives through Arrow's C stream interface.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatchReader;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_schema::Schema;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::declared::declared;
use super::record_stream::{Batches, RecordStream};

/// One reading of a frame.
#[pyclass(frozen, module = "snapshots._native")]
pub struct Frame {
    schema: Arc<Schema>,
    /// None once it is read.
    batches: Mutex<Option<RecordBatchStreamReader>>,
}

#[pymethods]
impl Frame {
    /// Takes the stream over that `__arrow_c_stream__` has given.
    #[new]
    fn new(capsule: &Bound<'_, PyCapsule>) -> PyResult<Frame> {
        let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
        // SAFETY: a capsule of this name holds such a stream. It is moved out: what stays behind is a
        // released stream, which the capsule's destructor leaves alone.
        let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr().cast()) };
        let reader = RecordBatchStreamReader::try_new(stream)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Frame {
            schema: reader.schema(),
            batches: Mutex::new(Some(reader)),
        })
    }

    /// The columns as JSON. Raises ValueError with a sentence if one cannot be loaded.
    fn columns(&self) -> PyResult<String> {
        let columns = declared(&self.schema).map_err(PyValueError::new_err)?;
        serde_json::to_string(&columns).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The rows as records, once.
    fn records(&self) -> PyResult<RecordStream> {
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(reader) = batches.take() else {
            return Err(PyValueError::new_err("The frame was read before"));
        };
        let open = move || {
            let rows = reader.map(|batch| {
                let batch = batch.map_err(|error| error.to_string())?;
                Ok((batch, 0_u64))
            });
            Ok(Box::new(rows) as Batches)
        };
        Ok(RecordStream::begin(Arc::clone(&self.schema), open)?)
    }
}
