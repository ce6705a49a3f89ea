//! Gives the rows of blocks as Arrow's columns, to databases that take those at once.

mod stream;

pub use stream::ArrowRows;
