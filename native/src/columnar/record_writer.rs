//! Writes the rows of batches as records.

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use super::arrays::{column, uuid_column};
use super::column::{Column, END};
use super::declared::is_extension;

/// The bytes of a piece, about.
const PIECE: usize = 1024 * 1024;

/// Writes rows, and counts them from 1.
pub struct RecordWriter {
    uuids: Vec<bool>,
    rows: u64,
    out: Vec<u8>,
}

impl RecordWriter {
    pub fn new(schema: &Schema) -> RecordWriter {
        let fields = schema.fields().iter();
        RecordWriter {
            uuids: fields
                .map(|field| is_extension(field, "arrow.uuid"))
                .collect(),
            rows: 0,
            out: Vec::with_capacity(PIECE + PIECE / 8),
        }
    }

    /// Writes the rows of a batch. `take` gets pieces, and gives false if no more are wanted. Gives a
    /// sentence if a row cannot be written.
    pub fn batch(
        &mut self,
        batch: &RecordBatch,
        take: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<bool, String> {
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
        for row in 0..batch.num_rows() {
            self.rows += 1;
            let mut whole = true;
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    self.out.push(b',');
                }
                whole &= column.field(row, &mut self.out);
            }
            if single {
                self.out.push(b',');
            }
            if !whole {
                return Err(format!(
                    "Row {} has the character U+001E, which ends records",
                    self.rows
                ));
            }
            self.out.push(END);
            if self.out.len() >= PIECE {
                let next = Vec::with_capacity(PIECE + PIECE / 8);
                if !take(std::mem::replace(&mut self.out, next)) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Gives what is left.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }
}
