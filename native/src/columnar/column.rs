//! One column of a batch: which values are NULL, and how the others are written.

use arrow_array::Array;
use arrow_buffer::NullBuffer;

use super::cells::{Cells, Shape};

const QUOTE: u8 = b'"';

/// What ends a record.
pub const END: u8 = 0x1E;

/// Makes the column of an array. Gives what its type is called if it cannot be written.
pub type MakeColumn = fn(&dyn Array) -> Result<Column, String>;

/// The values of one column in a batch, and which of them are NULL.
pub struct Column {
    nulls: Option<NullBuffer>,
    shape: Shape,
    cells: Box<dyn Cells>,
}

impl Column {
    pub fn new(array: &dyn Array, cells: Box<dyn Cells>) -> Column {
        Column {
            nulls: array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
            shape: cells.shape(),
            cells,
        }
    }

    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Appends the text of a value that is not NULL.
    pub fn write(&self, row: usize, out: &mut Vec<u8>) {
        self.cells.write(row, out);
    }

    /// Appends the value as a field of a record. Gives false if it has U+001E.
    #[inline]
    pub fn field(&self, row: usize, out: &mut Vec<u8>) -> bool {
        if self.is_null(row) {
            return true;
        }
        if matches!(self.shape, Shape::Bare | Shape::Plain) {
            self.cells.write(row, out);
            return true;
        }
        out.push(QUOTE);
        let start = out.len();
        self.cells.write(row, out);
        let whole = memchr::memchr2(QUOTE, END, &out[start..]).is_none() || escape(out, start);
        out.push(QUOTE);
        whole
    }

    /// Appends the value as JSON.
    pub fn json(&self, row: usize, out: &mut Vec<u8>) {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return;
        }
        let start = out.len();
        match self.shape {
            Shape::Json => self.cells.write(row, out),
            Shape::Bare => {
                self.cells.write(row, out);
                // JSON has no number for what is not finite.
                if out[start..].iter().any(|byte| matches!(byte, b'N' | b'i')) {
                    out.insert(start, QUOTE);
                    out.push(QUOTE);
                }
            }
            Shape::Plain | Shape::Text => self.json_text(row, out),
        }
    }

    /// Appends the value as a text of JSON, as names of members are.
    pub fn json_text(&self, row: usize, out: &mut Vec<u8>) {
        let mut text = Vec::new();
        self.cells.write(row, &mut text);
        let text = String::from_utf8_lossy(&text);
        serde_json::to_writer(out, &text).unwrap_or_default();
    }
}

/// Doubles the quotes from a place on. Gives false if it finds U+001E.
#[cold]
fn escape(out: &mut Vec<u8>, start: usize) -> bool {
    let text = out.split_off(start);
    for &byte in &text {
        if byte == QUOTE {
            out.push(QUOTE);
        }
        out.push(byte);
    }
    !text.contains(&END)
}
