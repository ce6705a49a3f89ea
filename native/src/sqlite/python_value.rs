//! Converts values between Python and SQLite.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyInt, PyString};
use rusqlite::types::{Value, ValueRef};

/// Converts the parameters of one statement.
pub(super) fn row_from_python(row: &Bound<'_, PyAny>) -> PyResult<Vec<Value>> {
    row.try_iter()?.map(|value| from_python(&value?)).collect()
}

fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    Ok(if value.is_none() {
        Value::Null
    } else if value.is_instance_of::<PyInt>() {
        Value::Integer(value.extract()?)
    } else if value.is_instance_of::<PyFloat>() {
        Value::Real(value.extract()?)
    } else if value.is_instance_of::<PyString>() {
        Value::Text(value.extract()?)
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        Value::Blob(bytes.as_bytes().to_vec())
    } else {
        let kind = value.get_type();
        return Err(PyTypeError::new_err(format!(
            "SQLite has no value for a {kind}"
        )));
    })
}

/// Copies the value of a column. A text that is not UTF-8 becomes a blob.
pub(super) fn from_sqlite(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Blob(text.to_vec()),
        },
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

pub(super) fn to_python(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    match value {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Integer(value) => value.into_bound_py_any(py),
        Value::Real(value) => value.into_bound_py_any(py),
        Value::Text(text) => text.into_bound_py_any(py),
        Value::Blob(bytes) => Ok(PyBytes::new(py, &bytes).into_any()),
    }
}
