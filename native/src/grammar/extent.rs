//! Where a record ends, and what it is: the definition.

use memchr::{memchr, memchr2, memchr3};

use super::Span;
use crate::codes::Code;
use crate::dialect::Dialect;

/// What is known of the record that starts at some byte. Offsets are into the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Row {
        end: usize,
        next: usize,
    },
    Blank {
        end: usize,
        next: usize,
    },
    Comment {
        end: usize,
        next: usize,
    },
    /// Only the first line of what was broken.
    Broken {
        code: Code,
        end: usize,
        next: usize,
    },
    /// Longer than a record may be; it ends at the next raw line end, however far.
    TooLong,
    /// The data end too early to tell.
    Unknown,
}

/// Takes the fields of a record as they are found.
pub trait Fields {
    fn clear(&mut self);
    fn push(&mut self, span: Span);
}

/// For those who ask for the extent alone.
pub struct NoFields;

impl Fields for NoFields {
    fn clear(&mut self) {}
    fn push(&mut self, _: Span) {}
}

impl Fields for Vec<Span> {
    fn clear(&mut self) {
        self.clear();
    }
    fn push(&mut self, span: Span) {
        self.push(span);
    }
}

/// Finds extents, and remembers the last search over several lines, so that an open quote is
/// never searched for twice: neither when more data come nor from the next line on.
pub struct Extents {
    memory: Memory,
    /// NULs at the end of the input, once that is there: padding, and no part of the last record.
    padding: Option<usize>,
}

/// A search was within quotes at every line start in (`from`, `to`], and at `to`.
///
/// Any other search that is within quotes at one of these line starts is in the same state
/// there, so it is within quotes at `to`, too.
#[derive(Clone, Copy, Default)]
struct Memory {
    from: usize,
    to: usize,
    /// What follows `to` is broken quoting, whichever record it belongs to.
    broken: bool,
}

/// The first physical line of a record, relative to the record.
#[derive(Clone, Copy)]
struct Line {
    end: usize,
    next: usize,
}

/// How a search for the end of a record ended; relative to the record.
enum Walk {
    Row {
        end: usize,
        next: usize,
    },
    TextAfterQuote {
        at: usize,
    },
    /// The view ended first.
    Open,
}

impl Extents {
    pub fn new() -> Extents {
        Extents {
            memory: Memory::default(),
            padding: None,
        }
    }

    /// The first `bytes` of the data are gone.
    pub fn forget(&mut self, bytes: usize) {
        let Memory { from, to, broken } = self.memory;
        self.memory = match to.checked_sub(bytes) {
            Some(to) => Memory {
                from: from.saturating_sub(bytes),
                to,
                broken,
            },
            None => Memory::default(),
        };
    }

    /// The record that starts at `at`. `ended`: the data end where the input ends.
    pub fn record(
        &mut self,
        dialect: &Dialect,
        data: &[u8],
        at: usize,
        ended: bool,
        fields: &mut impl Fields,
    ) -> Found {
        fields.clear();
        let padding = self.padding(dialect, data, ended);
        let view = View::new(dialect, data, at, ended, padding);
        let line = match view.first_line() {
            Ok(line) => line,
            Err(found) => return found,
        };
        let (end, next) = (at + line.end, at + view.past_padding(line.next));
        if line.end == 0 {
            return Found::Blank { end, next };
        }
        if Some(view.bytes[0]) == dialect.comment {
            return Found::Comment { end, next };
        }
        if dialect.is_idle(&view.bytes[..line.end]) {
            return Found::Blank { end, next };
        }
        match self.walk(&view, line, fields) {
            Walk::Row { end, next } if dialect.repeats_header(&view.bytes[..end]) => {
                Found::Broken {
                    code: Code::RepeatedHeader,
                    end: at + end,
                    next: at + next,
                }
            }
            Walk::Row { end, next } if end <= dialect.max_record_size => Found::Row {
                end: at + end,
                next: at + next,
            },
            Walk::Row { next, .. } if next == line.next => Found::TooLong,
            Walk::TextAfterQuote { at } if at < line.next => Found::Broken {
                code: Code::TextAfterQuote,
                end,
                next,
            },
            Walk::Open if !view.final_ => Found::Unknown,
            _ => Found::Broken {
                code: Code::UnterminatedQuote,
                end,
                next,
            },
        }
    }

    /// A physical line, whatever it holds.
    pub fn line(&mut self, dialect: &Dialect, data: &[u8], at: usize, ended: bool) -> Found {
        let padding = self.padding(dialect, data, ended);
        let view = View::new(dialect, data, at, ended, padding);
        match view.first_line() {
            Ok(line) => Found::Comment {
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

    fn walk(&mut self, view: &View, line: Line, fields: &mut impl Fields) -> Walk {
        let mut walker = Walker {
            view,
            line,
            memory: self.memory,
            jumped: false,
            came_to: 0,
        };
        let mut walk = walker.record(fields);
        if walker.jumped && matches!(walk, Walk::Row { .. }) {
            // The fields that were jumped over are wanted after all.
            fields.clear();
            walker.memory = Memory::default();
            walk = walker.record(fields);
        }
        self.memory = walker.memory;
        walk
    }
}

/// How many bytes come before NULs alone, which pad the end of an input. Rows of a query have none.
pub fn without_padding(dialect: &Dialect, data: &[u8]) -> usize {
    if dialect.is_query() {
        return data.len();
    }
    let last = data.iter().rposition(|&byte| byte != 0);
    last.map_or(0, |last| last + 1)
}

/// All bytes that can matter for one record: those of the longest one and its line end.
struct View<'a> {
    dialect: &'a Dialect,
    bytes: &'a [u8],
    /// Where the view starts in the data.
    at: usize,
    /// Nothing that may come after the view can matter.
    final_: bool,
    /// The view's end is the input's, but for padding.
    at_end: bool,
    padding: usize,
}

impl<'a> View<'a> {
    /// `padding`: so many bytes at the end of the data are none of them.
    fn new(
        dialect: &'a Dialect,
        data: &'a [u8],
        at: usize,
        ended: bool,
        padding: usize,
    ) -> View<'a> {
        let full = at + dialect.max_record_size + 2;
        let content = data.len().saturating_sub(padding).max(at);
        let end = full.min(content);
        let at_end = ended && end == content;
        View {
            dialect,
            bytes: &data[at..end],
            at,
            final_: at_end || end == full,
            at_end,
            padding: data.len() - content,
        }
    }

    /// Where the next record starts. Nothing but padding is a blank line of its own, so that
    /// the record before it is the same with and without.
    fn past_padding(&self, next: usize) -> usize {
        if self.bytes.is_empty() {
            self.padding
        } else {
            next
        }
    }

    /// Where a line that ends with the line end at `newline` ends without it.
    fn without_cr(&self, from: usize, newline: usize) -> usize {
        let cr =
            self.dialect.newline == b'\n' && newline > from && self.bytes[newline - 1] == b'\r';
        newline - usize::from(cr)
    }

    fn first_line(&self) -> Result<Line, Found> {
        let line = match memchr(self.dialect.newline, self.bytes) {
            Some(newline) => Line {
                end: self.without_cr(0, newline),
                next: newline + 1,
            },
            None if !self.final_ => return Err(Found::Unknown),
            None if !self.at_end => return Err(Found::TooLong),
            None => {
                let len = self.bytes.len();
                Line {
                    end: self.without_cr(0, len),
                    next: len,
                }
            }
        };
        if line.end > self.dialect.max_record_size {
            return Err(Found::TooLong);
        }
        Ok(line)
    }
}

struct Walker<'a> {
    view: &'a View<'a>,
    line: Line,
    memory: Memory,
    jumped: bool,
    /// The last place known to be within quotes, or 0.
    came_to: usize,
}

impl Walker<'_> {
    fn record(&mut self, fields: &mut impl Fields) -> Walk {
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
            self.memory = Memory {
                from,
                to: self.view.at + self.came_to,
                broken,
            };
        }
        walk
    }

    /// An unquoted field: the start of the next one, or how the record ended.
    fn unquoted(
        &mut self,
        start: usize,
        from: &mut usize,
        fields: &mut impl Fields,
    ) -> Result<usize, Walk> {
        let (dialect, bytes) = (self.view.dialect, self.view.bytes);
        let mut span = Span {
            start: start as u32,
            end: 0,
            quoted: false,
            escaped: false,
        };
        // A CR before this place is escaped: it is no part of a line end.
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
            let Some(&next) = bytes.get(plain).filter(|&&next| dialect.escapes(next)) else {
                continue;
            };
            span.escaped = true;
            plain += 1;
            // A CR LF is one line end.
            let both =
                next == b'\r' && dialect.newline == b'\n' && bytes.get(plain) == Some(&b'\n');
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

    /// A quoted field, from its opening quote.
    fn quoted(&mut self, open: usize, fields: &mut impl Fields) -> Result<usize, Walk> {
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
            Some(b'\r') if dialect.newline == b'\n' => match bytes.get(after + 1) {
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
            // Padding, perhaps, of which the end is still to come.
            Some(0) if !self.view.at_end && bytes[after..].iter().all(|&byte| byte == 0) => {
                Err(Walk::Open)
            }
            Some(_) => Err(Walk::TextAfterQuote { at: after }),
        }
    }

    /// The next quote or escape within a quoted field. On the way out of the first line it
    /// jumps to where an earlier search has come.
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
