//! Walks over one record, field by field, to the place where it ends.

use memchr::{memchr, memchr2, memchr3};

use super::field_sink::FieldSink;
use super::record::Span;
use super::record_view::{FirstLine, RecordView};
use crate::dialect::Escapes;

/// What an earlier walk has found out about an open quote: it was within quotes at every line start
/// in (`from`, `to`], and at `to`.
///
/// Any other walk that is within quotes at one of these line starts is in the same state there. So it
/// is within quotes at `to`, too, and need not search again.
#[derive(Clone, Copy, Default)]
pub struct OpenQuoteMemory {
    pub from: usize,
    pub to: usize,
    /// Whether broken quoting follows `to`, whichever record it belongs to.
    pub broken: bool,
}

/// How a walk ended. Offsets are relative to the record.
pub enum Walk {
    Row {
        end: usize,
        next: usize,
    },
    TextAfterQuote {
        at: usize,
    },
    /// The view ended before the record did.
    Open,
}

/// Walks over one record.
pub struct Walker<'a> {
    pub view: &'a RecordView<'a>,
    pub line: FirstLine,
    pub memory: OpenQuoteMemory,
    /// Whether the walk has jumped over fields that an earlier walk has seen.
    pub jumped: bool,
    /// The last offset that is known to be within quotes, or 0.
    pub came_to: usize,
}

impl Walker<'_> {
    /// Parses the record, and passes its fields to `fields`.
    pub fn record(&mut self, fields: &mut impl FieldSink) -> Walk {
        let (dialect, bytes) = (self.view.dialect, self.view.bytes);
        let mut from = self.view.at;
        let mut start = 0;
        let walk = loop {
            let mut first = start;
            if dialect.skip_initial_space {
                first += bytes[start..]
                    .iter()
                    .take_while(|&&byte| byte == b' ')
                    .count();
            }
            let ended = if dialect.quote.is_some() && bytes.get(first) == dialect.quote.as_ref() {
                self.quoted(first, fields)
            } else {
                self.unquoted(first, &mut from, fields)
            };
            match ended {
                Ok(next) => start = next,
                Err(walk) => break walk,
            }
        };
        if !matches!(walk, Walk::Row { .. }) && self.came_to >= self.line.next {
            let broken = self.view.at_end || matches!(walk, Walk::TextAfterQuote { .. });
            self.memory = OpenQuoteMemory {
                from,
                to: self.view.at + self.came_to,
                broken,
            };
        }
        walk
    }

    /// Parses an unquoted field. Gives the start of the next field, or how the record ended.
    fn unquoted(
        &mut self,
        start: usize,
        from: &mut usize,
        fields: &mut impl FieldSink,
    ) -> Result<usize, Walk> {
        let (dialect, bytes) = (self.view.dialect, self.view.bytes);
        let mut span = Span {
            start: start as u32,
            end: 0,
            quoted: false,
            escaped: false,
        };
        // A CR before this offset is escaped, and so no part of a line end.
        let mut plain = start;
        loop {
            let rest = &bytes[plain.min(bytes.len())..];
            let found = match dialect.escape_unquoted {
                Some(escape) => memchr3(dialect.delimiter, dialect.newline, escape, rest),
                None => memchr2(dialect.delimiter, dialect.newline, rest),
            };
            let Some(found) = found.map(|found| plain + found) else {
                let ends_in_newline = plain == bytes.len()
                    && plain > start
                    && span.escaped
                    && bytes[plain - 1] == dialect.newline;
                if !self.view.at_end || ends_in_newline {
                    // An escaped line end must be followed by something, as an open quote.
                    return Err(Walk::Open);
                }
                let end = self.view.without_cr(plain.min(bytes.len()), bytes.len());
                fields.push(Span {
                    end: end as u32,
                    ..span
                });
                return Err(Walk::Row {
                    end,
                    next: bytes.len(),
                });
            };
            if bytes[found] == dialect.delimiter {
                let Some(next) = dialect.after_delimiter(bytes, found) else {
                    if self.may_go_on(found) {
                        return Err(Walk::Open);
                    }
                    plain = found + 1;
                    continue;
                };
                fields.push(Span {
                    end: found as u32,
                    ..span
                });
                return Ok(next);
            }
            if bytes[found] == dialect.newline {
                let end = self.view.without_cr(plain, found);
                fields.push(Span {
                    end: end as u32,
                    ..span
                });
                return Err(Walk::Row {
                    end,
                    next: found + 1,
                });
            }
            plain = found + 1;
            span.escaped |= dialect.escapes != Escapes::Signs;
            let Some(&next) = bytes.get(plain).filter(|&&next| dialect.escapes(next)) else {
                continue;
            };
            span.escaped = true;
            plain += 1;
            // A CR LF is one line end.
            let both = next == b'\r' && dialect.crlf && bytes.get(plain) == Some(&b'\n');
            plain += usize::from(both);
            if next == dialect.newline || both {
                *from = self.view.at + plain;
            }
        }
    }

    /// Whether a delimiter that begins at `at` may end beyond the view.
    fn may_go_on(&self, at: usize) -> bool {
        let rest = &self.view.bytes[at + 1..];
        !self.view.at_end && self.view.dialect.delimiter_rest.starts_with(rest)
    }

    /// Parses a quoted field from its opening quote on, with the same result as `unquoted`.
    fn quoted(&mut self, open: usize, fields: &mut impl FieldSink) -> Result<usize, Walk> {
        let (dialect, bytes) = (self.view.dialect, self.view.bytes);
        let quote = bytes[open];
        let mut escaped = false;
        let mut inside = open + 1;
        let close = loop {
            self.came_to = inside;
            let found = self.quote_or_escape(quote, inside)?;
            match bytes.get(found + 1) {
                Some(&next) if bytes[found] != quote => {
                    if !dialect.escapes(next) {
                        escaped |= dialect.escapes != Escapes::Signs;
                        inside = found + 1;
                        continue;
                    }
                }
                None if bytes[found] != quote => return Err(Walk::Open),
                Some(&next) if next == quote => {}
                _ => break found,
            }
            escaped = true;
            inside = found + 2;
        };
        fields.push(Span {
            start: open as u32 + 1,
            end: close as u32,
            quoted: true,
            escaped,
        });
        let after = close + 1;
        match bytes.get(after) {
            None if self.view.at_end => Err(Walk::Row {
                end: after,
                next: after,
            }),
            None => Err(Walk::Open),
            Some(&byte) if byte == dialect.delimiter => {
                match dialect.after_delimiter(bytes, after) {
                    Some(next) => Ok(next),
                    None if self.may_go_on(after) => Err(Walk::Open),
                    None => Err(Walk::TextAfterQuote { at: after }),
                }
            }
            Some(&byte) if byte == dialect.newline => Err(Walk::Row {
                end: after,
                next: after + 1,
            }),
            Some(b'\r') if dialect.crlf => match bytes.get(after + 1) {
                None if self.view.at_end => Err(Walk::Row {
                    end: after,
                    next: after + 1,
                }),
                None => Err(Walk::Open),
                Some(b'\n') => Err(Walk::Row {
                    end: after,
                    next: after + 2,
                }),
                Some(_) => Err(Walk::TextAfterQuote { at: after }),
            },
            // These NULs may be padding, whose end is still to come.
            Some(0) if !self.view.at_end && bytes[after..].iter().all(|&byte| byte == 0) => {
                Err(Walk::Open)
            }
            Some(_) => Err(Walk::TextAfterQuote { at: after }),
        }
    }

    /// The offset of the next quote or escape within a quoted field. Where the search leaves the first
    /// line, it jumps to the place that an earlier walk has reached.
    fn quote_or_escape(&mut self, quote: u8, mut inside: usize) -> Result<usize, Walk> {
        let bytes = self.view.bytes;
        let escape = self.view.dialect.escape;
        let search = |from: usize, to: usize| {
            let rest = bytes.get(from..to)?;
            let found = match escape {
                Some(escape) => memchr2(quote, escape, rest),
                None => memchr(quote, rest),
            };
            found.map(|found| from + found)
        };
        if inside <= self.line.next {
            if let Some(found) = search(inside, self.line.next) {
                return Ok(found);
            }
            inside = self.line.next;
            self.came_to = inside;
            let (line_start, memory) = (self.view.at + inside, self.memory);
            if memory.from < line_start && line_start <= memory.to {
                self.jumped = true;
                inside = memory.to - self.view.at;
                self.came_to = inside;
                if memory.broken {
                    return Err(Walk::TextAfterQuote { at: inside });
                }
            }
        }
        search(inside, bytes.len()).ok_or_else(|| {
            self.came_to = self.came_to.max(bytes.len());
            Walk::Open
        })
    }
}
