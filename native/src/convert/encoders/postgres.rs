//! Rows for PostgreSQL's binary COPY: the number of values, then the length and the bytes of each
//! value, big-endian. The target adds the header and the trailer.

use super::super::field_text::FieldText as _;
use super::super::output::Output;
use super::column_key::ColumnKey;
use super::encoder::{Encoder, Width};
use super::time_text::DAY;
use crate::values::Decimal;
use crate::values::Field;
use crate::values::ShortNumber;

/// The days and the microseconds from 1970-01-01 to 2000-01-01, from which PostgreSQL counts.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * DAY;

/// The sign field of a negative `numeric`.
const NEGATIVE: u16 = 0x4000;

/// Writes rows for PostgreSQL's binary COPY.
pub struct PostgresEncoder;

impl PostgresEncoder {
    #[inline]
    fn four(out: &mut impl Output, value: [u8; 4]) {
        let value = u64::from(u32::from_be_bytes(value)) | 4 << 32;
        out.array(value.to_be_bytes());
    }

    #[inline]
    fn eight(out: &mut impl Output, value: [u8; 8]) {
        let mut bytes = [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes[4..].copy_from_slice(&value);
        out.array(bytes);
    }
}

impl Encoder for PostgresEncoder {
    #[inline]
    fn begin(out: &mut impl Output, values: usize) {
        out.array((values as u16).to_be_bytes());
    }

    #[inline]
    fn null(out: &mut impl Output, _: &ColumnKey) {
        out.array([0xFF; 4]);
    }

    #[inline]
    fn integer(out: &mut impl Output, value: i64, width: Width, _: Field<'_>) {
        match width {
            Width::Two => {
                let [a, b] = (value as i16).to_be_bytes();
                out.array([0, 0, 0, 2, a, b]);
            }
            Width::Four => PostgresEncoder::four(out, (value as i32).to_be_bytes()),
            Width::Eight => PostgresEncoder::eight(out, value.to_be_bytes()),
        }
    }

    #[inline]
    fn float64(out: &mut impl Output, value: f64, _: Field<'_>) {
        PostgresEncoder::eight(out, value.to_be_bytes());
    }

    #[inline]
    fn float32(out: &mut impl Output, value: f32, _: Field<'_>) {
        PostgresEncoder::four(out, value.to_be_bytes());
    }

    fn decimal(out: &mut Vec<u8>, value: &Decimal<'_>, _: &[u8]) {
        numeric(out, value);
    }

    /// Writes a `numeric` with at most two digits of base 10,000 on either side of the point.
    #[inline]
    fn short_decimal(out: &mut impl Output, value: ShortNumber, _: Field<'_>) {
        let pair = |number: u32| u64::from(number / 10_000) << 16 | u64::from(number % 10_000);
        let groups = pair(value.whole()) << 32 | pair(value.fraction());
        let leading = groups.leading_zeros() / 16;
        let count = match groups {
            0 => 0,
            _ => 4 - leading - groups.trailing_zeros() / 16,
        };
        let (weight, sign) = match count {
            0 => (0, 0),
            _ => (
                1 - leading as i16,
                if value.negative { NEGATIVE } else { 0 },
            ),
        };
        let [a, b] = (count as u16).to_be_bytes();
        let [c, d] = weight.to_be_bytes();
        let [e, f] = sign.to_be_bytes();
        let [g, h] = (value.decimals as u16).to_be_bytes();
        let mut bytes = [a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0];
        let groups = groups.checked_shl(16 * leading).unwrap_or(0);
        bytes[8..].copy_from_slice(&groups.to_be_bytes());
        out.array((8 + 2 * count).to_be_bytes());
        out.prefix(bytes, 8 + 2 * count as usize);
    }

    #[inline]
    fn boolean(out: &mut impl Output, value: bool) {
        out.array([0, 0, 0, 1, u8::from(value)]);
    }

    #[inline]
    fn date(out: &mut impl Output, days: i32) {
        PostgresEncoder::four(out, (days - EPOCH_DAYS).to_be_bytes());
    }

    #[inline]
    fn time(out: &mut impl Output, micros: i64) {
        PostgresEncoder::eight(out, micros.to_be_bytes());
    }

    #[inline]
    fn timestamp(out: &mut impl Output, micros: i64, _: Option<&[u8; 19]>) {
        PostgresEncoder::eight(out, (micros - EPOCH_MICROS).to_be_bytes());
    }

    #[inline]
    fn timestamptz(out: &mut impl Output, micros: i64) {
        PostgresEncoder::timestamp(out, micros, None);
    }

    #[inline]
    fn verbatim(out: &mut impl Output, text: Field<'_>) {
        out.array((text.len() as u32).to_be_bytes());
        text.write(out);
    }

    fn text(out: &mut Vec<u8>, text: &[u8]) {
        out.array((text.len() as u32).to_be_bytes());
        out.slice(text);
    }

    fn uuid(out: &mut Vec<u8>, value: &[u8; 16], _: &[u8]) {
        PostgresEncoder::text(out, value);
    }

    fn json(out: &mut Vec<u8>, text: &[u8], jsonb: bool) {
        out.array((text.len() as u32 + u32::from(jsonb)).to_be_bytes());
        if jsonb {
            out.push(1);
        }
        out.slice(text);
    }

    #[inline]
    fn end(_: &mut Vec<u8>) {}

    fn has_escapes(_: &[u8], _: u8) -> bool {
        false
    }
}

/// Writes a `numeric`: digits of base 10,000, the place of the first, and the number of decimals to
/// show. The decimal point falls between two such digits, so the decimal digits are grouped by four
/// from the point in both directions.
fn numeric(out: &mut Vec<u8>, value: &Decimal<'_>) {
    let point = value.integer.len() as i64 + i64::from(value.exponent);
    let scale = (value.fraction.len() as i64 - i64::from(value.exponent)).max(0);
    let digits = value
        .integer
        .iter()
        .chain(value.fraction)
        .map(|digit| digit - b'0');
    let leading = digits.clone().take_while(|&digit| digit == 0).count();
    let header = out.len();
    // Length, number of digits, place of the first, sign, scale.
    out.extend_from_slice(&[0; 12]);
    let mut group = 0_u16;
    // Places count down from the point: 0 is the ones'.
    let first = point - leading as i64 - 1;
    let mut place = first;
    for digit in digits.skip(leading) {
        group = group * 10 + u16::from(digit);
        if place.rem_euclid(4) == 0 {
            out.extend_from_slice(&group.to_be_bytes());
            group = 0;
        }
        place -= 1;
    }
    if place.rem_euclid(4) != 3 && place < first {
        let missing = place.rem_euclid(4) as u32 + 1;
        out.extend_from_slice(&(group * 10_u16.pow(missing)).to_be_bytes());
    }
    while out.len() > header + 12 && out.ends_with(&[0, 0]) {
        out.truncate(out.len() - 2);
    }
    let groups = (out.len() - header - 12) / 2;
    let weight = if groups == 0 { 0 } else { first.div_euclid(4) };
    let sign = if value.negative && groups > 0 {
        NEGATIVE
    } else {
        0
    };
    let length = (out.len() - header - 4) as u32;
    out[header..header + 4].copy_from_slice(&length.to_be_bytes());
    let parts = [groups as u16, weight as i16 as u16, sign, scale as u16];
    for (part, place) in parts.into_iter().zip(out[header + 4..].as_chunks_mut().0) {
        *place = part.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::decimal;

    fn encoded(text: &str) -> Vec<i16> {
        let mut out = Vec::new();
        numeric(&mut out, &decimal(text.as_bytes()).unwrap());
        let (length, rest) = out.split_first_chunk::<4>().unwrap();
        assert_eq!(u32::from_be_bytes(*length) as usize, rest.len());
        rest.as_chunks()
            .0
            .iter()
            .map(|two| i16::from_be_bytes(*two))
            .collect()
    }

    #[test]
    fn numerics_are_dealt_out_from_the_point() {
        // Digits, weight, sign, scale, then the digits.
        assert_eq!(encoded("0"), [0, 0, 0, 0]);
        assert_eq!(encoded("-0.00"), [0, 0, 0, 2]);
        assert_eq!(encoded("1"), [1, 0, 0, 0, 1]);
        assert_eq!(encoded("-12345.678"), [3, 1, 0x4000, 3, 1, 2345, 6780]);
        assert_eq!(encoded("10000"), [1, 1, 0, 0, 1]);
        assert_eq!(encoded("100.0000"), [1, 0, 0, 4, 100]);
        assert_eq!(encoded("0.00001"), [1, -2, 0, 5, 1000]);
        assert_eq!(encoded("0.0001"), [1, -1, 0, 4, 1]);
        assert_eq!(encoded("99990000.5"), [3, 1, 0, 1, 9999, 0, 5000]);
        assert_eq!(encoded("1.5e3"), [1, 0, 0, 0, 1500]);
        assert_eq!(encoded("1e5"), [1, 1, 0, 0, 10]);
        assert_eq!(encoded("15e-6"), [1, -2, 0, 6, 1500]);
        assert_eq!(encoded("12e2"), [1, 0, 0, 0, 1200]);
        assert_eq!(encoded(".5"), [1, -1, 0, 1, 5000]);
    }

    #[test]
    fn short_numerics_are_the_same() {
        let whole = [
            "", "0", "-0", "7", "-42", "9999", "10000", "120000", "1234567",
        ];
        for text in whole.iter().flat_map(|whole| {
            let fractions = [
                "", ".", ".0", ".5", ".50", ".0001", ".00001", ".1234567", ".00010",
            ];
            fractions.map(|fraction| format!("{whole}{fraction}"))
        }) {
            let until = format!("01234567,{text}");
            let Some(short) = Field::new(until.as_bytes(), 9, false).number() else {
                continue;
            };
            let (mut quick, mut full) = (Vec::new(), Vec::new());
            PostgresEncoder::short_decimal(&mut quick, short, Field::new(b"", 0, false));
            numeric(&mut full, &decimal(text.as_bytes()).unwrap());
            assert_eq!(quick, full, "{text}");
        }
    }
}
