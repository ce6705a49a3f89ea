//! The rows of a program's frame, which it gives through Arrow's C stream interface.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::Schema;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::declared::declared;
use super::record_stream::{Batches, RecordStream, usual_threads};
use crate::typed_rows::TypedRows;

/// Rows that one thread writes at a time.
const ROWS: usize = 8 * 1024;

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

    /// The rows as records, once. `typed` gets their values.
    #[pyo3(signature = (typed=None))]
    fn records(&self, typed: Option<&Bound<'_, TypedRows>>) -> PyResult<RecordStream> {
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(reader) = batches.take() else {
            return Err(PyValueError::new_err("The frame was read before"));
        };
        let open = move || {
            let rows = reader.flat_map(|batch| match batch {
                Ok(batch) => parts(batch),
                Err(error) => Box::new(std::iter::once(Err(error.to_string()))),
            });
            Ok(Box::new(rows) as Batches)
        };
        let schema = Arc::clone(&self.schema);
        let typed = typed.map(|typed| typed.get().clone());
        Ok(RecordStream::begin(
            schema,
            1,
            usual_threads(),
            typed,
            open,
        )?)
    }
}

/// The rows of a batch in parts, which are written side by side. A frame may have one batch for all.
fn parts(batch: RecordBatch) -> Batches {
    let starts = (0..batch.num_rows()).step_by(ROWS);
    Box::new(starts.map(move |start| {
        let rows = ROWS.min(batch.num_rows() - start);
        Ok((batch.slice(start, rows), 0_u64))
    }))
}
