//! Rows of MariaDB's bulk execution: of each value whether it is NULL, and its bytes as in the
//! binary protocol, all little-endian. Before them the types of the columns, once a block.

use super::encoder::{Clock, Encoder, Width, civil};
use super::label::Label;
use super::short::Field;
use super::sink::Sink;
use crate::spec::{Kind, TypeSpec, Wire};
use crate::values::Decimal;

/// Before a value, and in place of a NULL.
const VALUE: u8 = 0;
const NULL: u8 = 1;

/// The types of the protocol.
const TINY: u8 = 1;
const FLOAT: u8 = 4;
const DOUBLE: u8 = 5;
const LONGLONG: u8 = 8;
const DATE: u8 = 10;
const TIME: u8 = 11;
const DATETIME: u8 = 12;
const DECIMAL: u8 = 246;
const STRING: u8 = 253;

const UNSIGNED: u8 = 0x80;

pub struct Mariadb;

impl Mariadb {
    #[inline]
    fn eight(out: &mut impl Sink, value: [u8; 8]) {
        let mut bytes = [VALUE; 9];
        bytes[1..].copy_from_slice(&value);
        out.array(bytes);
    }

    #[inline]
    fn string(out: &mut Vec<u8>, text: &[u8]) {
        Mariadb::length(out, text.len());
        out.slice(text);
    }

    #[inline]
    fn length(out: &mut impl Sink, length: usize) {
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

    /// With microseconds only where there are any.
    #[inline]
    fn datetime(out: &mut impl Sink, (year, month, day): (u32, u32, u32), clock: Clock) {
        let [a, b] = (year as u16).to_le_bytes();
        let (m, d) = (month as u8, day as u8);
        let Clock {
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

impl Encoder for Mariadb {
    fn head<'a>(out: &mut Vec<u8>, columns: impl Iterator<Item = &'a TypeSpec>, lineage: bool) {
        for column in columns {
            out.array(wire(column));
        }
        if lineage {
            out.array([LONGLONG, 0, LONGLONG, 0]);
        }
    }

    #[inline]
    fn begin(_: &mut impl Sink, _: usize) {}

    #[inline]
    fn null(out: &mut impl Sink, _: &Label) {
        out.array([NULL]);
    }

    #[inline]
    fn integer(out: &mut impl Sink, value: i64, _: Width, _: Field<'_>) {
        Mariadb::eight(out, value.to_le_bytes());
    }

    #[inline]
    fn float64(out: &mut impl Sink, value: f64, _: Field<'_>) {
        Mariadb::eight(out, value.to_le_bytes());
    }

    #[inline]
    fn float32(out: &mut impl Sink, value: f32, _: Field<'_>) {
        let [a, b, c, d] = value.to_le_bytes();
        out.array([VALUE, a, b, c, d]);
    }

    fn decimal(out: &mut Vec<u8>, _: &Decimal<'_>, text: &[u8]) {
        Mariadb::string(out, text);
    }

    #[inline]
    fn boolean(out: &mut impl Sink, value: bool) {
        out.array([VALUE, u8::from(value)]);
    }

    #[inline]
    fn date(out: &mut impl Sink, days: i32) {
        let (year, month, day) = civil(days);
        let [a, b] = (year as u16).to_le_bytes();
        out.array([VALUE, 4, a, b, month as u8, day as u8]);
    }

    #[inline]
    fn time(out: &mut impl Sink, micros: i64) {
        let span = micros.unsigned_abs() as i64;
        let [a, b, c, d] = ((span / super::encoder::DAY) as u32).to_le_bytes();
        let negative = u8::from(micros < 0);
        let Clock {
            hour,
            minute,
            second,
            micros,
        } = Clock::of(span % super::encoder::DAY);
        out.array([VALUE, 12, negative, a, b, c, d, hour, minute, second]);
        out.array(micros.to_le_bytes());
    }

    #[inline]
    fn timestamp(out: &mut impl Sink, micros: i64, text: Option<&[u8; 19]>) {
        let (date, clock) = match text {
            Some(text) => {
                let two = |at: usize| (text[at] & 15) * 10 + (text[at + 1] & 15);
                let year = u32::from(two(0)) * 100 + u32::from(two(2));
                let clock = Clock {
                    hour: two(11),
                    minute: two(14),
                    second: two(17),
                    micros: 0,
                };
                ((year, two(5).into(), two(8).into()), clock)
            }
            None => {
                let days = micros.div_euclid(super::encoder::DAY) as i32;
                (
                    civil(days),
                    Clock::of(micros.rem_euclid(super::encoder::DAY)),
                )
            }
        };
        Mariadb::datetime(out, date, clock);
    }

    #[inline]
    fn timestamptz(out: &mut impl Sink, micros: i64) {
        Mariadb::timestamp(out, micros, None);
    }

    #[inline]
    fn verbatim(out: &mut impl Sink, text: Field<'_>) {
        Mariadb::length(out, text.len());
        text.write(out);
    }

    fn text(out: &mut Vec<u8>, text: &[u8]) {
        Mariadb::string(out, text);
    }

    fn uuid(out: &mut Vec<u8>, _: &[u8; 16], text: &[u8]) {
        Mariadb::string(out, text);
    }

    fn json(out: &mut Vec<u8>, text: &[u8], _: bool) {
        Mariadb::string(out, text);
    }

    #[inline]
    fn end(_: &mut Vec<u8>) {}

    fn has_escapes(_: &[u8], _: u8) -> bool {
        false
    }
}

/// A column's type and its flags.
fn wire(column: &TypeSpec) -> [u8; 2] {
    let kind = match column.kind {
        Kind::Boolean if column.wire == Wire::Tiny => LONGLONG,
        Kind::Boolean => TINY,
        Kind::Integer => return [LONGLONG, if column.unsigned { UNSIGNED } else { 0 }],
        Kind::Float if column.bits == 32 => FLOAT,
        Kind::Float => DOUBLE,
        Kind::Decimal => DECIMAL,
        Kind::Date => DATE,
        Kind::Time => TIME,
        Kind::Timestamp | Kind::Timestamptz => DATETIME,
        Kind::Text | Kind::Uuid | Kind::Json => STRING,
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
            let quick = written(|out| Mariadb::timestamp(out, micros, Some(text)));
            assert_eq!(quick, written(|out| Mariadb::timestamp(out, micros, None)));
        }
        let micros = crate::values::timestamp(b"2024-02-29 01:02:03.000004")
            .unwrap()
            .micros;
        let full = written(|out| Mariadb::timestamp(out, micros, None));
        assert_eq!(full, [VALUE, 11, 0xE8, 7, 2, 29, 1, 2, 3, 4, 0, 0, 0]);
    }

    #[test]
    fn a_span_has_a_sign_and_days() {
        let span = |text: &str| crate::values::span(text.as_bytes()).unwrap().unwrap();
        let out = written(|out| Mariadb::time(out, span("-838:59:58").micros));
        assert_eq!(out, [VALUE, 12, 1, 34, 0, 0, 0, 22, 59, 58, 0, 0, 0, 0]);
        let out = written(|out| Mariadb::time(out, span("24:00:00").micros));
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
            let out = written(|out| Mariadb::text(out, &vec![b'x'; length]));
            assert!(out.starts_with(&head));
            assert_eq!(out.len(), head.len() + length);
        }
    }
}
