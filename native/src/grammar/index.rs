//! Well-formed records on one line, which nearly all are, cut at the tape's offsets.

use memchr::memchr;

use super::Span;
use super::extent::Fields;
use super::tape::Tape;
use crate::dialect::{Dialect, NO_DELIMITER};

/// The tape of a window of some data, and how much of it is taken.
pub struct Index {
    tape: Tape,
    /// The tape has single bytes only: of a longer delimiter, nothing.
    useless: bool,
    /// Where the window starts in the data.
    window: usize,
    /// How many of the tape's offsets lie before the next record.
    taken: usize,
}

/// A record without its line end; offsets into the data.
#[derive(Clone, Copy)]
pub struct Line {
    pub end: usize,
    pub next: usize,
}

/// A row without quotes and escapes: its fields lie between the tape's offsets.
#[derive(Clone, Copy)]
pub struct PlainRow<'r> {
    data: &'r [u8],
    /// One more than there are fields.
    bounds: &'r [u32],
    /// Whether a CR precedes the last of them.
    cr: u32,
}

/// Why a line was not cut.
enum Uncut {
    /// The window ended first.
    Short,
    /// It takes a closer look.
    Irregular,
}

/// What ended a field, relative to the window.
enum End {
    Field { next: usize },
    Line { end: usize, next: usize },
}

impl Index {
    pub fn new(dialect: &Dialect) -> Index {
        Index {
            tape: Tape::new(dialect),
            useless: !dialect.delimiter_rest.is_empty() && dialect.delimiter != NO_DELIMITER,
            window: 0,
            taken: 0,
        }
    }

    /// The data are no longer what was indexed.
    pub fn forget(&mut self) {
        self.tape.clear();
        self.window = 0;
        self.taken = 0;
    }

    /// Where the spans of the line just cut are relative to.
    #[inline]
    pub fn base(&self) -> usize {
        self.window
    }

    /// The record at `at` if it is a well-formed one on one line, and neither blank nor a
    /// comment. The records before it were cut or skipped.
    #[inline]
    pub fn line(
        &mut self,
        dialect: &Dialect,
        data: &[u8],
        at: usize,
        fields: &mut impl Fields,
    ) -> Option<Line> {
        if self.taken == self.tape.offsets().len() {
            self.fill(data, at)?;
        }
        match self.cut(dialect, data, at, fields) {
            Ok(line) => Some(line),
            Err(Uncut::Short) if at > self.window => {
                self.fill(data, at)?;
                self.cut(dialect, data, at, fields).ok()
            }
            Err(_) => None,
        }
    }

    /// The same for a row of just so many fields with no quote or escape anywhere near.
    #[inline]
    pub fn plain_row<'r>(
        &'r mut self,
        dialect: &Dialect,
        data: &'r [u8],
        at: usize,
        fields: usize,
    ) -> Option<(Line, PlainRow<'r>)> {
        if !self.tape.is_plain() || dialect.skip_initial_space {
            return None;
        }
        let bounds = self.tape.bounds(self.taken, fields)?;
        let newline = bounds[fields] as usize;
        let data = &data[self.window..];
        let start = at - self.window;
        // If this is the first line end, all bounds before it are delimiters.
        if memchr(dialect.newline, data.get(start..=newline)?)? != newline - start {
            return None;
        }
        let end = without_cr(dialect.newline, data, start, newline);
        if !is_regular(dialect, data, start, end) {
            return None;
        }
        self.taken += fields;
        let line = Line {
            end: self.window + end,
            next: self.window + newline + 1,
        };
        let cr = (newline - end) as u32;
        Some((line, PlainRow { data, bounds, cr }))
    }

    /// Takes the offsets before `at`.
    pub fn skip_to(&mut self, at: usize) {
        let at = at - self.window;
        let rest = &self.tape.offsets()[self.taken..];
        self.taken += rest
            .iter()
            .take_while(|&&offset| (offset as usize) < at)
            .count();
    }

    #[cold]
    fn fill(&mut self, data: &[u8], at: usize) -> Option<()> {
        let rest = data
            .get(at..)
            .filter(|rest| !rest.is_empty() && !self.useless)?;
        self.tape.fill(rest);
        self.window = at;
        self.taken = 0;
        Some(())
    }

    #[inline]
    fn cut(
        &mut self,
        dialect: &Dialect,
        data: &[u8],
        at: usize,
        fields: &mut impl Fields,
    ) -> Result<Line, Uncut> {
        let mut cutter = Cutter {
            dialect,
            data: &data[self.window..],
            offsets: self.tape.offsets(),
            taken: self.taken,
        };
        let start = at - self.window;
        let (end, next) = cutter.line(start, fields)?;
        if !is_regular(dialect, cutter.data, start, end) {
            return Err(Uncut::Irregular);
        }
        self.taken = cutter.taken;
        Ok(Line {
            end: self.window + end,
            next: self.window + next,
        })
    }
}

/// Neither blank nor a comment nor too long, nor the header once more.
#[inline]
fn is_regular(dialect: &Dialect, data: &[u8], start: usize, end: usize) -> bool {
    if end <= start || end - start > dialect.max_record_size {
        return false;
    }
    dialect.is_usual(&data[start..end])
}

/// Cuts one line; all places are relative to the window.
struct Cutter<'a> {
    dialect: &'a Dialect,
    data: &'a [u8],
    offsets: &'a [u32],
    taken: usize,
}

impl Cutter<'_> {
    #[inline]
    fn line(
        &mut self,
        mut start: usize,
        fields: &mut impl Fields,
    ) -> Result<(usize, usize), Uncut> {
        fields.clear();
        loop {
            let at = self.next()?;
            if self.dialect.skip_initial_space {
                while self.data[start] == b' ' {
                    start += 1;
                }
            }
            let end = if at == start && Some(self.data[at]) == self.dialect.quote {
                self.quoted(at, fields)?
            } else {
                self.unquoted(start, fields)?
            };
            match end {
                End::Field { next } => start = next,
                End::Line { end, next } => return Ok((end, next)),
            }
        }
    }

    /// The next offset, which stays.
    #[inline]
    fn next(&self) -> Result<usize, Uncut> {
        match self.offsets.get(self.taken) {
            Some(&offset) => Ok(offset as usize),
            None => Err(Uncut::Short),
        }
    }

    #[inline]
    fn unquoted(&mut self, start: usize, fields: &mut impl Fields) -> Result<End, Uncut> {
        let mut escaped = false;
        loop {
            let at = self.next()?;
            self.taken += 1;
            let byte = self.data[at];
            if byte == self.dialect.delimiter {
                fields.push(Span::unquoted(start, at, escaped));
                return Ok(End::Field { next: at + 1 });
            }
            if byte == self.dialect.newline {
                let end = without_cr(byte, self.data, start, at);
                fields.push(Span::unquoted(start, end, escaped));
                return Ok(End::Line { end, next: at + 1 });
            }
            // A quote is data here.
            if Some(byte) == self.dialect.escape_unquoted {
                escaped |= self.escape(at)?;
            }
        }
    }

    /// Whether the escape at `at` is none of the data. Then what it stands before is taken, too.
    #[inline(never)]
    fn escape(&mut self, at: usize) -> Result<bool, Uncut> {
        let next = *self.data.get(at + 1).ok_or(Uncut::Short)?;
        if !self.dialect.escapes(next) {
            return Ok(false);
        }
        if matches!(next, b'\n' | b'\r' | 0x1E) {
            return Err(Uncut::Irregular);
        }
        // It may lie beyond the window.
        self.next()?;
        self.taken += 1;
        Ok(true)
    }

    #[inline]
    fn quoted(&mut self, open: usize, fields: &mut impl Fields) -> Result<End, Uncut> {
        let Dialect {
            delimiter, newline, ..
        } = *self.dialect;
        let quote = self.data[open];
        self.taken += 1;
        let mut escaped = false;
        let close = loop {
            let at = self.next()?;
            self.taken += 1;
            if self.data[at] == quote {
                if self.data.get(at + 1) != Some(&quote) {
                    break at;
                }
                // The second of two quotes may lie beyond the window.
                self.next()?;
                self.taken += 1;
                escaped = true;
            } else if self.data[at] != delimiter {
                if self.data[at] == newline {
                    return Err(Uncut::Irregular);
                }
                escaped |= self.escape(at)?;
            }
        };
        fields.push(Span {
            start: open as u32 + 1,
            end: close as u32,
            quoted: true,
            escaped,
        });
        let (after, at) = (close + 1, self.next()?);
        self.taken += 1;
        if at == after && self.data[at] == delimiter {
            Ok(End::Field { next: at + 1 })
        } else if self.data[at] == newline && without_cr(newline, self.data, after, at) == after {
            Ok(End::Line {
                end: after,
                next: at + 1,
            })
        } else {
            Err(Uncut::Irregular)
        }
    }
}

impl<'r> PlainRow<'r> {
    /// How many fields there are.
    #[inline]
    pub fn count(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The data up to the end of a field, and where in them it starts.
    #[inline]
    pub fn until(&self, index: usize) -> (&'r [u8], usize) {
        let last = index + 2 == self.bounds.len();
        let end = self.bounds[index + 1] - if last { self.cr } else { 0 };
        let start = self.bounds[index].wrapping_add(1);
        (&self.data[..end as usize], start as usize)
    }
}

impl Span {
    #[inline]
    fn unquoted(start: usize, end: usize, escaped: bool) -> Span {
        Span {
            start: start as u32,
            end: end as u32,
            quoted: false,
            escaped,
        }
    }
}

/// Where the line that ends with the line end at `end` ends without a CR before it.
#[inline]
pub fn without_cr(newline: u8, data: &[u8], start: usize, end: usize) -> usize {
    end - usize::from(newline == b'\n' && end > start && data[end - 1] == b'\r')
}
