//! Inserts the rows of a block into SQLite.
//!
//! This code calls SQLite's C interface directly. rusqlite copies each text that it binds, which
//! makes an import 15 to 25 % slower. Here SQLite reads texts where they lie in the block.

use std::ffi::{CStr, c_int};
use std::ptr;

use rusqlite::{Connection, ffi};

use super::failure::Failure;

/// A prepared statement. It is finalized when it is dropped.
struct Statement<'c> {
    connection: &'c Connection,
    raw: *mut ffi::sqlite3_stmt,
}

/// Runs the INSERT once for each row, and gives the number of rows inserted. `pause` is called before
/// each row, and an error of it ends the work. `taken` counts the rows that did not fail.
///
/// A row may end its transaction, by a trigger with RAISE(ROLLBACK) or on a full disk. SQLite then
/// reports an error, and no row is inserted after an error. So none is inserted outside of the
/// transaction.
pub(super) fn insert(
    connection: &Connection,
    sql: &str,
    rows: &[u8],
    width: usize,
    taken: &mut u64,
    pause: impl Fn() -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let statement = Statement::prepare(connection, sql, width)?;
    let mut rows = ParameterReader { bytes: rows };
    let mut inserted = 0;
    while !rows.bytes.is_empty() {
        pause()?;
        for index in 1..=width {
            statement.bind(index as c_int, rows.value().ok_or_else(damaged)?)?;
        }
        inserted += statement.run()?;
        *taken += 1;
    }
    Ok(inserted)
}

impl<'c> Statement<'c> {
    fn prepare(connection: &'c Connection, sql: &str, width: usize) -> Result<Self, Failure> {
        // rusqlite sees to it that this is one whole statement.
        let wanted = connection.prepare(sql)?.parameter_count();
        if wanted != width {
            let message =
                format!("The statement has {wanted} parameters, a row has {width} values.");
            return Err(Failure {
                message,
                code: ffi::SQLITE_RANGE,
            });
        }
        let mut statement = Statement {
            connection,
            raw: ptr::null_mut(),
        };
        let length = c_int::try_from(sql.len()).unwrap_or(c_int::MAX);
        // SAFETY: the connection is open while it is borrowed, and `length` bytes are there.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                connection.handle(),
                sql.as_ptr().cast(),
                length,
                ffi::SQLITE_PREPARE_PERSISTENT,
                &raw mut statement.raw,
                ptr::null_mut(),
            )
        };
        statement.check(code)?;
        Ok(statement)
    }

    #[inline]
    fn bind(&self, index: c_int, value: Parameter<'_>) -> Result<(), Failure> {
        // SAFETY: the statement is alive. A text or blob outlives it: both are local to `insert`,
        // whose rows are borrowed for longer, and SQLite reads it only while it steps.
        let code = unsafe {
            match value {
                Parameter::Null => ffi::sqlite3_bind_null(self.raw, index),
                Parameter::Integer(value) => ffi::sqlite3_bind_int64(self.raw, index, value),
                Parameter::Float(value) => ffi::sqlite3_bind_double(self.raw, index, value),
                Parameter::Text(text) => ffi::sqlite3_bind_text64(
                    self.raw,
                    index,
                    text.as_ptr().cast(),
                    text.len() as u64,
                    ffi::SQLITE_STATIC(),
                    ffi::SQLITE_UTF8 as u8,
                ),
                Parameter::Blob(bytes) => ffi::sqlite3_bind_blob64(
                    self.raw,
                    index,
                    bytes.as_ptr().cast(),
                    bytes.len() as u64,
                    ffi::SQLITE_STATIC(),
                ),
            }
        };
        self.check(code)
    }

    /// Runs the statement with the bound parameters, and gives the number of rows changed.
    #[inline]
    fn run(&self) -> Result<u64, Failure> {
        // SAFETY: the statement and its connection are alive.
        unsafe {
            let mut code = ffi::sqlite3_step(self.raw);
            while code == ffi::SQLITE_ROW {
                code = ffi::sqlite3_step(self.raw);
            }
            if code != ffi::SQLITE_DONE {
                return self.check(code).map(|()| 0);
            }
            let changed = ffi::sqlite3_changes64(self.connection.handle());
            self.check(ffi::sqlite3_reset(self.raw))?;
            Ok(changed as u64)
        }
    }

    #[inline]
    fn check(&self, code: c_int) -> Result<(), Failure> {
        if code == ffi::SQLITE_OK {
            Ok(())
        } else {
            Err(self.failure(code))
        }
    }

    #[cold]
    fn failure(&self, code: c_int) -> Failure {
        // SAFETY: the message lives until the connection is used again, and is copied.
        let message = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(self.connection.handle())) };
        Failure {
            message: message.to_string_lossy().into_owned(),
            code,
        }
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        // SAFETY: nothing else uses the statement, and SQLite ignores a null pointer. The result
        // code repeats that of the last step.
        unsafe { ffi::sqlite3_finalize(self.raw) };
    }
}

enum Parameter<'a> {
    Null,
    Integer(i64),
    Float(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

/// Reads the values of encoding `sqlite`: each is a tag and its content.
struct ParameterReader<'a> {
    bytes: &'a [u8],
}

impl<'a> ParameterReader<'a> {
    /// The next value. None if the bytes are invalid.
    #[inline]
    fn value(&mut self) -> Option<Parameter<'a>> {
        Some(match self.array::<1>()? {
            [0] => Parameter::Null,
            [1] => Parameter::Integer(i64::from_le_bytes(self.array()?)),
            [2] => Parameter::Float(f64::from_le_bytes(self.array()?)),
            [3] => Parameter::Text(self.slice()?),
            [4] => Parameter::Blob(self.slice()?),
            _ => return None,
        })
    }

    /// Bytes behind their length.
    #[inline]
    fn slice(&mut self) -> Option<&'a [u8]> {
        let length = u32::from_le_bytes(self.array()?);
        let (slice, rest) = self.bytes.split_at_checked(length as usize)?;
        self.bytes = rest;
        Some(slice)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*head)
    }
}

#[cold]
fn damaged() -> Failure {
    Failure {
        message: "The block is damaged.".into(),
        code: ffi::SQLITE_MISUSE,
    }
}
