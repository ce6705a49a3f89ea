//! Compares the rows of a table with the rows that a converter makes of the input.
//!
//! Both come in the order of their lines. Rows that only the table has count as *more*, and rows that
//! only the input has as *missing*. If both have a line, their values decide.

mod column;
mod comparer;
mod comparison_result;
mod copy;
mod decimal_text;
mod expected;
mod found_rows;
mod json;
mod packets;
mod render;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod stream;

pub use stream::StreamedRows;
