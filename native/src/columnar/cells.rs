//! The values of a column as text, row by row.

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
}

/// Boxes the function that writes values of a shape.
pub fn written<F>(shape: Shape, write: F) -> Box<dyn Cells>
where
    F: Fn(usize, &mut Vec<u8>) + Send + 'static,
{
    Box::new(Written { shape, write })
}
