//! Recognizes the header where it stands once more in the middle of an input, as in files that
//! were concatenated.

use super::prologue::bom;
use crate::dialect::Dialect;

/// Whether a line that is not empty is a record of data: neither idle nor the header once more.
/// The first two bytes nearly always tell.
#[inline]
pub fn is_plain_data(dialect: &Dialect, line: &[u8]) -> bool {
    dialect.surely_data(line)
        || (!dialect.is_idle(line)
            && (!dialect.may_repeat_header(line) || !repeats_header(dialect, line)))
}

/// Whether a record, without its line end, is the header once more.
///
/// A record is the header if its fields hold the same texts, with or without quotes, blanks around
/// them or a byte order mark before them. Empty fields at the end do not count.
#[inline(never)]
pub fn repeats_header(dialect: &Dialect, record: &[u8]) -> bool {
    let Some(header) = &dialect.repeated_header else {
        return false;
    };
    let mut at = bom(record);
    if header.marked && at == 0 {
        return false;
    }
    let mut names = header.names.iter();
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

/// The offset at which the field at `start` ends. None unless the field holds the name, with
/// or without blanks around it.
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
            _ if (left.is_empty() || left.len() == name.len()) && dialect.is_blank(text) => {}
            _ => return None,
        }
    }
}
