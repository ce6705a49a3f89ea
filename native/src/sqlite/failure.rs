//! The errors of SQLite, and what Python sees of them.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use rusqlite::ffi;

pyo3::create_exception!(
    _native,
    SqliteError,
    PyException,
    "args: message, primary result code, extended result code."
);

/// An error of SQLite.
#[derive(Debug)]
pub struct Failure {
    pub message: String,
    /// The extended result code; its low byte is the primary one.
    pub code: i32,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        let code = error
            .sqlite_error()
            .map_or(ffi::SQLITE_ERROR, |error| error.extended_code);
        let message = match error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message,
            rusqlite::Error::SqlInputError { msg, .. } => msg,
            error => error.to_string(),
        };
        Failure { message, code }
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> PyErr {
        SqliteError::new_err((failure.message, failure.code & 0xFF, failure.code))
    }
}
