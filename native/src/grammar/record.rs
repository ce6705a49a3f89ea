//! A record, and its fields.

use crate::reject_code::RejectCode;

/// The kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// A row of data. `RecordReader::fields` gives its fields.
    Row,
    /// The header. It has fields as a row does, but no count includes it.
    Header,
    /// A comment, a blank line, or a line of the prologue.
    Skipped,
    /// A record with broken quoting, of which this is only the first line; or one that is too long.
    Broken(RejectCode),
}

/// The kind and the place of a record. Offsets are into the reader's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub kind: RecordKind,
    pub start: usize,
    /// The end of the record, without its line end.
    pub end: usize,
    /// The start of the next record.
    pub next: usize,
    /// The number of its first physical line.
    pub line: u64,
}

/// The text of a field without the quotes around it. Offsets are relative to the reader's base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
    pub quoted: bool,
    /// Whether the field holds doubled quotes or escapes. `RecordReader::text` removes them.
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
    /// The same with offsets relative to what stands `base` bytes earlier.
    #[inline]
    pub fn moved(self, base: usize) -> Span {
        Span {
            start: base as u32 + self.start,
            end: base as u32 + self.end,
            ..self
        }
    }
}
