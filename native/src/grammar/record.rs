//! A record, and its fields.

use crate::reject_code::RejectCode;

/// What a record turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// Its fields are in `RecordReader::fields`.
    Row,
    /// As a row; counted nowhere.
    Header,
    Skipped,
    /// Broken quoting, or too long; only its first line, or all of it.
    Broken(RejectCode),
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

/// A field's text, without quotes around it, relative to `RecordReader`'s base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
    pub quoted: bool,
    /// Holds doubled quotes, or escapes that are none of its data: `RecordReader::text` removes them.
    pub escaped: bool,
}

impl Span {
    #[inline]
    pub fn unquoted(start: usize, end: usize, escaped: bool) -> Span {
        Span {
            start: start as u32,
            end: end as u32,
            quoted: false,
            escaped,
        }
    }
}
