//! The kernel: all code that touches every byte of an input.
//!
//! It opens no input, and knows no database but the SQLite that is built in. Only `delivery` uses the
//! network. Python makes every decision and calls the classes below, whose interface is
//! `src/snapshots/_native.pyi`. The layers of the modules are listed in
//! `tests/repository/test_native_layers.py`.

mod arrow_columns;
mod arrow_layout;
mod arrow_rows;
mod block;
mod buffer_pool;
mod cell_appearance;
mod chunk;
mod columnar;
mod conversion_spec;
mod convert;
mod delivery;
mod dialect;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod grammar;
mod hash;
mod json_members;
mod memory_check;
mod python_bytes;
mod records;
mod reject_code;
mod row_keys;
mod scan;
mod split;
#[cfg(feature = "sqlite")]
mod sqlite;
mod survey;
mod system;
mod typed_rows;
mod values;
mod verify;
mod workbook;

use pyo3::prelude::*;

#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::arrow_rows::ArrowRows;
    #[pymodule_export]
    use crate::block::Block;
    #[pymodule_export]
    use crate::chunk::Chunk;
    #[pymodule_export]
    use crate::columnar::{Frame, ParquetFile, RecordStream};
    #[pymodule_export]
    use crate::convert::{AlteredRecords, Converter, RejectRows, compile_patterns};
    #[pymodule_export]
    use crate::delivery::client::{Heard, HttpClient};
    #[pymodule_export]
    use crate::delivery::outbox::Outbox;
    #[pymodule_export]
    use crate::delivery::request_plan::RequestPlan;
    #[pymodule_export]
    use crate::hash::{Hasher, PartHasher};
    #[pymodule_export]
    use crate::records::Records;
    #[pymodule_export]
    use crate::row_keys::RowKeys;
    #[pymodule_export]
    use crate::scan::Scanner;
    #[pymodule_export]
    use crate::scan::of_objects::ObjectScanner;
    #[pymodule_export]
    use crate::split::Splitter;
    #[cfg(feature = "sqlite")]
    #[pymodule_export]
    use crate::sqlite::{SqliteConnection, SqliteError, SqliteQuery};
    #[pymodule_export]
    use crate::survey::Survey;
    #[pymodule_export]
    use crate::typed_rows::TypedRows;
    #[pymodule_export]
    use crate::verify::StreamedRows;
    #[cfg(feature = "sqlite")]
    #[pymodule_export]
    use crate::verify::sqlite::SqliteRows;

    #[pymodule_export]
    use crate::workbook::Workbook;

    use pyo3::panic::PanicException;
    use pyo3::prelude::*;

    /// Makes the exception public that a panic of the kernel raises in Python.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("PanicException", module.py().get_type::<PanicException>())
    }
}
