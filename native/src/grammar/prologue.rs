//! What may stand before the first data record, at the start of an input only.

use super::record::RecordKind;
use crate::dialect::Dialect;

/// Length of the byte order mark that some data begin with, or 0.
pub fn bom(data: &[u8]) -> usize {
    if data.starts_with(b"\xEF\xBB\xBF") {
        3
    } else {
        0
    }
}

/// What is still to come before the data records.
#[derive(Clone, Debug)]
pub struct Prologue {
    /// Physical lines, whatever they hold.
    lines: usize,
    header: bool,
    /// Records after the header that are skipped.
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

    /// As it is anywhere but at the start of an input.
    pub const fn over() -> Prologue {
        Prologue {
            lines: 0,
            header: false,
            rows: 0,
        }
    }

    /// As `new`, with the header and what follows it as ordinary records.
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

    /// What the record just read is, given what it would be among data. Blank lines and
    /// comments take no place. A record that is too long ends the prologue: it cannot be
    /// kept together with what precedes it.
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
