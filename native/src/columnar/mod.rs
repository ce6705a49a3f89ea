//! Reads Arrow columns, of a Parquet file or of a program's frame, and writes their rows as records.
//!
//! A record has commas, quotes and U+001E at its end, as the rows of a query have: its line is the
//! number of its row. NULL is an empty field; a text has quotes if it needs them.

mod arrays;
mod catching;
mod cells;
mod clock;
mod column;
mod declared;
mod frame;
mod nested;
mod numbers;
mod parquet_file;
mod record_stream;
mod record_writer;
mod row_groups;
mod stored_bytes;
mod texts;

pub use frame::Frame;
pub use parquet_file::ParquetFile;
pub use record_stream::RecordStream;
pub use record_writer::column_of;
pub use texts::Texts;
