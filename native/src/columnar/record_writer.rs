//! Writes the rows of batches as records.

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use super::arrays::{column, uuid_column};
use super::column::{Column, END};
use super::declared::is_extension;

/// The bytes of a piece, about.
pub const PIECE: usize = 1024 * 1024;

/// Writes rows. Several threads may use it at once.
pub struct RecordWriter {
    uuids: Vec<bool>,
}

impl RecordWriter {
    pub fn new(schema: &Schema) -> RecordWriter {
        let fields = schema.fields().iter();
        RecordWriter {
            uuids: fields
                .map(|field| is_extension(field, "arrow.uuid"))
                .collect(),
        }
    }

    /// Writes the rows of a batch, the first of which has the number `first`. `take` gets pieces that
    /// are not empty, and gives false if no more are wanted. Gives a sentence if a row cannot be
    /// written.
    pub fn write(
        &self,
        batch: &RecordBatch,
        first: u64,
        take: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<(), String> {
        let columns = batch
            .columns()
            .iter()
            .zip(&self.uuids)
            .map(|(array, uuid)| {
                if *uuid {
                    uuid_column(array)
                } else {
                    column(array)
                }
            })
            .collect::<Result<Vec<Column>, String>>()?;
        // A NULL alone in a record would be a blank line: an empty field follows it.
        let single = columns.len() == 1;
        let mut out = Vec::with_capacity(PIECE + PIECE / 8);
        for row in 0..batch.num_rows() {
            let mut whole = true;
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                whole &= column.field(row, &mut out);
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
        if !out.is_empty() {
            take(out);
        }
        Ok(())
    }
}
