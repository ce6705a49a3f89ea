//! Bytes that Python passes to the kernel.

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Bytes that do not change while other Python threads run.
pub enum PythonBytes<'py> {
    /// A `bytes` object, which is immutable.
    Shared(Bound<'py, PyBytes>),
    /// A copy of a buffer that other threads may write to.
    Copied(Vec<u8>),
}

impl PythonBytes<'_> {
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            PythonBytes::Shared(bytes) => bytes.as_bytes(),
            PythonBytes::Copied(bytes) => bytes,
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for PythonBytes<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(PythonBytes::Shared(bytes.to_owned()));
        }
        let buffer = PyBuffer::<u8>::get(&object)?;
        Ok(PythonBytes::Copied(buffer.to_vec(object.py())?))
    }
}
