//! Values to bind in SQLite, each with a tag. `sqlite/insert.rs` reads them.

use super::super::field_text::FieldText as _;
use super::super::output::Output;
use super::column_key::ColumnKey;
use super::encoder::{Encoder, Width};
use super::time_text::{write_date, write_time, write_timestamp};
use crate::values::Decimal;
use crate::values::Field;

/// The tags. Eight bytes follow the tag of an integer or a float, little-endian. The tag of a text or
/// a blob is followed by its length in four bytes, and its bytes.
pub const NULL: u8 = 0;
pub const INTEGER: u8 = 1;
pub const FLOAT: u8 = 2;
pub const TEXT: u8 = 3;
pub const BLOB: u8 = 4;

/// Writes values for `sqlite/insert.rs`.
pub struct SqliteEncoder;

impl SqliteEncoder {
    /// Writes the tag and the length of a text.
    #[inline]
    fn header(out: &mut impl Output, length: usize) {
        let [a, b, c, d] = (length as u32).to_le_bytes();
        out.array([TEXT, a, b, c, d]);
    }

    /// Writes a short text that `write` produces.
    #[inline]
    fn written(out: &mut impl Output, write: impl FnOnce(&mut Vec<u8>)) {
        let mut text = Vec::with_capacity(32);
        write(&mut text);
        SqliteEncoder::header(out, text.len());
        out.slice(&text);
    }

    #[inline]
    fn eight(out: &mut impl Output, tag: u8, bytes: [u8; 8]) {
        let [a, b, c, d, e, f, g, h] = bytes;
        out.array([tag, a, b, c, d, e, f, g, h]);
    }
}

impl Encoder for SqliteEncoder {
    #[inline]
    fn begin(_: &mut impl Output, _: usize) {}

    #[inline]
    fn null(out: &mut impl Output, _: &ColumnKey) {
        out.array([NULL]);
    }

    #[inline]
    fn integer(out: &mut impl Output, value: i64, _: Width, _: Field<'_>) {
        SqliteEncoder::eight(out, INTEGER, value.to_le_bytes());
    }

    #[inline]
    fn float64(out: &mut impl Output, value: f64, _: Field<'_>) {
        SqliteEncoder::eight(out, FLOAT, value.to_le_bytes());
    }

    #[inline]
    fn float32(out: &mut impl Output, value: f32, text: Field<'_>) {
        SqliteEncoder::float64(out, f64::from(value), text);
    }

    fn decimal(out: &mut Vec<u8>, _: &Decimal<'_>, text: &[u8]) {
        SqliteEncoder::text(out, text);
    }

    #[inline]
    fn boolean(out: &mut impl Output, value: bool) {
        SqliteEncoder::eight(out, INTEGER, i64::from(value).to_le_bytes());
    }

    #[inline]
    fn date(out: &mut impl Output, days: i32) {
        SqliteEncoder::header(out, 10);
        write_date(out, days);
    }

    #[inline]
    fn time(out: &mut impl Output, micros: i64) {
        SqliteEncoder::written(out, |out| write_time(out, micros));
    }

    #[inline]
    fn timestamp(out: &mut impl Output, micros: i64, text: Option<&[u8; 19]>) {
        match text {
            Some(text) => {
                let mut value = [0; 24];
                value[..5].copy_from_slice(&[TEXT, 19, 0, 0, 0]);
                value[5..].copy_from_slice(text);
                value[15] = b' ';
                out.array(value);
            }
            None => SqliteEncoder::written(out, |out| write_timestamp(out, b' ', micros)),
        }
    }

    #[inline]
    fn timestamptz(out: &mut impl Output, micros: i64) {
        SqliteEncoder::written(out, |out| {
            write_timestamp(out, b' ', micros);
            out.push(b'Z');
        });
    }

    #[inline]
    fn verbatim(out: &mut impl Output, text: Field<'_>) {
        SqliteEncoder::header(out, text.len());
        text.write(out);
    }

    fn text(out: &mut Vec<u8>, text: &[u8]) {
        SqliteEncoder::header(out, text.len());
        out.slice(text);
    }

    fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
        let [a, b, c, d] = (bytes.len() as u32).to_le_bytes();
        out.array([BLOB, a, b, c, d]);
        out.slice(bytes);
    }

    fn uuid(out: &mut Vec<u8>, _: &[u8; 16], text: &[u8]) {
        SqliteEncoder::text(out, text);
    }

    fn json(out: &mut Vec<u8>, text: &[u8], _: bool) {
        SqliteEncoder::text(out, text);
    }

    #[inline]
    fn end(_: &mut Vec<u8>) {}

    fn has_escapes(_: &[u8], _: u8) -> bool {
        false
    }
}
