//! Writes the rows of batches as records.

use arrow_array::{Array, RecordBatch};
use arrow_schema::{Field, Schema};

use super::arrays::{column, uuid_column};
use super::column::{Column, END};
use super::declared::is_extension;
use super::texts::Texts;

/// The bytes of a piece, about.
pub const PIECE: usize = 1024 * 1024;
/// Rows whose short values are written column by column, before they become records. Such a part
/// stays in the cache of the processor.
const ROWS: usize = 256;

/// The column of an array that has this field of a schema. Gives what its type is called if it cannot
/// be written.
pub fn column_of(field: &Field, array: &dyn Array) -> Result<Column, String> {
    if is_extension(field, "arrow.uuid") {
        uuid_column(array)
    } else {
        column(array)
    }
}

/// Writes the rows of a batch, the first of which has the number `first`. `take` gets pieces that are
/// not empty, and gives false if no more are wanted. Gives a sentence if a row cannot be written.
pub fn write_records(
    schema: &Schema,
    batch: &RecordBatch,
    first: u64,
    take: &mut dyn FnMut(Vec<u8>) -> bool,
) -> Result<(), String> {
    let fields = schema.fields().iter().zip(batch.columns());
    let columns = fields.map(|(field, array)| Ok((column_of(field, array)?, Texts::default())));
    let mut columns = columns.collect::<Result<Vec<_>, String>>()?;
    // A NULL alone in a record would be a blank line: an empty field follows it.
    let single = columns.len() == 1;
    let mut out = Vec::with_capacity(PIECE + PIECE / 8);
    for start in (0..batch.num_rows()).step_by(ROWS) {
        let end = batch.num_rows().min(start + ROWS);
        for (column, texts) in columns.iter_mut().filter(|(column, _)| column.is_plain()) {
            texts.clear();
            column.texts(start..end, texts);
            texts.finish();
        }
        for row in start..end {
            let mut whole = true;
            for (index, (column, texts)) in columns.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                if column.is_plain() {
                    texts.copy(row - start, &mut out);
                } else {
                    whole &= column.field(row, &mut out);
                }
            }
            if single {
                out.push(b',');
            }
            if !whole {
                let number = first + row as u64;
                return Err(format!(
                    "Row {number} has the character U+001E, which ends records"
                ));
            }
            out.push(END);
            if out.len() >= PIECE {
                let next = Vec::with_capacity(PIECE + PIECE / 8);
                if !take(std::mem::replace(&mut out, next)) {
                    return Ok(());
                }
            }
        }
    }
    if !out.is_empty() {
        take(out);
    }
    Ok(())
}
