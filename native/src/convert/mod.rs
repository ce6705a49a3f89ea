//! Records in, rows of one encoding out: one pass over the bytes.

mod altered;
mod column;
pub(crate) mod encoder;
mod json;
mod label;
mod mariadb;
mod packed;
mod postgres;
mod read;
mod reasons;
mod rows;
mod rule;
mod short;
mod sink;
pub(crate) mod sqlite;
mod text;

use std::collections::HashSet;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub use altered::Altered;
use column::Column;
use rule::Rule;

use crate::block::Block;
use crate::chunk::Chunk;
use crate::dialect::Dialect;
use crate::memory;
use crate::spec::{ConversionSpec, Encoding};
use crate::values::Patterns;

/// Bytes that a value takes at most, beyond those of its text and label; and what is around a
/// row.
const ROOM: usize = 48;

/// How records become rows.
pub struct Plan {
    dialect: Dialect,
    encoding: Encoding,
    /// Fields that every record must have.
    fields: usize,
    columns: Vec<Column>,
    rules: Vec<Rule>,
    /// Bytes that a row takes at most, beyond the texts of its fields...
    room: usize,
    /// ...of which each is in at most so many columns.
    most_uses: usize,
    /// The import, where rows tell where they come from.
    import_id: Option<i64>,
}

/// When to stop before the chunk ends.
#[derive(Clone, Copy)]
pub struct Limits {
    pub bytes: usize,
    pub records: u64,
    pub stop_at_reject: bool,
}

/// What is known of records before they are converted: nothing, as a rule.
pub type Known<'a> = Option<&'a Altered>;

impl Plan {
    /// Reads the JSON of a conversion spec; the error is a sentence.
    pub fn parse(json: &str) -> Result<Plan, String> {
        let spec: ConversionSpec =
            serde_json::from_str(json).map_err(|error| format!("the spec is wrong: {error}"))?;
        if spec.columns.is_empty() {
            return Err("there are no columns".into());
        }
        if spec.encoding == Encoding::Json && spec.lineage.is_some() {
            return Err("JSON objects hold the columns only: they have no lineage".into());
        }
        let texts = spec.columns.iter().filter_map(|one| one.pattern.as_ref());
        let mut patterns = Patterns::of(texts.collect::<HashSet<_>>().len());
        let columns = spec.columns.into_iter().map(|column| {
            if column.field >= spec.fields {
                let (name, field) = (&column.name, column.field);
                return Err(format!("column {name:?}: records have no field {field}"));
            }
            Column::compile(column, spec.encoding, spec.omit_nulls, &mut patterns)
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let rules = spec.rules.into_iter();
        let rules = rules.map(|rule| Rule::compile(rule, &columns));
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        let labels: usize = columns.iter().map(|column| column.label.room()).sum();
        let mut fields: Vec<usize> = columns.iter().map(|column| column.field).collect();
        fields.sort_unstable();
        let uses = fields.chunk_by(|one, other| one == other).map(<[_]>::len);
        Ok(Plan {
            dialect: Dialect::new(&spec.dialect)?,
            encoding: spec.encoding,
            fields: spec.fields,
            room: ROOM * (columns.len() + 3) + labels,
            most_uses: uses.max().unwrap_or(0),
            columns,
            rules,
            import_id: spec.lineage.map(|lineage| lineage.import_id),
        })
    }

    /// Values in a row.
    fn width(&self) -> usize {
        self.columns.len() + if self.import_id.is_some() { 2 } else { 0 }
    }

    /// Converts what stands in the chunk from `position` on; `known`: of some of its records.
    pub fn convert(
        &self,
        chunk: &Chunk,
        position: usize,
        line: u64,
        limits: Limits,
        known: Known<'_>,
    ) -> Block {
        let convert = match self.encoding {
            Encoding::Postgres => rows::convert::<postgres::Postgres>,
            Encoding::Json => rows::convert::<json::Json>,
            Encoding::Text => rows::convert::<text::Text>,
            Encoding::Mariadb => rows::convert::<mariadb::Mariadb>,
            Encoding::Sqlite => rows::convert::<sqlite::Sqlite>,
        };
        convert(self, chunk, position, line, limits, known)
    }
}

/// Records in, rows of one encoding out. Immutable; may be shared by threads.
#[pyclass(frozen, module = "snapshots._native")]
pub struct Converter {
    plan: Plan,
}

#[pymethods]
impl Converter {
    #[new]
    fn new(py: Python<'_>, spec: &str) -> PyResult<Converter> {
        let plan = py.detach(|| Plan::parse(spec));
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
        altered: Option<&Bound<'_, Altered>>,
    ) -> PyResult<Block> {
        let chunk = chunk.get();
        if position > chunk.bytes.len() {
            return Err(PyValueError::new_err("the position is beyond the chunk"));
        }
        let records = max_records.unwrap_or(u64::MAX);
        let limits = Limits {
            bytes: max_bytes,
            records,
            stop_at_reject,
        };
        memory::require(rows::room(max_bytes.min(chunk.bytes.len() - position)))?;
        let known = altered
            .map(Bound::get)
            .filter(|altered| !altered.is_empty());
        let convert = || self.plan.convert(chunk, position, line, limits, known);
        Ok(py.detach(convert))
    }
}

/// Compiles the patterns of a contract, for the converters to come; of the first that cannot be
/// had, its index and what there is to say of it.
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
