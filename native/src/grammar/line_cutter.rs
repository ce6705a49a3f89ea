//! Cuts one well-formed line into its fields, at the offsets of its structural bytes.

use super::field_sink::FieldSink;
use super::record::Span;
use crate::dialect::{Dialect, Escapes};

/// Why a line could not be cut.
pub enum Uncut {
    /// The window ended before the line did.
    ShortNumber,
    /// The line needs `extent_finder`.
    Irregular,
}

/// What ended a field. Offsets are relative to the window.
enum End {
    Field { next: usize },
    LineExtent { end: usize, next: usize },
}

/// Cuts one line. All offsets are relative to the window.
pub struct LineCutter<'a> {
    pub dialect: &'a Dialect,
    pub data: &'a [u8],
    pub offsets: &'a [u32],
    pub taken: usize,
}

impl LineCutter<'_> {
    #[inline]
    /// Cuts the line at `start`: gives its end, and the start of the next line.
    pub fn line(
        &mut self,
        mut start: usize,
        fields: &mut impl FieldSink,
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
                End::LineExtent { end, next } => return Ok((end, next)),
            }
        }
    }

    /// The offset of the next structural byte, which is not used up.
    #[inline]
    fn next(&self) -> Result<usize, Uncut> {
        match self.offsets.get(self.taken) {
            Some(&offset) => Ok(offset as usize),
            None => Err(Uncut::ShortNumber),
        }
    }

    #[inline]
    fn unquoted(&mut self, start: usize, fields: &mut impl FieldSink) -> Result<End, Uncut> {
        let mut escaped = false;
        loop {
            let at = self.next()?;
            self.taken += 1;
            let byte = self.data[at];
            if byte == self.dialect.delimiter {
                let Some(next) = self.after_delimiter(at) else {
                    continue;
                };
                fields.push(Span::unquoted(start, at, escaped));
                return Ok(End::Field { next });
            }
            if byte == self.dialect.newline {
                let end = self.dialect.without_cr(self.data, start, at);
                fields.push(Span::unquoted(start, end, escaped));
                return Ok(End::LineExtent { end, next: at + 1 });
            }
            // A quote is data here.
            if Some(byte) == self.dialect.escape_unquoted {
                escaped |= self.escape(at)?;
            }
        }
    }

    /// The offset behind the delimiter that begins at `at`, whose structural bytes are used up. None if
    /// it is none: only its first byte is there.
    #[inline]
    fn after_delimiter(&mut self, at: usize) -> Option<usize> {
        let next = self.dialect.after_delimiter(self.data, at)?;
        if next > at + 1 {
            let rest = &self.offsets[self.taken..];
            let within = |offset: &&u32| (**offset as usize) < next;
            self.taken += rest.iter().take_while(within).count();
        }
        Some(next)
    }

    /// Whether the escape at `at` is no data. If so, the byte that it escapes is used up, too, if it is
    /// structural.
    #[inline(never)]
    fn escape(&mut self, at: usize) -> Result<bool, Uncut> {
        let next = *self.data.get(at + 1).ok_or(Uncut::ShortNumber)?;
        if !self.dialect.escapes(next) {
            return Ok(self.dialect.escapes != Escapes::Signs);
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
    fn quoted(&mut self, open: usize, fields: &mut impl FieldSink) -> Result<End, Uncut> {
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
            let next = self.after_delimiter(at).ok_or(Uncut::Irregular)?;
            Ok(End::Field { next })
        } else if self.data[at] == newline && self.dialect.without_cr(self.data, after, at) == after
        {
            Ok(End::LineExtent {
                end: after,
                next: at + 1,
            })
        } else {
            Err(Uncut::Irregular)
        }
    }
}
