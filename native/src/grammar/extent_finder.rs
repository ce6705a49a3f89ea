//! Finds where a record ends, and what it is: the definition of a record.

use super::array_element::element;
use super::extent::Extent;
use super::field_sink::FieldSink;
use super::record_view::{FirstLine, RecordView, without_padding};
use super::record_walk::{OpenQuoteMemory, Walk, Walker};
use super::repeated_header::repeats_header;
use crate::dialect::{Dialect, Idle};
use crate::reject_code::RejectCode;

/// Finds the extents of records. It remembers the last walk over several lines, so that no open quote
/// is searched for twice: neither when more data come, nor from the next line on.
pub struct ExtentFinder {
    memory: OpenQuoteMemory,
    /// The number of NULs that pad the end of the input, once that is known. They are no part of the
    /// last record.
    padding: Option<usize>,
}

impl ExtentFinder {
    pub fn new() -> ExtentFinder {
        ExtentFinder {
            memory: OpenQuoteMemory::default(),
            padding: None,
        }
    }

    /// Adjusts what is remembered after the first `bytes` bytes of the data were removed.
    pub fn forget(&mut self, bytes: usize) {
        let OpenQuoteMemory { from, to, broken } = self.memory;
        self.memory = match to.checked_sub(bytes) {
            Some(to) => OpenQuoteMemory {
                from: from.saturating_sub(bytes),
                to,
                broken,
            },
            None => OpenQuoteMemory::default(),
        };
    }

    /// Finds the extent of the record that starts at `at`. `ended` says that the data end where the
    /// input ends.
    pub fn record(
        &mut self,
        dialect: &Dialect,
        data: &[u8],
        at: usize,
        ended: bool,
        fields: &mut impl FieldSink,
    ) -> Extent {
        fields.clear();
        if dialect.is_array() {
            return element(dialect, data, at, ended);
        }
        let padding = self.padding(dialect, data, ended);
        let view = RecordView::new(dialect, data, at, ended, padding);
        let line = match view.first_line() {
            Ok(line) => line,
            Err(found) => return found,
        };
        let (end, next) = (at + line.end, at + view.past_padding(line.next));
        if line.end == 0 && (dialect.idle != Idle::None || view.bytes.is_empty()) {
            return Extent::Blank { end, next };
        }
        if line.end > 0 && Some(view.bytes[0]) == dialect.comment {
            return Extent::Comment { end, next };
        }
        if line.end > 0 && dialect.is_idle(&view.bytes[..line.end]) {
            return Extent::Blank { end, next };
        }
        match self.walk(&view, line, fields) {
            Walk::Row { end, next } if repeats_header(dialect, &view.bytes[..end]) => {
                Extent::Broken {
                    code: RejectCode::RepeatedHeader,
                    end: at + end,
                    next: at + next,
                }
            }
            Walk::Row { end, next } if end <= dialect.max_record_size => Extent::Row {
                end: at + end,
                next: at + next,
            },
            Walk::Row { next, .. } if next == line.next => Extent::TooLong,
            Walk::TextAfterQuote { at } if at < line.next => Extent::Broken {
                code: RejectCode::TextAfterQuote,
                end,
                next,
            },
            Walk::Open if !view.final_ => Extent::Unknown,
            _ => Extent::Broken {
                code: RejectCode::UnterminatedQuote,
                end,
                next,
            },
        }
    }

    /// Finds the extent of the physical line that starts at `at`, whatever it holds.
    pub fn line(&mut self, dialect: &Dialect, data: &[u8], at: usize, ended: bool) -> Extent {
        let padding = self.padding(dialect, data, ended);
        let view = RecordView::new(dialect, data, at, ended, padding);
        match view.first_line() {
            Ok(line) => Extent::Comment {
                end: at + line.end,
                next: at + view.past_padding(line.next),
            },
            Err(found) => found,
        }
    }

    fn padding(&mut self, dialect: &Dialect, data: &[u8], ended: bool) -> usize {
        if !ended || data.last() != Some(&0) {
            return 0;
        }
        *self
            .padding
            .get_or_insert_with(|| data.len() - without_padding(dialect, data))
    }

    fn walk(&mut self, view: &RecordView, line: FirstLine, fields: &mut impl FieldSink) -> Walk {
        let mut walker = Walker {
            view,
            line,
            memory: self.memory,
            jumped: false,
            came_to: 0,
        };
        let mut walk = walker.record(fields);
        if walker.jumped && matches!(walk, Walk::Row { .. }) {
            // The record is a row, so the fields that were jumped over are needed.
            fields.clear();
            walker.memory = OpenQuoteMemory::default();
            walk = walker.record(fields);
        }
        self.memory = walker.memory;
        walk
    }
}
