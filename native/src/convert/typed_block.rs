//! Converts records whose values are known beside their text, without reading the text.
//!
//! All rows of a block are made so, or none: what the text path would reject is left to it.

use std::sync::Arc;

use memchr::memchr;

use super::encoders::{Encoder, PostgresEncoder, Width};
use super::output::append;
use super::plan::{BlockLimits, ConversionPlan};
use super::typed_column::TypedColumn;
use crate::block::{Block, Counts};
use crate::chunk::Chunk;
use crate::grammar::{check_text, count_lines};
use crate::typed_rows::{NumberedRows, rows_within};
use crate::values::Field;

/// The block that `rows::convert` would make of the records from `position` on, if their values are
/// known and none would be rejected.
pub fn convert(
    plan: &ConversionPlan,
    chunk: &Chunk,
    position: usize,
    line: u64,
    limits: BlockLimits,
) -> Option<Block> {
    let rows = chunk.rows.as_ref().filter(|_| plan.takes_values)?;
    let data = &**chunk.bytes;
    // The last record is the first one that ends at the limit or behind it.
    let stop = position.saturating_add(limits.bytes.max(1)).min(data.len());
    let newline = plan.dialect.newline;
    let end = stop + memchr(newline, data.get(stop.checked_sub(1)?..)?)?;
    let text = data.get(position..end)?;
    let records = count_lines(newline, text);
    if records == 0 || records > limits.records || check_text(text).is_err() {
        return None;
    }
    let parts = rows_within(rows, line, line + records)?;
    let columns = parts.iter().map(|part| columns(plan, part));
    let columns = columns.collect::<Option<Vec<_>>>()?;
    let mut out = Vec::with_capacity(text.len());
    for (part, columns) in parts.iter().zip(&columns) {
        write(plan, part, columns, &mut out);
    }
    Some(Block {
        encoding: plan.encoding,
        rows: out,
        width: plan.width(),
        batch: None,
        places: Vec::new(),
        counts: Counts {
            records,
            loaded: records,
            ..Counts::default()
        },
        position: end,
        line: line + records,
        rejects: Arc::new([]),
        of_values: true,
        bytes: Arc::clone(&chunk.bytes),
        start: position,
        first_line: line,
        offset: chunk.start,
        newline,
        crlf: plan.dialect.crlf,
    })
}

fn columns(plan: &ConversionPlan, rows: &NumberedRows) -> Option<Vec<TypedColumn>> {
    let columns = plan.columns.iter().map(|column| {
        let array = rows.columns.get(column.field)?;
        TypedColumn::new(column, rows.schema.field(column.field), array)
    });
    columns.collect()
}

fn write(plan: &ConversionPlan, rows: &NumberedRows, columns: &[TypedColumn], out: &mut Vec<u8>) {
    let longest: usize = columns.iter().map(TypedColumn::longest).sum();
    let no_text = Field::new(b"", 0, false);
    for row in 0..rows.count {
        append(out, plan.row_capacity + longest, |out| {
            PostgresEncoder::begin(out, plan.width());
            for (column, typed) in plan.columns.iter().zip(columns) {
                typed.write(row, &column.key, out);
            }
            if let Some(import_id) = plan.import_id {
                let line = rows.first as i64 + row as i64;
                PostgresEncoder::integer(out, import_id, Width::Eight, no_text);
                PostgresEncoder::integer(out, line, Width::Eight, no_text);
            }
        });
    }
}
