//! The part of the input that can matter for one record.

use memchr::memchr;

use super::extent::Extent;
use crate::dialect::Dialect;

/// The first physical line of a record. Offsets are relative to the record.
#[derive(Clone, Copy)]
pub struct FirstLine {
    pub end: usize,
    pub next: usize,
}

/// The bytes that can matter for one record: as many as the longest record and its line end have.
pub struct RecordView<'a> {
    pub dialect: &'a Dialect,
    pub bytes: &'a [u8],
    /// The offset of the view in the data.
    pub at: usize,
    /// Whether no byte after the view can matter.
    pub final_: bool,
    /// Whether the view ends where the input ends, apart from padding.
    pub at_end: bool,
    padding: usize,
}

impl<'a> RecordView<'a> {
    /// `padding` is the number of bytes at the end of the data that only fill it up.
    pub fn new(
        dialect: &'a Dialect,
        data: &'a [u8],
        at: usize,
        ended: bool,
        padding: usize,
    ) -> RecordView<'a> {
        let full = at + dialect.max_record_size + 2;
        let content = data.len().saturating_sub(padding).max(at);
        let end = full.min(content);
        let at_end = ended && end == content;
        RecordView {
            dialect,
            bytes: &data[at..end],
            at,
            final_: at_end || end == full,
            at_end,
            padding: data.len() - content,
        }
    }

    /// The offset at which the next record starts, relative to the view. Padding is a blank line of
    /// its own, so that the record before it is the same with and without padding.
    pub fn past_padding(&self, next: usize) -> usize {
        if self.bytes.is_empty() {
            self.padding
        } else {
            next
        }
    }

    /// The offset at which the line with the line end at `newline` ends, without a CR before it.
    pub fn without_cr(&self, from: usize, newline: usize) -> usize {
        self.dialect.without_cr(self.bytes, from, newline)
    }

    pub fn first_line(&self) -> Result<FirstLine, Extent> {
        let line = match memchr(self.dialect.newline, self.bytes) {
            Some(newline) => FirstLine {
                end: self.without_cr(0, newline),
                next: newline + 1,
            },
            None if !self.final_ => return Err(Extent::Unknown),
            None if !self.at_end => return Err(Extent::TooLong),
            None => {
                let len = self.bytes.len();
                FirstLine {
                    end: self.without_cr(0, len),
                    next: len,
                }
            }
        };
        if line.end > self.dialect.max_record_size {
            return Err(Extent::TooLong);
        }
        Ok(line)
    }
}

/// The number of bytes before the NULs that pad the end of an input. Rows of a query have no padding.
pub fn without_padding(dialect: &Dialect, data: &[u8]) -> usize {
    if dialect.is_query() {
        return data.len();
    }
    let last = data.iter().rposition(|&byte| byte != 0);
    last.map_or(0, |last| last + 1)
}
