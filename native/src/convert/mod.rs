//! Turns records into rows of one encoding, in one pass over the bytes.

mod altered_records;
mod block_builder;
mod column;
mod convert_value;
pub mod encoders;
mod fast_path;
mod field_text;
mod null_texts;
mod output;
mod packed_text;
mod plan;
mod record_rule;
mod reject_reasons;
mod reject_rows;
mod row_fields;
mod rows;
mod scratch;
mod typed_block;
mod typed_column;
mod value_parser;

use std::collections::HashSet;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub use altered_records::AlteredRecords;
use encoders::{JsonEncoder, MariadbEncoder, PostgresEncoder, SqliteEncoder, TextEncoder};
pub use plan::{BlockLimits, ConversionPlan};
pub use reject_rows::RejectRows;

use crate::block::Block;
use crate::chunk::Chunk;
use crate::conversion_spec::RowEncoding;
use crate::memory_check;
use crate::values::Patterns;

/// Converts the records of a chunk from byte `position` on. `altered` says for which lines the
/// database is known to alter a value.
pub fn convert(
    plan: &ConversionPlan,
    chunk: &Chunk,
    position: usize,
    line: u64,
    limits: BlockLimits,
    altered: Option<&AlteredRecords>,
) -> Block {
    if altered.is_none()
        && let Some(block) = typed_block::convert(plan, chunk, position, line, limits)
    {
        return block;
    }
    let convert = match plan.encoding {
        // The same rows: `arrow_columns` makes columns of them.
        RowEncoding::Postgres | RowEncoding::Arrow => rows::convert::<PostgresEncoder>,
        RowEncoding::Json => rows::convert::<JsonEncoder>,
        RowEncoding::Text => rows::convert::<TextEncoder>,
        RowEncoding::Mariadb => rows::convert::<MariadbEncoder>,
        RowEncoding::Sqlite => rows::convert::<SqliteEncoder>,
    };
    convert(plan, chunk, position, line, limits, altered)
}

/// Turns records into rows of one encoding. Immutable, and safe to share between threads.
#[pyclass(frozen, module = "snapshots._native")]
pub struct Converter {
    plan: ConversionPlan,
}

#[pymethods]
impl Converter {
    #[new]
    fn new(py: Python<'_>, spec: &str) -> PyResult<Converter> {
        let plan = py.detach(|| ConversionPlan::parse(spec));
        let plan = plan.map_err(PyValueError::new_err)?;
        Ok(Converter { plan })
    }

    #[pyo3(signature = (chunk, position, line, max_bytes, max_records=None, stop_at_reject=false, altered=None))]
    #[expect(clippy::too_many_arguments, reason = "the signature is Python's")]
    fn convert(
        &self,
        py: Python<'_>,
        chunk: &Bound<'_, Chunk>,
        position: usize,
        line: u64,
        max_bytes: usize,
        max_records: Option<u64>,
        stop_at_reject: bool,
        altered: Option<&Bound<'_, AlteredRecords>>,
    ) -> PyResult<Block> {
        let chunk = chunk.get();
        if position > chunk.bytes.len() {
            return Err(PyValueError::new_err("the position is beyond the chunk"));
        }
        let records = max_records.unwrap_or(u64::MAX);
        let limits = BlockLimits {
            bytes: max_bytes,
            records,
            stop_at_reject,
        };
        memory_check::require(block_builder::capacity_for(
            max_bytes.min(chunk.bytes.len() - position),
        ))?;
        let known = altered
            .map(Bound::get)
            .filter(|altered| !altered.is_empty());
        let convert = || convert(&self.plan, chunk, position, line, limits, known);
        Ok(py.detach(convert))
    }
}

/// Compiles the patterns of a contract, and keeps them for later converters. If one is refused, gives
/// its index and the second half of a sentence about it.
#[pyfunction]
pub fn compile_patterns(py: Python<'_>, patterns: Vec<String>) -> Option<(usize, String)> {
    py.detach(|| {
        let different: HashSet<_> = patterns.iter().collect();
        let mut compiled = Patterns::of(different.len());
        let refused =
            |(index, text): (usize, &String)| Some((index, compiled.compile(text).err()?));
        patterns.iter().enumerate().find_map(refused)
    })
}
