//! The one definition of what a record is. The splitter, the converter, the scanner and
//! `Records` all ask here.
//!
//! `extent` is the definition: where the record that starts at some byte ends, and what it is.
//! `index` finds out the same much faster of records that are well-formed and on one line, and
//! says nothing of others. `reader` walks the records of whole chunks with both.

mod again;
mod extent;
mod index;
mod prologue;
mod reader;
mod tape;

pub use again::Again;
pub use extent::{Extents, Found, NoFields, without_padding};
pub use index::{Index, PlainRow};
pub use prologue::{Prologue, bom};
pub use reader::{PADDING, Reader, too_long_kind};

use crate::codes::Code;

/// What a record turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// Its fields are in `Reader::fields`.
    Row,
    /// As a row; counted nowhere.
    Header,
    Skipped,
    /// Broken quoting, or too long; only its first line, or all of it.
    Broken(Code),
}

/// Where a record lies; offsets are into the reader's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub kind: RecordKind,
    pub start: usize,
    /// Without the line end.
    pub end: usize,
    /// Where the next record starts.
    pub next: usize,
    /// Number of its first physical line.
    pub line: u64,
}

/// A field's text, without quotes around it, relative to `Reader`'s base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
    pub quoted: bool,
    /// Holds doubled quotes, or escapes that are none of its data: `Reader::text` removes them.
    pub escaped: bool,
}

/// NUL bytes and what is not UTF-8: checked once for many records, or for one.
pub fn check_text(data: &[u8]) -> Result<(), Code> {
    if memchr::memchr(0, data).is_some() {
        return Err(Code::NulCharacter);
    }
    match simdutf8::basic::from_utf8(data) {
        Ok(_) => Ok(()),
        Err(_) => Err(Code::InvalidEncoding),
    }
}

/// Raw line ends in some bytes.
pub fn count_lines(newline: u8, data: &[u8]) -> u64 {
    memchr::memchr_iter(newline, data).count() as u64
}
