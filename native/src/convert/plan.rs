//! How the records of one import become rows: the columns, and what every record must have.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::Schema;

use super::column::Column;
use super::null_texts::NullTexts;
use super::record_rule::RecordRule;
use crate::arrow_layout::layout;
use crate::conversion_spec::{ConversionSpec, RowEncoding};
use crate::dialect::Dialect;
use crate::grammar::load_dialect;
use crate::values::Patterns;

/// The most bytes of a value in a row, beyond those of its text and its key.
const VALUE_CAPACITY: usize = 48;

/// How the records of an input become rows.
pub struct ConversionPlan {
    pub dialect: Dialect,
    pub encoding: RowEncoding,
    /// The types of the values in a row. Only with encoding `arrow`.
    pub schema: Option<Arc<Schema>>,
    /// The number of fields that every record must have.
    pub fields: usize,
    pub columns: Vec<Column>,
    pub rules: Vec<RecordRule>,
    /// The most bytes of a row beyond the texts of its fields.
    pub row_capacity: usize,
    /// The most columns that one field is in.
    pub most_uses: usize,
    /// The import that rows name as their origin, if they do.
    pub import_id: Option<i64>,
    /// Whether rows can be made of values without the text of their records.
    pub takes_values: bool,
}

/// When a block ends before its chunk does.
#[derive(Clone, Copy)]
pub struct BlockLimits {
    pub bytes: usize,
    pub records: u64,
    pub stop_at_reject: bool,
}

impl ConversionPlan {
    /// Compiles the JSON of a conversion spec. The error is a sentence.
    pub fn parse(json: &str) -> Result<ConversionPlan, String> {
        let spec: ConversionSpec =
            serde_json::from_str(json).map_err(|error| format!("the spec is wrong: {error}"))?;
        if spec.columns.is_empty() {
            return Err("there are no columns".into());
        }
        if spec.encoding == RowEncoding::Json && spec.lineage.is_some() {
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
        let dialect = load_dialect(&spec.dialect)?;
        if dialect.objects.is_some()
            && let Some(column) = columns.iter().find(|column| !column.number.plain)
        {
            return Err(format!(
                "column {:?}: JSON writes numbers in one way, so that decimalChar, groupChar and \
                 bareNumber have no meaning",
                column.name
            ));
        }
        let schema = if spec.encoding == RowEncoding::Arrow {
            let named = columns.iter().map(|one| (&*one.name, &one.column_type));
            Some(Arc::new(layout(named, spec.lineage.is_some())?))
        } else {
            None
        };
        let rules = spec.rules.into_iter();
        let rules = rules.map(|rule| RecordRule::compile(rule, &columns));
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        let keys: usize = columns.iter().map(|column| column.key.capacity()).sum();
        let mut fields: Vec<usize> = columns.iter().map(|column| column.field).collect();
        fields.sort_unstable();
        let uses = fields.chunk_by(|one, other| one == other).map(<[_]>::len);
        let empty = |column: &Column| matches!(column.null_texts, NullTexts::Empty);
        let takes_values =
            spec.encoding == RowEncoding::Postgres && rules.is_empty() && columns.iter().all(empty);
        Ok(ConversionPlan {
            takes_values,
            dialect,
            encoding: spec.encoding,
            schema,
            fields: spec.fields,
            row_capacity: VALUE_CAPACITY * (columns.len() + 3) + keys,
            most_uses: uses.max().unwrap_or(0),
            columns,
            rules,
            import_id: spec.lineage.map(|lineage| lineage.import_id),
        })
    }

    /// The number of values in a row.
    pub fn width(&self) -> usize {
        self.columns.len() + if self.import_id.is_some() { 2 } else { 0 }
    }
}
