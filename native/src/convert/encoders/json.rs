//! Rows as JSON objects, one on each line, for the bodies of requests to an API.

use super::super::field_text::FieldText as _;
use super::super::output::Output;
use super::super::packed_text::PackedText;
use super::column_key::{ColumnKey, Literal};
use super::encoder::{Encoder, Width};
use super::time_text::{write_date, write_time, write_timestamp};
use crate::values::Decimal;
use crate::values::Field;
use crate::values::ShortNumber;

/// Writes a comma after every value. The end of the object replaces the last comma.
pub struct JsonEncoder;

impl JsonEncoder {
    /// The key of a column with this name. `omit_null` leaves NULLs out of the objects.
    pub fn key_of(name: &str, omit_null: bool) -> ColumnKey {
        let mut key = Vec::new();
        quote(&mut key, name.as_bytes());
        key.push(b':');
        let null = if omit_null {
            Vec::new()
        } else {
            [&*key, b"null,"].concat()
        };
        ColumnKey {
            key: Literal::new(&key),
            null: Literal::new(&null),
        }
    }

    /// Writes a number as it is written in the input, if that is JSON. Otherwise rewrites it with all
    /// its digits.
    #[inline(always)]
    fn number(out: &mut impl Output, text: Field<'_>) {
        if is_json_number(text) {
            text.write(out);
        } else {
            rewrite_number(out, text.text());
        }
        out.array(*b",");
    }
}

impl Encoder for JsonEncoder {
    const INDEXED: bool = true;

    #[inline]
    fn begin(out: &mut impl Output, _: usize) {
        out.array(*b"{");
    }

    #[inline(always)]
    fn key(out: &mut impl Output, label: &ColumnKey) {
        label.key.write(out);
    }

    #[inline]
    fn null(out: &mut impl Output, label: &ColumnKey) {
        label.null.write(out);
    }

    #[inline]
    fn integer(out: &mut impl Output, _: i64, _: Width, text: Field<'_>) {
        JsonEncoder::number(out, text);
    }

    #[inline]
    fn float64(out: &mut impl Output, _: f64, text: Field<'_>) {
        JsonEncoder::number(out, text);
    }

    #[inline]
    fn float32(out: &mut impl Output, _: f32, text: Field<'_>) {
        JsonEncoder::number(out, text);
    }

    fn decimal(out: &mut Vec<u8>, _: &Decimal<'_>, text: &[u8]) {
        JsonEncoder::number(out, Field::new(text, 0, false));
    }

    #[inline]
    fn short_decimal(out: &mut impl Output, _: ShortNumber, text: Field<'_>) {
        JsonEncoder::number(out, text);
    }

    #[inline]
    fn boolean(out: &mut impl Output, value: bool) {
        out.slice(if value { b"true," } else { b"false," });
    }

    #[inline]
    fn date(out: &mut impl Output, days: i32) {
        out.array(*b"\"");
        write_date(out, days);
        out.array(*b"\",");
    }

    #[inline]
    fn time(out: &mut impl Output, micros: i64) {
        out.array(*b"\"");
        write_time(out, micros);
        out.array(*b"\",");
    }

    #[inline]
    fn timestamp(out: &mut impl Output, micros: i64, text: Option<&[u8; 19]>) {
        match text {
            Some(text) => {
                let mut value = *b"\"YYYY-MM-DDTHH:MM:SS\",";
                value[1..20].copy_from_slice(text);
                value[11] = b'T';
                out.array(value);
            }
            None => {
                out.array(*b"\"");
                write_timestamp(out, b'T', micros);
                out.array(*b"\",");
            }
        }
    }

    #[inline]
    fn timestamptz(out: &mut impl Output, micros: i64) {
        out.array(*b"\"");
        write_timestamp(out, b'T', micros);
        out.array(*b"Z\",");
    }

    #[inline]
    fn verbatim(out: &mut impl Output, text: Field<'_>) {
        out.array(*b"\"");
        text.write(out);
        out.array(*b"\",");
    }

    #[inline(always)]
    fn simple_text(out: &mut impl Output, text: Field<'_>, _: bool) -> bool {
        let simple = !needs_escape(text);
        if simple {
            JsonEncoder::verbatim(out, text);
        }
        simple
    }

    fn text(out: &mut Vec<u8>, text: &[u8]) {
        quote(out, text);
        out.push(b',');
    }

    fn uuid(out: &mut Vec<u8>, _: &[u8; 16], text: &[u8]) {
        JsonEncoder::verbatim(out, Field::new(text, 0, false));
    }

    /// Line ends are removed. In valid JSON they stand only between tokens, where they mean nothing.
    fn json(out: &mut Vec<u8>, text: &[u8], _: bool) {
        for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
            out.slice(line);
        }
        out.push(b',');
    }

    #[inline]
    fn end(out: &mut Vec<u8>) {
        if out.last() == Some(&b',') {
            out.pop();
        }
        out.array(*b"}\n");
    }

    /// Each text is checked by itself, because most inputs have quotes somewhere.
    fn has_escapes(_: &[u8], _: u8) -> bool {
        true
    }
}

/// Whether a number is surely valid in JSON: short, without plus, exponent or leading zeros, and with
/// digits on both sides of a point. False means that the caller must rewrite it.
#[inline(always)]
fn is_json_number(number: Field<'_>) -> bool {
    let (Some(packed), Some(last)) = (number.packed(), number.text().last()) else {
        return false;
    };
    let [first, second] = packed.without_minus().first_two();
    let whole = first.is_ascii_digit() & !((first == b'0') & second.is_ascii_digit());
    whole & last.is_ascii_digit() & !packed.has_letters()
}

/// Writes any number without a plus sign as JSON.
#[inline(never)]
fn rewrite_number(out: &mut impl Output, text: &[u8]) {
    let (sign, number) = text.split_at(usize::from(text.starts_with(b"-")));
    let is_exponent = |byte: &u8| matches!(byte, b'e' | b'E');
    let end = number.iter().position(is_exponent);
    let (mantissa, exponent) = number.split_at(end.unwrap_or(number.len()));
    let point = mantissa.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = mantissa.split_at(point.unwrap_or(mantissa.len()));
    let zeros = whole.iter().take_while(|&&byte| byte == b'0').count();
    out.slice(sign);
    match &whole[zeros..] {
        [] => out.array(*b"0"),
        digits => out.slice(digits),
    }
    if fraction.len() > 1 {
        out.slice(fraction);
    }
    out.slice(exponent);
}

/// Whether a text needs escapes in JSON.
#[inline(always)]
fn needs_escape(text: Field<'_>) -> bool {
    match text.packed() {
        Some(packed) => packed.needs_json_escape(),
        None => long_needs_escape(text.text()),
    }
}

#[inline]
fn long_needs_escape(text: &[u8]) -> bool {
    let (whole, rest) = text.as_chunks();
    let last = text.last_chunk();
    whole
        .iter()
        .chain(last)
        .any(|bytes| PackedText::of(bytes).needs_json_escape())
        || last.is_none() && rest.iter().any(|&byte| escape(byte).is_some())
}

/// Appends a text in quotes.
fn quote(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let mut rest = text;
    while let Some((at, letter)) = next_escape(rest) {
        out.slice(&rest[..at]);
        out.array([b'\\', letter]);
        if letter == b'u' {
            let hex = |digit: u8| b"0123456789abcdef"[usize::from(digit & 15)];
            out.array([b'0', b'0', hex(rest[at] >> 4), hex(rest[at])]);
        }
        rest = &rest[at + 1..];
    }
    out.slice(rest);
    out.push(b'"');
}

/// The index of the first byte that needs an escape, and the letter of the escape.
fn next_escape(text: &[u8]) -> Option<(usize, u8)> {
    let mut bytes = text.iter().enumerate();
    bytes.find_map(|(at, &byte)| escape(byte).map(|letter| (at, letter)))
}

/// The letter after the backslash that stands for a byte. After `u` the number of the byte follows.
#[inline]
fn escape(byte: u8) -> Option<u8> {
    match byte {
        b'"' | b'\\' => Some(byte),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\t' => Some(b't'),
        0x08 => Some(b'b'),
        0x0C => Some(b'f'),
        0..0x20 => Some(b'u'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{decimal, json};

    fn number(text: &str) -> String {
        // Bytes before it, as in a row; and none.
        let until = format!("0123456789.-7,0,{text}");
        let (mut quick, mut full) = (Vec::new(), Vec::new());
        JsonEncoder::number(&mut quick, Field::new(until.as_bytes(), 16, false));
        JsonEncoder::number(&mut full, Field::new(text.as_bytes(), 0, false));
        assert_eq!(quick, full, "{text}");
        let written = String::from_utf8(full).unwrap();
        written.strip_suffix(',').unwrap().to_owned()
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (text, json) in [
            ("0", "0"),
            ("-0", "-0"),
            ("007", "7"),
            ("-00.50", "-0.50"),
            ("000", "0"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            ("5.", "5"),
            ("-5.e3", "-5e3"),
            ("1.e+05", "1e+05"),
            (".0E-7", "0.0E-7"),
            ("0.10", "0.10"),
            ("18446744073709551615", "18446744073709551615"),
            ("1234567.1234567", "1234567.1234567"),
            ("12345678901234567890.10", "12345678901234567890.10"),
        ] {
            assert_eq!(number(text), json);
        }
    }

    /// Every number of up to five of these characters.
    #[test]
    fn whatever_is_a_number_is_one_in_json() {
        let mut texts = vec![String::new()];
        for at in 0.. {
            let Some(text) = texts.get(at).cloned() else {
                break;
            };
            if let Ok(value) = decimal(text.as_bytes())
                && !text.starts_with('+')
            {
                let written = number(&text);
                assert_eq!(json(written.as_bytes()), Ok(()), "{text}: {written}");
                let read = decimal(written.as_bytes()).unwrap();
                assert!(read.compare(&value).is_eq(), "{text}: {written}");
            }
            if text.len() < 5 {
                texts.extend("017.e-+".chars().map(|next| format!("{text}{next}")));
            }
        }
    }

    /// Every character that there may be one of, at every place of texts of every length.
    #[test]
    fn texts_are_escaped_where_they_must_be() {
        for char in (1..0x80).map(char::from).chain("\u{80}é€😀".chars()) {
            for length in 0..20 {
                for at in 0..=length {
                    let text = ["a".repeat(at), "b".repeat(length - at)].join(&char.to_string());
                    let mut out = Vec::new();
                    JsonEncoder::text(&mut out, text.as_bytes());
                    let expected = serde_json::to_string(&text).unwrap() + ",";
                    assert_eq!(String::from_utf8(out.clone()).unwrap(), expected);
                    let mut quick = Vec::new();
                    let until = format!("\"\\\n{text}");
                    let field = Field::new(until.as_bytes(), 3, false);
                    let simple = out.len() == text.len() + 3;
                    assert_eq!(JsonEncoder::simple_text(&mut quick, field, false), simple);
                    assert_eq!(quick, if simple { out } else { Vec::new() });
                }
            }
        }
    }

    #[test]
    fn labels_are_keys() {
        let written = |literal: &Literal| {
            let mut out = Vec::new();
            literal.write(&mut out);
            String::from_utf8(out).unwrap()
        };
        let label = JsonEncoder::key_of("a \"b\" of some length", false);
        assert_eq!(written(&label.key), r#""a \"b\" of some length":"#);
        assert_eq!(written(&label.null), r#""a \"b\" of some length":null,"#);
        assert_eq!(written(&JsonEncoder::key_of("a", true).null), "");
    }
}
