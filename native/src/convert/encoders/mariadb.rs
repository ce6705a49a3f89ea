//! Rows for MariaDB's bulk execution. Each value has a byte that says whether it is NULL, and then its
//! bytes as in the binary protocol, little-endian. A block begins with the types of the columns.

use super::super::field_text::FieldText as _;
use super::super::output::Output;
use super::column_key::ColumnKey;
use super::encoder::{Encoder, OwnKind, Width};
use super::time_text::{DAY, TimeOfDay, year_month_day};
use crate::conversion_spec::{TypeKind, TypeSpec, Wire};
use crate::values::Decimal;
use crate::values::Field;

/// The byte before a value, and the byte in place of a NULL.
const VALUE: u8 = 0;
const NULL: u8 = 1;

/// The column types of the protocol.
const TINY: u8 = 1;
const FLOAT: u8 = 4;
const DOUBLE: u8 = 5;
const LONGLONG: u8 = 8;
const DATE: u8 = 10;
const TIME: u8 = 11;
const DATETIME: u8 = 12;
const DECIMAL: u8 = 246;
const BLOB: u8 = 252;
const STRING: u8 = 253;

const UNSIGNED: u8 = 0x80;

/// Writes rows for MariaDB's bulk execution.
pub struct MariadbEncoder;

impl MariadbEncoder {
    #[inline]
    fn eight(out: &mut impl Output, value: [u8; 8]) {
        let mut bytes = [VALUE; 9];
        bytes[1..].copy_from_slice(&value);
        out.array(bytes);
    }

    #[inline]
    fn string(out: &mut Vec<u8>, text: &[u8]) {
        MariadbEncoder::length(out, text.len());
        out.slice(text);
    }

    #[inline]
    fn length(out: &mut impl Output, length: usize) {
        let [a, b, c, ..] = (length as u64).to_le_bytes();
        match length {
            0..=250 => out.array([VALUE, a]),
            251..=0xFFFF => out.array([VALUE, 0xFC, a, b]),
            0x1_0000..=0xFF_FFFF => out.array([VALUE, 0xFD, a, b, c]),
            _ => {
                out.array([VALUE, 0xFE]);
                out.array((length as u64).to_le_bytes());
            }
        }
    }

    /// Writes a date and time. Microseconds are written only if there are any.
    #[inline]
    fn datetime(out: &mut impl Output, (year, month, day): (u32, u32, u32), clock: TimeOfDay) {
        let [a, b] = (year as u16).to_le_bytes();
        let (m, d) = (month as u8, day as u8);
        let TimeOfDay {
            hour,
            minute,
            second,
            micros,
        } = clock;
        if micros == 0 {
            out.array([VALUE, 7, a, b, m, d, hour, minute, second]);
        } else {
            out.array([VALUE, 11, a, b, m, d, hour, minute, second]);
            out.array(micros.to_le_bytes());
        }
    }
}

impl Encoder for MariadbEncoder {
    fn head<'a>(out: &mut Vec<u8>, columns: impl Iterator<Item = &'a TypeSpec>, lineage: bool) {
        for column in columns {
            out.array(wire(column));
        }
        if lineage {
            out.array([LONGLONG, 0, LONGLONG, 0]);
        }
    }

    fn own_head(out: &mut Vec<u8>, kinds: &[OwnKind]) {
        for kind in kinds {
            let wire = match kind {
                OwnKind::Integer => LONGLONG,
                OwnKind::Text => STRING,
                OwnKind::Bytes => BLOB,
            };
            out.array([wire, 0]);
        }
    }

    #[inline]
    fn begin(_: &mut impl Output, _: usize) {}

    #[inline]
    fn null(out: &mut impl Output, _: &ColumnKey) {
        out.array([NULL]);
    }

    #[inline]
    fn integer(out: &mut impl Output, value: i64, _: Width, _: Field<'_>) {
        MariadbEncoder::eight(out, value.to_le_bytes());
    }

    #[inline]
    fn float64(out: &mut impl Output, value: f64, _: Field<'_>) {
        MariadbEncoder::eight(out, value.to_le_bytes());
    }

    #[inline]
    fn float32(out: &mut impl Output, value: f32, _: Field<'_>) {
        let [a, b, c, d] = value.to_le_bytes();
        out.array([VALUE, a, b, c, d]);
    }

    fn decimal(out: &mut Vec<u8>, _: &Decimal<'_>, text: &[u8]) {
        MariadbEncoder::string(out, text);
    }

    #[inline]
    fn boolean(out: &mut impl Output, value: bool) {
        out.array([VALUE, u8::from(value)]);
    }

    #[inline]
    fn date(out: &mut impl Output, days: i32) {
        let (year, month, day) = year_month_day(days);
        let [a, b] = (year as u16).to_le_bytes();
        out.array([VALUE, 4, a, b, month as u8, day as u8]);
    }

    #[inline]
    fn time(out: &mut impl Output, micros: i64) {
        let span = micros.unsigned_abs() as i64;
        let [a, b, c, d] = ((span / DAY) as u32).to_le_bytes();
        let negative = u8::from(micros < 0);
        let TimeOfDay {
            hour,
            minute,
            second,
            micros,
        } = TimeOfDay::of(span % DAY);
        out.array([VALUE, 12, negative, a, b, c, d, hour, minute, second]);
        out.array(micros.to_le_bytes());
    }

    #[inline]
    fn timestamp(out: &mut impl Output, micros: i64, text: Option<&[u8; 19]>) {
        let (date, clock) = match text {
            Some(text) => {
                let two = |at: usize| (text[at] & 15) * 10 + (text[at + 1] & 15);
                let year = u32::from(two(0)) * 100 + u32::from(two(2));
                let clock = TimeOfDay {
                    hour: two(11),
                    minute: two(14),
                    second: two(17),
                    micros: 0,
                };
                ((year, two(5).into(), two(8).into()), clock)
            }
            None => {
                let days = micros.div_euclid(DAY) as i32;
                (year_month_day(days), TimeOfDay::of(micros.rem_euclid(DAY)))
            }
        };
        MariadbEncoder::datetime(out, date, clock);
    }

    #[inline]
    fn timestamptz(out: &mut impl Output, micros: i64) {
        MariadbEncoder::timestamp(out, micros, None);
    }

    #[inline]
    fn verbatim(out: &mut impl Output, text: Field<'_>) {
        MariadbEncoder::length(out, text.len());
        text.write(out);
    }

    fn text(out: &mut Vec<u8>, text: &[u8]) {
        MariadbEncoder::string(out, text);
    }

    fn uuid(out: &mut Vec<u8>, _: &[u8; 16], text: &[u8]) {
        MariadbEncoder::string(out, text);
    }

    fn json(out: &mut Vec<u8>, text: &[u8], _: bool) {
        MariadbEncoder::string(out, text);
    }

    #[inline]
    fn end(_: &mut Vec<u8>) {}

    fn has_escapes(_: &[u8], _: u8) -> bool {
        false
    }
}

/// The type of a column in the protocol, and its flags.
fn wire(column: &TypeSpec) -> [u8; 2] {
    let kind = match column.kind {
        TypeKind::Boolean if column.wire == Wire::Tiny => LONGLONG,
        TypeKind::Boolean => TINY,
        TypeKind::Integer => return [LONGLONG, if column.unsigned { UNSIGNED } else { 0 }],
        TypeKind::Float if column.bits == 32 => FLOAT,
        TypeKind::Float => DOUBLE,
        TypeKind::Decimal => DECIMAL,
        TypeKind::Date => DATE,
        TypeKind::Time => TIME,
        TypeKind::Timestamp | TypeKind::Timestamptz => DATETIME,
        TypeKind::Text | TypeKind::Uuid | TypeKind::Json => STRING,
    };
    [kind, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    #[test]
    fn a_timestamp_is_the_same_from_its_text_and_its_value() {
        for text in [
            b"0001-01-01 00:00:00",
            b"1969-12-31T23:59:59",
            b"9999-12-31 12:34:56",
        ] {
            let micros = crate::values::timestamp(text).unwrap().micros;
            let quick = written(|out| MariadbEncoder::timestamp(out, micros, Some(text)));
            assert_eq!(
                quick,
                written(|out| MariadbEncoder::timestamp(out, micros, None))
            );
        }
        let micros = crate::values::timestamp(b"2024-02-29 01:02:03.000004")
            .unwrap()
            .micros;
        let full = written(|out| MariadbEncoder::timestamp(out, micros, None));
        assert_eq!(full, [VALUE, 11, 0xE8, 7, 2, 29, 1, 2, 3, 4, 0, 0, 0]);
    }

    #[test]
    fn a_span_has_a_sign_and_days() {
        let span = |text: &str| crate::values::span(text.as_bytes()).unwrap().unwrap();
        let out = written(|out| MariadbEncoder::time(out, span("-838:59:58").micros));
        assert_eq!(out, [VALUE, 12, 1, 34, 0, 0, 0, 22, 59, 58, 0, 0, 0, 0]);
        let out = written(|out| MariadbEncoder::time(out, span("24:00:00").micros));
        assert_eq!(out, [VALUE, 12, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn lengths_grow_with_the_text() {
        for (length, head) in [
            (250, vec![VALUE, 250]),
            (251, vec![VALUE, 0xFC, 251, 0]),
            (65_536, vec![VALUE, 0xFD, 0, 0, 1]),
            (1 << 24, vec![VALUE, 0xFE, 0, 0, 0, 1, 0, 0, 0, 0]),
        ] {
            let out = written(|out| MariadbEncoder::text(out, &vec![b'x'; length]));
            assert!(out.starts_with(&head));
            assert_eq!(out.len(), head.len() + length);
        }
    }
}
