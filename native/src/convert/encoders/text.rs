//! Rows as tab-separated text with backslash escapes, for MySQL's `LOAD DATA` and PostgreSQL's text
//! COPY.

use memchr::{memchr, memchr3};

use super::super::field_text::FieldText as _;
use super::super::output::Output;
use super::column_key::ColumnKey;
use super::encoder::{Encoder, Width};
use super::time_text::{DAY, write_date, write_span, write_time, write_timestamp};
use crate::values::Decimal;
use crate::values::Field;

/// Writes tab-separated text with backslash escapes.
pub struct TextEncoder;

impl Encoder for TextEncoder {
    #[inline]
    fn begin(_: &mut impl Output, _: usize) {}

    #[inline]
    fn null(out: &mut impl Output, _: &ColumnKey) {
        out.array(*b"\\N\t");
    }

    #[inline]
    fn integer(out: &mut impl Output, _: i64, _: Width, text: Field<'_>) {
        TextEncoder::verbatim(out, text);
    }

    #[inline]
    fn float64(out: &mut impl Output, _: f64, text: Field<'_>) {
        TextEncoder::verbatim(out, text);
    }

    #[inline]
    fn float32(out: &mut impl Output, _: f32, text: Field<'_>) {
        TextEncoder::verbatim(out, text);
    }

    fn decimal(out: &mut Vec<u8>, _: &Decimal<'_>, text: &[u8]) {
        out.slice(text);
        out.array(*b"\t");
    }

    #[inline]
    fn boolean(out: &mut impl Output, value: bool) {
        out.array([b'0' + u8::from(value), b'\t']);
    }

    #[inline]
    fn date(out: &mut impl Output, days: i32) {
        write_date(out, days);
        out.array(*b"\t");
    }

    #[inline]
    fn time(out: &mut impl Output, micros: i64) {
        if (0..DAY).contains(&micros) {
            write_time(out, micros);
        } else {
            write_span(out, micros);
        }
        out.array(*b"\t");
    }

    #[inline]
    fn timestamp(out: &mut impl Output, micros: i64, text: Option<&[u8; 19]>) {
        match text {
            Some(text) => {
                let mut bytes = [b'\t'; 20];
                bytes[..19].copy_from_slice(text);
                bytes[10] = b' ';
                out.array(bytes);
            }
            None => {
                write_timestamp(out, b' ', micros);
                out.array(*b"\t");
            }
        }
    }

    #[inline]
    fn timestamptz(out: &mut impl Output, micros: i64) {
        TextEncoder::timestamp(out, micros, None);
    }

    #[inline]
    fn verbatim(out: &mut impl Output, text: Field<'_>) {
        text.write(out);
        out.array(*b"\t");
    }

    fn text(out: &mut Vec<u8>, text: &[u8]) {
        for &byte in text {
            match escape(byte) {
                Some(letter) => out.array([b'\\', letter]),
                None => out.push(byte),
            }
        }
        out.push(b'\t');
    }

    fn uuid(out: &mut Vec<u8>, _: &[u8; 16], text: &[u8]) {
        TextEncoder::text(out, text);
    }

    fn json(out: &mut Vec<u8>, text: &[u8], _: bool) {
        TextEncoder::text(out, text);
    }

    #[inline]
    fn end(out: &mut Vec<u8>) {
        if let Some(last) = out.last_mut() {
            *last = b'\n';
        }
    }

    fn has_escapes(data: &[u8], newline: u8) -> bool {
        // The other one stands between records only, unless it is in quotes.
        let line_end = if newline == b'\n' { b'\r' } else { b'\n' };
        memchr3(b'\\', b'\t', line_end, data).is_some()
            || !matches!(newline, b'\n' | b'\r') && memchr(b'\r', data).is_some()
    }
}

/// The letter after the backslash that stands for a byte.
#[inline]
fn escape(byte: u8) -> Option<u8> {
    match byte {
        b'\\' => Some(b'\\'),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\t' => Some(b't'),
        _ => None,
    }
}
