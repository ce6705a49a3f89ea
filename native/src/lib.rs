//! The kernel: what touches every byte. It knows no database server and opens neither inputs nor
//! connections; what decides is Python.

mod block;
mod buffer;
mod chunk;
mod codes;
mod convert;
mod delivery;
mod dialect;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod grammar;
mod hash;
mod look;
mod memory;
mod pool;
mod records;
mod scan;
mod spec;
mod split;
#[cfg(feature = "sqlite")]
mod sqlite;
mod value;
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
    use crate::convert::{Altered, Converter, compile_patterns};
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
    use crate::sqlite::{SqliteConnection, SqliteError, sqlite_version};
    #[pymodule_export]
    use crate::verify::StreamedRows;
    #[cfg(feature = "sqlite")]
    #[pymodule_export]
    use crate::verify::sqlite::SqliteRows;

    use pyo3::panic::PanicException;
    use pyo3::prelude::*;

    /// What a defect of the kernel becomes in Python.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("PanicException", module.py().get_type::<PanicException>())
    }
}
