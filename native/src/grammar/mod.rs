//! The one definition of what a record is. The splitter, the converter, the scanner and
//! `Records` all use it.
//!
//! `extent_finder` is the definition: where the record that starts at some byte ends, and what it
//! is. `line_index` finds the same much faster for well-formed records on one line, and leaves all
//! others alone. `record_reader` walks the records of whole chunks with both.

mod array_element;
mod extent;
mod extent_finder;
mod field_sink;
mod json_text;
mod letters;
mod line_cutter;
mod line_index;
mod load_dialect;
mod object_parser;
mod object_walk;
mod plain_rows;
mod prologue;
mod record;
mod record_reader;
mod record_view;
mod record_walk;
mod repeated_header;
mod reshape;
mod step_mask;
mod structural_index;
mod text_check;
mod unescape;

pub use array_element::opening;
pub use extent::Extent;
pub use extent_finder::ExtentFinder;
pub use field_sink::NoFields;
pub use line_index::{LineIndex, PlainRow};
pub use load_dialect::{load_dialect, parse_dialect};
pub use object_walk::ObjectWalk;
pub use plain_rows::{PlainColumn, PlainRows};
pub use prologue::{Prologue, bom};
pub use record::{Record, RecordKind, Span};
pub use record_reader::{PADDING, RecordReader, too_long_kind};
pub use record_view::without_padding;
pub use text_check::{check_text, count_lines};
pub use unescape::{text_of, written_of};
