//! The values of a column as text.

use std::ops::Range;

use arrow_buffer::NullBuffer;

use super::texts::Texts;

/// What the text of a value may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A number or a boolean: JSON takes it as it is.
    Bare,
    /// Characters that need no escape.
    Plain,
    /// Any characters.
    Text,
    /// JSON.
    Json,
}

/// The values of one column.
pub trait Cells: Send {
    fn shape(&self) -> Shape;

    /// Appends the text of a value that is not NULL.
    fn write(&self, row: usize, out: &mut Vec<u8>);

    /// Adds the texts of some rows, those of NULLs empty. One call does it for all of them, so that the
    /// function which writes a value is part of the loop.
    fn write_rows(&self, rows: Range<usize>, nulls: Option<&NullBuffer>, texts: &mut Texts);
}

/// Values that a function writes.
pub struct Written<F> {
    pub shape: Shape,
    pub write: F,
}

impl<F: Fn(usize, &mut Vec<u8>) + Send> Cells for Written<F> {
    fn shape(&self) -> Shape {
        self.shape
    }

    #[inline]
    fn write(&self, row: usize, out: &mut Vec<u8>) {
        (self.write)(row, out);
    }

    fn write_rows(&self, rows: Range<usize>, nulls: Option<&NullBuffer>, texts: &mut Texts) {
        for row in rows {
            if nulls.is_none_or(|nulls| nulls.is_valid(row)) {
                (self.write)(row, texts.bytes());
            }
            texts.end();
        }
    }
}

/// Boxes the function that writes values of a shape.
pub fn written<F>(shape: Shape, write: F) -> Box<dyn Cells>
where
    F: Fn(usize, &mut Vec<u8>) + Send + 'static,
{
    Box::new(Written { shape, write })
}
