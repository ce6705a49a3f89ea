//! Reads the rows of a block, value by value.

use memchr::{memchr, memchr2};

use super::found_rows::Span;
use crate::conversion_spec::RowEncoding;

/// One row of a block. Its last two values are lineage.
#[derive(Default)]
pub struct ExpectedRow {
    spans: Vec<Span>,
    pub line: i64,
}

impl ExpectedRow {
    /// Reads the row that begins at `at`, and gives the beginning of the next row.
    pub fn read(
        &mut self,
        encoding: RowEncoding,
        rows: &[u8],
        at: usize,
        width: usize,
    ) -> Result<usize, String> {
        self.spans.clear();
        let next = match encoding {
            RowEncoding::Postgres => self.counted(rows, at, width),
            RowEncoding::Text => self.lines(rows, at, width),
            _ => self.tagged(rows, at, width),
        };
        let damaged = || "the block is damaged".to_string();
        let next = next.ok_or_else(damaged)?;
        let line = self.value(rows, width - 1).ok_or_else(damaged)?;
        self.line = match encoding {
            RowEncoding::Postgres => i64::from_be_bytes(line.try_into().map_err(|_| damaged())?),
            RowEncoding::Text => crate::values::integer(line).map_err(|_| damaged())? as i64,
            _ => i64::from_le_bytes(line[1..].try_into().map_err(|_| damaged())?),
        };
        Ok(next)
    }

    #[inline]
    pub fn value<'a>(&self, rows: &'a [u8], index: usize) -> Option<&'a [u8]> {
        self.spans[index].map(|(start, end)| &rows[start..end])
    }

    /// Reads a row of binary COPY.
    fn counted(&mut self, rows: &[u8], at: usize, width: usize) -> Option<usize> {
        let mut at = at + 2;
        for _ in 0..width {
            let length = i32::from_be_bytes(*rows.get(at..)?.first_chunk()?);
            at += 4;
            if length < 0 {
                self.spans.push(None);
                continue;
            }
            let end = at + length as usize;
            self.spans.push(Some((at, end)));
            at = end;
        }
        (at <= rows.len()).then_some(at)
    }

    /// Reads a row of text with tabs between its values and a line feed at its end.
    fn lines(&mut self, rows: &[u8], at: usize, width: usize) -> Option<usize> {
        let mut start = at;
        for _ in 0..width {
            let end = start + memchr2(b'\t', b'\n', rows.get(start..)?)?;
            let null = &rows[start..end] == b"\\N";
            self.spans.push((!null).then_some((start, end)));
            start = end + 1;
        }
        Some(start)
    }

    /// Reads values with tags, as they are bound in SQLite. The tag belongs to the value.
    fn tagged(&mut self, rows: &[u8], at: usize, width: usize) -> Option<usize> {
        let mut at = at;
        for _ in 0..width {
            let (span, next) = tagged(rows, at)?;
            self.spans.push(span);
            at = next;
        }
        Some(at)
    }
}

/// Gives one value with its tag, and the beginning of the next value.
fn tagged(rows: &[u8], at: usize) -> Option<(Span, usize)> {
    use crate::convert::encoders::sqlite::{FLOAT, INTEGER, NULL, TEXT};
    match *rows.get(at)? {
        NULL => Some((None, at + 1)),
        INTEGER | FLOAT => {
            let end = at + 9;
            (end <= rows.len()).then_some((Some((at, end)), end))
        }
        TEXT => {
            let length = u32::from_le_bytes(*rows.get(at + 1..)?.first_chunk()?) as usize;
            let end = at + 5 + length;
            (end <= rows.len()).then_some((Some((at, end)), end))
        }
        _ => None,
    }
}

/// Gives a value of encoding `text` without its escapes.
pub fn unescaped<'a>(text: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
    if memchr(b'\\', text).is_none() {
        return text;
    }
    scratch.clear();
    let mut rest = text;
    while let Some(at) = memchr(b'\\', rest) {
        scratch.extend_from_slice(&rest[..at]);
        scratch.push(match rest.get(at + 1) {
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            _ => b'\\',
        });
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    scratch.extend_from_slice(rest);
    scratch
}
