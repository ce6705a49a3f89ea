//! The kernel: all code that touches every byte of an input.
//!
//! It opens no input and no network connection, and knows no database but the SQLite that is built
//! in. Python makes every decision and calls the classes below, whose interface is
//! `src/snapshots/_native.pyi`. The layers of the modules are listed in
//! `tests/repository/test_native_layers.py`.

mod block;
mod buffer_pool;
mod cell_appearance;
mod chunk;
mod conversion_spec;
mod convert;
mod delivery;
mod dialect;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod grammar;
mod hash;
mod memory_check;
mod python_bytes;
mod records;
mod reject_code;
mod scan;
mod split;
#[cfg(feature = "sqlite")]
mod sqlite;
mod values;
mod verify;

use pyo3::prelude::*;

#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::block::Block;
    #[pymodule_export]
    use crate::chunk::Chunk;
    #[pymodule_export]
    use crate::convert::{AlteredRecords, Converter, compile_patterns};
    #[pymodule_export]
    use crate::delivery::answer::plain_success;
    #[pymodule_export]
    use crate::delivery::connection_poller::ConnectionPoller;
    #[pymodule_export]
    use crate::delivery::credit::Credit;
    #[pymodule_export]
    use crate::delivery::outbox::Outbox;
    #[pymodule_export]
    use crate::delivery::request::request_end;
    #[pymodule_export]
    use crate::delivery::request_stream::{CurrentOutbox, RequestStream};
    #[pymodule_export]
    use crate::hash::Hasher;
    #[pymodule_export]
    use crate::records::Records;
    #[pymodule_export]
    use crate::scan::Scanner;
    #[pymodule_export]
    use crate::split::Splitter;
    #[cfg(feature = "sqlite")]
    #[pymodule_export]
    use crate::sqlite::{SqliteConnection, SqliteError, SqliteQuery};
    #[pymodule_export]
    use crate::verify::StreamedRows;
    #[cfg(feature = "sqlite")]
    #[pymodule_export]
    use crate::verify::sqlite::SqliteRows;

    use pyo3::panic::PanicException;
    use pyo3::prelude::*;

    /// Makes the exception public that a panic of the kernel raises in Python.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("PanicException", module.py().get_type::<PanicException>())
    }
}
