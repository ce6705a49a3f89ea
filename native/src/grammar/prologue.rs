//! The lines before the first record of data, at the start of an input: preamble, header, and rows
//! to skip.

use super::record::RecordKind;
use crate::dialect::Dialect;

/// The length of the byte order mark at the start of the data, or 0.
pub fn bom(data: &[u8]) -> usize {
    if data.starts_with(b"\xEF\xBB\xBF") {
        3
    } else {
        0
    }
}

/// The part of the prologue that is still to come.
#[derive(Clone, Debug)]
pub struct Prologue {
    /// The physical lines to skip, whatever they hold.
    lines: usize,
    header: bool,
    /// The records after the header that are skipped.
    rows: usize,
}

impl Prologue {
    pub fn new(dialect: &Dialect) -> Prologue {
        Prologue {
            lines: dialect.preamble,
            header: dialect.header,
            rows: dialect.rows_after_header,
        }
    }

    /// The empty prologue, as it is anywhere but at the start of an input.
    pub const fn over() -> Prologue {
        Prologue {
            lines: 0,
            header: false,
            rows: 0,
        }
    }

    /// The prologue of callers that read the header as an ordinary record.
    pub fn preamble_only(dialect: &Dialect) -> Prologue {
        Prologue {
            lines: dialect.preamble,
            ..Prologue::over()
        }
    }

    pub const fn is_over(&self) -> bool {
        self.lines == 0 && !self.header && self.rows == 0
    }

    /// Whether the next line is skipped whatever it holds, quotes and all.
    pub const fn takes_line(&self) -> bool {
        self.lines > 0
    }

    /// The kind of the record just read, given the kind that it has among data. Blank lines and
    /// comments do not count. A record that is too long ends the prologue, because a chunk cannot
    /// hold it together with the lines before it.
    pub fn place(&mut self, kind: RecordKind, too_long: bool) -> RecordKind {
        if too_long {
            *self = Prologue::over();
            return kind;
        }
        if self.lines > 0 {
            self.lines -= 1;
            return RecordKind::Skipped;
        }
        if kind != RecordKind::Skipped && self.header {
            self.header = false;
            return RecordKind::Header;
        }
        if kind != RecordKind::Skipped && self.rows > 0 {
            self.rows -= 1;
            return RecordKind::Skipped;
        }
        kind
    }
}
