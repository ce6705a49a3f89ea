//! Gives the rows of blocks as Arrow's columns, to databases that take those at once.

mod columns;
mod stream;

pub use columns::Columns;
pub use stream::ArrowRows;
