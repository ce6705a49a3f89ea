//! The header once more, in the middle of an input, however it is spelled there.

use super::RecordKind;
use super::prologue::{Prologue, bom};
use super::reader::Reader;
use crate::dialect::Dialect;

/// What the fields of a header are, to know it again.
///
/// A record is the header if its fields hold the same texts, with or without quotes, spaces around
/// them or a byte order mark before them. Empty fields at the end do not count.
#[derive(Clone, Debug)]
pub struct Again {
    /// Without the spaces around them. The last one is not empty.
    names: Vec<Vec<u8>>,
    /// Only with a byte order mark before it: without one it may be a value.
    marked: bool,
}

impl Again {
    /// From the header as it stands in the input; None where that is not one record.
    pub fn new(dialect: &Dialect, header: &[u8]) -> Option<Again> {
        let start = bom(header);
        let mut reader = Reader::within(dialect, header, start, 1, Prologue::over());
        let record = reader.read()?;
        if record.kind != RecordKind::Row || record.next < header.len() {
            return None;
        }
        let mut scratch = Vec::new();
        let mut names = Vec::new();
        for &span in reader.fields() {
            let mut text = reader.text(span, &mut scratch);
            while let [first, rest @ ..] = text
                && is_blank(dialect, *first)
            {
                text = rest;
            }
            while let [rest @ .., last] = text
                && is_blank(dialect, *last)
            {
                text = rest;
            }
            names.push(text.to_vec());
        }
        while names.last()?.is_empty() {
            names.pop();
        }
        let marked = start > 0;
        Some(Again { names, marked })
    }

    /// The bytes with which such a record may begin.
    pub fn first_bytes(&self, dialect: &Dialect) -> [Option<u8>; 6] {
        let mark = Some(0xEF);
        if self.marked {
            return [mark, None, None, None, None, None];
        }
        let name = self.names[0].first().copied();
        let name = name.unwrap_or(dialect.delimiter);
        let space = Some(b' ').filter(|&byte| is_blank(dialect, byte));
        let tab = Some(b'\t').filter(|&byte| is_blank(dialect, byte));
        let escape = dialect.escape_unquoted;
        [mark, Some(name), dialect.quote, escape, space, tab]
    }

    /// The bytes that may come second in it.
    pub fn second_bytes(&self, dialect: &Dialect) -> [bool; 256] {
        let [first, second] = [0, 1].map(|at| self.names[0].get(at).copied());
        if first.is_none() {
            return [true; 256];
        }
        let meant = [Some(dialect.delimiter), dialect.quote, dialect.escape];
        let mark_or_blank = [Some(0xBB), Some(b' '), Some(b'\t')];
        let mut found = [false; 256];
        let all = [[first, second, None], meant, mark_or_blank];
        for byte in all.into_iter().flatten().flatten() {
            found[usize::from(byte)] = true;
        }
        found
    }

    /// Whether a record, without its line end, is the header.
    pub fn is(&self, dialect: &Dialect, record: &[u8]) -> bool {
        let mut at = bom(record);
        if self.marked && at == 0 {
            return false;
        }
        let mut names = self.names.iter();
        loop {
            let name = names.next().map_or(&b""[..], |name| name);
            match field_end(dialect, record, at, name) {
                Some(end) if end == record.len() => return names.len() == 0,
                Some(end) => match dialect.after_delimiter(record, end) {
                    Some(next) if record[end] == dialect.delimiter => at = next,
                    _ => return false,
                },
                None => return false,
            }
        }
    }
}

/// Where the field at `start` ends, if it holds the name and blanks.
fn field_end(dialect: &Dialect, record: &[u8], start: usize, name: &[u8]) -> Option<usize> {
    let mut at = start;
    if dialect.skip_initial_space {
        at += record[at..].iter().take_while(|&&b| b == b' ').count();
    }
    let quote = dialect.quote.filter(|quote| record.get(at) == Some(quote));
    at += usize::from(quote.is_some());
    let escape = match quote {
        Some(_) => dialect.escape,
        None => dialect.escape_unquoted,
    };
    let mut left = name;
    loop {
        let Some(&byte) = record.get(at) else {
            return (quote.is_none() && left.is_empty()).then_some(at);
        };
        let next = record.get(at + 1).copied();
        let mut text = byte;
        if Some(byte) == quote {
            if next != quote {
                return left.is_empty().then_some(at + 1);
            }
            at += 1;
        } else if Some(byte) == escape
            && let Some(next) = next.filter(|&next| dialect.escapes(next))
        {
            text = next;
            at += 1;
        } else if quote.is_none()
            && byte == dialect.delimiter
            && dialect.after_delimiter(record, at).is_some()
        {
            return left.is_empty().then_some(at);
        }
        at += 1;
        match left {
            [first, rest @ ..] if *first == text => left = rest,
            _ if (left.is_empty() || left.len() == name.len()) && is_blank(dialect, text) => {}
            _ => return None,
        }
    }
}

/// A space or a tab that has no other meaning.
fn is_blank(dialect: &Dialect, byte: u8) -> bool {
    let meant = [Some(dialect.delimiter), dialect.quote, dialect.escape];
    matches!(byte, b' ' | b'\t')
        && !meant.contains(&Some(byte))
        && !dialect.delimiter_rest.contains(&byte)
}
