//! Removes quotes and escapes from the text of a field.

use memchr::{memchr, memchr2};

use super::json_text;
use super::letters::letter;
use super::record::Span;
use crate::dialect::{Dialect, Escapes};

/// NULL where escapes have letters. It is no letter itself, so that it stays what it is.
const NULL: &[u8] = br"\N";

/// Writes the text of a field to `text`. Doubled quotes become one. Escapes that are no data are
/// removed, unless `keep` is true.
pub fn unescape(dialect: &Dialect, raw: &[u8], quoted: bool, keep: bool, text: &mut Vec<u8>) {
    text.clear();
    if dialect.escapes != Escapes::Signs && raw == NULL {
        return text.extend_from_slice(raw);
    }
    let (quote, escape) = if quoted {
        (dialect.quote, dialect.escape)
    } else {
        (None, dialect.escape_unquoted)
    };
    let mut rest = raw;
    loop {
        let found = match (quote, escape) {
            (Some(quote), Some(escape)) => memchr2(quote, escape, rest),
            (Some(byte), None) | (None, Some(byte)) => memchr(byte, rest),
            (None, None) => None,
        };
        let Some((at, &next)) = found.and_then(|at| Some((at, rest.get(at + 1)?))) else {
            text.extend_from_slice(rest);
            return;
        };
        let doubled = Some(rest[at]) == quote;
        if !doubled && !keep && dialect.escapes != Escapes::Signs {
            let (byte, taken) = letter(dialect.escapes, &rest[at + 1..]);
            text.extend_from_slice(&rest[..at]);
            text.push(byte);
            rest = &rest[at + 1 + taken..];
        } else if doubled || !keep && dialect.escapes(next) {
            text.extend_from_slice(&rest[..at]);
            text.push(next);
            rest = &rest[at + 2..];
        } else {
            // The escaped byte has no meaning of its own.
            let taken = at + 1 + usize::from(dialect.escapes(next));
            text.extend_from_slice(&rest[..taken]);
            rest = &rest[taken..];
        }
    }
}

/// The text of a field whose bytes are `raw`. It is in `scratch` if escapes had to be removed.
#[inline]
pub fn text_of<'s>(
    dialect: &Dialect,
    raw: &'s [u8],
    span: Span,
    scratch: &'s mut Vec<u8>,
) -> &'s [u8] {
    if !span.escaped {
        return raw;
    }
    if dialect.objects.is_some() {
        json_text::unescape(raw, scratch);
    } else {
        unescape(dialect, raw, span.quoted, false, scratch);
    }
    scratch
}

/// A field whose bytes are `raw` as it is written, with its escapes.
#[inline]
pub fn written_of<'s>(
    dialect: &Dialect,
    raw: &'s [u8],
    span: Span,
    scratch: &'s mut Vec<u8>,
) -> &'s [u8] {
    if dialect.objects.is_some() {
        return text_of(dialect, raw, span, scratch);
    }
    if !span.escaped || !span.quoted {
        return raw;
    }
    unescape(dialect, raw, true, true, scratch);
    scratch
}
