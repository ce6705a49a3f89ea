//! Rejects as rows of the ledger. They need not become objects of Python for that, which would take
//! several times the memory.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::encoders::{
    ColumnKey, Encoder, MariadbEncoder, OwnKind, PostgresEncoder, SqliteEncoder, TextEncoder,
};
use crate::arrow_columns::Columns;
use crate::block::{Block, Counts, Reject, RejectTuple};
use crate::buffer_pool::PooledBytes;
use crate::conversion_spec::RowEncoding;

/// The bytes after which a block ends.
const BLOCK_BYTES: usize = 1 << 20;

/// The kinds of a row's values: import, byte offset, line, column, code, reason, raw.
const KINDS: [OwnKind; 7] = [
    OwnKind::Integer,
    OwnKind::Integer,
    OwnKind::Integer,
    OwnKind::Text,
    OwnKind::Text,
    OwnKind::Text,
    OwnKind::Bytes,
];

/// The rejects of a block, without its rows.
#[pyclass(frozen, module = "snapshots._native")]
pub struct RejectRows {
    rejects: Arc<[Reject]>,
    /// The bytes of the chunk.
    bytes: Arc<PooledBytes>,
    /// The offset of the chunk in the input.
    offset: u64,
}

#[pymethods]
impl RejectRows {
    #[new]
    fn new(block: &Bound<'_, Block>) -> RejectRows {
        let block = block.get();
        RejectRows {
            rejects: block.rejects.clone(),
            bytes: block.bytes.clone(),
            offset: block.offset,
        }
    }

    fn __len__(&self) -> usize {
        self.rejects.len()
    }

    /// How many there are of each code.
    fn codes(&self) -> HashMap<&'static str, u64> {
        let mut codes = HashMap::new();
        for reject in &*self.rejects {
            *codes.entry(reject.code.as_str()).or_default() += 1;
        }
        codes
    }

    fn tuples<'py>(slf: &'py Bound<'py, Self>) -> Vec<RejectTuple<'py>> {
        let (py, rows) = (slf.py(), slf.get());
        let tuple = |reject: &'py Reject| reject.tuple(py, &rows.bytes, rows.offset);
        rows.rejects.iter().map(tuple).collect()
    }

    /// The rows of about 1 MiB of rejects, from number `first` on.
    fn block(
        &self,
        py: Python<'_>,
        encoding: &str,
        import_id: i64,
        first: usize,
    ) -> PyResult<Block> {
        let none = || PyValueError::new_err("no encoding of the ledger");
        let encoding = RowEncoding::named(encoding).ok_or_else(none)?;
        let write = match encoding {
            RowEncoding::Postgres | RowEncoding::Arrow => write::<PostgresEncoder>,
            RowEncoding::Text => write::<TextEncoder>,
            RowEncoding::Mariadb => write::<MariadbEncoder>,
            RowEncoding::Sqlite => write::<SqliteEncoder>,
            RowEncoding::Json => return Err(none()),
        };
        Ok(py.detach(|| {
            let (mut rows, count) = write(self, import_id, first);
            let batch = (encoding == RowEncoding::Arrow).then(|| {
                let mut columns = Columns::new(&Arc::new(schema()));
                columns.take(&std::mem::take(&mut rows));
                columns.into_batch()
            });
            Block {
                encoding,
                rows,
                width: KINDS.len(),
                counts: Counts {
                    records: count,
                    loaded: count,
                    ..Counts::default()
                },
                places: Vec::new(),
                position: 0,
                line: 0,
                rejects: Arc::new([]),
                of_values: false,
                bytes: self.bytes.clone(),
                start: 0,
                first_line: 0,
                offset: self.offset,
                newline: b'\n',
                crlf: false,
                batch,
            }
        }))
    }
}

/// What Arrow calls the kinds of a row's values.
fn schema() -> Schema {
    let typed = |kind: &OwnKind| match kind {
        OwnKind::Integer => DataType::Int64,
        OwnKind::Text => DataType::Utf8,
        OwnKind::Bytes => DataType::Binary,
    };
    let fields = KINDS.iter().enumerate();
    let fields = fields.map(|(at, kind)| Field::new(format!("c{at}"), typed(kind), true));
    Schema::new(fields.collect::<Vec<_>>())
}

/// The rows, and their number.
fn write<E: Encoder>(from: &RejectRows, import_id: i64, first: usize) -> (Vec<u8>, u64) {
    let mut out = Vec::new();
    E::own_head(&mut out, &KINDS);
    let mut count = 0;
    for reject in &from.rejects[first.min(from.rejects.len())..] {
        let (line, offset, raw) = reject.shown(&from.bytes, from.offset);
        E::begin(&mut out, KINDS.len());
        for number in [import_id, offset as i64, line as i64] {
            E::own_integer(&mut out, number);
        }
        match &reject.column {
            Some(name) => E::text(&mut out, name.as_bytes()),
            None => E::null(&mut out, &ColumnKey::default()),
        }
        E::text(&mut out, reject.code.as_str().as_bytes());
        E::text(&mut out, reject.reason.as_bytes());
        E::bytes(&mut out, raw);
        E::end(&mut out);
        count += 1;
        if out.len() >= BLOCK_BYTES {
            break;
        }
    }
    (out, count)
}
