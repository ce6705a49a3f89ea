//! The rows that a database gives, whichever way their bytes come.

/// Where a value lies within the bytes of its row. None stands for NULL.
pub type Span = Option<(usize, usize)>;

/// What `FoundRows::advance` comes to.
pub enum Step {
    /// A row of this line. Its values are available until the next step.
    Row(i64),
    /// More bytes are needed.
    Starved,
    End,
}

/// Rows that a database gives, in the order of their lines.
pub trait FoundRows {
    /// Goes on to the next row. The error is a sentence.
    fn advance(&mut self) -> Result<Step, String>;
    /// Gives the value of a column of the row. None stands for NULL.
    fn value(&self, column: usize) -> Option<&[u8]>;
}
