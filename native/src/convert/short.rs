//! Fields that are short, or of one fixed form, as most numbers and times are: read eight
//! bytes at a time, with no branch that depends on where a digit or the point stands. Such a
//! branch is guessed wrong at every other field, which costs more than all the rest.

use super::packed::Packed;
use super::sink::{PADDED, Sink};
use crate::values::day_number;

/// The most digits of a short number.
pub const SHORT_DIGITS: u32 = 8;

/// Powers of ten that a double holds exactly, and the same as integers.
const TENS: [f64; 8] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];
const WHOLE_TENS: [u32; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

/// A field, with what stands before it in memory.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// From anywhere before the field to its end.
    until: &'a [u8],
    start: usize,
    pub quoted: bool,
}

/// The number `mantissa / 10^decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    pub negative: bool,
    pub mantissa: u32,
    pub decimals: u32,
}

impl Short {
    /// Both parts are exact, so the one division rounds as it should.
    #[inline]
    pub fn as_f64(self) -> f64 {
        let value = f64::from(self.mantissa) / TENS[self.decimals as usize & 7];
        f64::from_bits(value.to_bits() | u64::from(self.negative) << 63)
    }

    /// What stands before the point.
    #[inline]
    pub fn whole(self) -> u32 {
        self.mantissa / WHOLE_TENS[self.decimals as usize & 7]
    }

    /// The first eight digits after the point, as a number.
    #[inline]
    pub fn fraction(self) -> u32 {
        let tens = WHOLE_TENS[self.decimals as usize & 7];
        self.mantissa % tens * (100_000_000 / tens)
    }
}

impl<'a> Field<'a> {
    #[inline]
    pub fn new(until: &'a [u8], start: usize, quoted: bool) -> Field<'a> {
        Field {
            until,
            start,
            quoted,
        }
    }

    #[inline]
    pub fn text(&self) -> &'a [u8] {
        &self.until[self.start..]
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.until.len() - self.start
    }

    /// The text, if it is short.
    #[inline(always)]
    pub fn packed(&self) -> Option<Packed> {
        let length = self.len();
        let tail = self.until.last_chunk()?;
        if length > PADDED {
            return None;
        }
        // What stands before the text goes out at the low end.
        let gone = 8 * (PADDED - length) as u32;
        let bytes = u128::from_le_bytes(*tail).checked_shr(gone).unwrap_or(0);
        Some(Packed { bytes, length })
    }

    /// Appends the text.
    #[inline]
    pub fn write(&self, out: &mut impl Sink) {
        match self.packed() {
            Some(text) => out.padded(text.bytes.to_le_bytes(), text.length),
            None => out.slice(self.text()),
        }
    }

    /// Reads `-?digits[.digits]` if it has at most eight bytes after the sign. None says
    /// nothing: then the text must be looked at in full.
    #[inline(always)]
    pub fn number(&self) -> Option<Short> {
        let (negative, length, text) = self.padded()?;
        let (digits, decimals) = without_point(text);
        if length == 1 && decimals != NO_POINT {
            return None;
        }
        Some(Short {
            negative,
            mantissa: value(digits)?,
            decimals: decimals & 7,
        })
    }

    /// The same for `-?digits`.
    #[inline(always)]
    pub fn integer(&self) -> Option<i64> {
        let (negative, _, text) = self.padded()?;
        let value = i64::from(value(text)?);
        Some(if negative { -value } else { value })
    }

    /// The microseconds that a point and up to six digits say, which the last `length` bytes of
    /// the field are.
    #[inline]
    pub fn fraction(&self, length: usize) -> Option<u32> {
        let digits = length.checked_sub(1).filter(|digits| *digits <= 6)?;
        let start = self.until.len() - digits;
        match Field::new(self.until, start, false).padded()? {
            (false, _, values) if self.until[start - 1] == b'.' => {
                Some(value(values)? * WHOLE_TENS[6 - digits])
            }
            _ => None,
        }
    }

    /// Whether there is a minus, the length without it, and the values of those digits with
    /// zeros before them; what is no digit has a value of more than 9.
    #[inline(always)]
    fn padded(&self) -> Option<(bool, usize, u64)> {
        let tail = u64::from_le_bytes(*self.until.last_chunk()?);
        let negative = *self.until.get(self.start)? == b'-';
        let length = self.len() - usize::from(negative);
        if length.wrapping_sub(1) > 7 {
            return None;
        }
        // The first byte of memory is the lowest.
        let before = 64 - 8 * length as u32;
        Some((negative, length, ((tail ^ ZEROS) >> before) << before))
    }
}

const ZEROS: u64 = each(b'0');

/// More decimals than eight bytes can have; as a number of decimals, 0 in its low bits.
const NO_POINT: u32 = 8;

const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Removes the first point, if there is one; and how many digits followed it.
#[inline(always)]
fn without_point(digits: u64) -> (u64, u32) {
    let differs = digits ^ each(b'.' ^ b'0');
    let points = differs.wrapping_sub(each(1)) & !differs & each(0x80);
    if points == 0 {
        return (digits, NO_POINT);
    }
    // What stood before the point moves up by one byte, and a zero in from below.
    let upto = points ^ points.wrapping_sub(1);
    let moved = (digits & (upto >> 8)) << 8;
    ((digits & !upto) | moved, (63 - points.trailing_zeros()) / 8)
}

/// The number that eight digits make, the first of them in the lowest byte.
#[inline(always)]
fn value(digits: u64) -> Option<u32> {
    // What is more than 9 reaches the byte's highest bit, or has it already.
    if (digits | digits.wrapping_add(each(0x76))) & each(0x80) != 0 {
        return None;
    }
    let twos = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (twos.wrapping_mul(100) + (twos >> 16)) & 0x0000_FFFF_0000_FFFF;
    Some((fours.wrapping_mul(10_000) + (fours >> 32)) as u32)
}

/// `YYYY-MM-DD HH:MM:SS`, or with a T: microseconds since 1970-01-01 00:00. None: look again.
#[inline]
pub fn standard_timestamp(text: &[u8; 19]) -> Option<i64> {
    let [head @ .., _, _, _, _, _, _, _, _, _, _, _] = *text;
    let [_, _, _, _, _, _, _, _, d, e, gap, clock @ ..] = *text;
    let date = digits(head, *b"0000-00-")?;
    let clock = digits(clock, *b"00:00:00")?;
    let (tens, ones) = (d.wrapping_sub(b'0'), e.wrapping_sub(b'0'));
    if tens > 3 || ones > 9 || (gap != b' ' && gap != b'T') {
        return None;
    }
    let part = |pairs: u64, place: u32| (pairs >> (8 * place)) as u32 & 0xFF;
    let year = part(date, 0) * 100 + part(date, 2);
    let day = u32::from(tens) * 10 + u32::from(ones);
    let (hour, minute, second) = (part(clock, 0), part(clock, 3), part(clock, 6));
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = day_number(year, part(date, 5), day)?;
    let seconds = i64::from(days) * 86_400 + i64::from((hour * 60 + minute) * 60 + second);
    Some(seconds * 1_000_000)
}

/// In each byte the number that its digit and the next one make; None unless all bytes are as
/// the pattern says, in which a 0 is any digit.
#[inline]
fn digits(text: [u8; 8], pattern: [u8; 8]) -> Option<u64> {
    // A digit differs from the 0 by at most 9, everything else by nothing: adding this much
    // carries whatever differs by more into the byte's highest bit.
    let limits = pattern.map(|byte| if byte == b'0' { 0x76 } else { 0x7F });
    let values = u64::from_le_bytes(text) ^ u64::from_le_bytes(pattern);
    let over = values.wrapping_add(u64::from_le_bytes(limits));
    if (values | over) & each(0x80) != 0 {
        return None;
    }
    Some(values.wrapping_mul(10).wrapping_add(values >> 8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values;

    fn number(text: &str) -> Option<(bool, u32, u32)> {
        let until = format!("0009.-7,{text}");
        let field = Field::new(until.as_bytes(), 8, false);
        let short = field.number()?;
        let whole = !text.contains('.') && short.decimals == 0;
        let signed = i64::from(short.mantissa) * if short.negative { -1 } else { 1 };
        assert_eq!(field.integer(), whole.then_some(signed), "{text}");
        Some((short.negative, short.mantissa, short.decimals))
    }

    #[test]
    fn numbers_are_read_wherever_the_point_stands() {
        assert_eq!(number("45.61"), Some((false, 4561, 2)));
        assert_eq!(number("-12345678"), Some((true, 12_345_678, 0)));
        assert_eq!(number("1234567."), Some((false, 1_234_567, 0)));
        assert_eq!(number(".1234567"), Some((false, 1_234_567, 7)));
        assert_eq!(number("1234.678"), Some((false, 1_234_678, 3)));
        assert_eq!(number("0"), Some((false, 0, 0)));
        assert_eq!(number("-.5"), Some((true, 5, 1)));
    }

    #[test]
    fn what_is_no_short_number_is_left_to_others() {
        for text in [
            "",
            "-",
            ".",
            "-.",
            "--1",
            "+1",
            "1.2.3",
            "1e5",
            "123456789",
            "1,5",
            " 1",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
        for byte in (0..=255_u8).filter(|byte| !b"0123456789.".contains(byte)) {
            for place in 0..8 {
                let mut text = *b"11111111";
                text[place] = byte;
                if (place, byte) != (0, b'-') {
                    assert_eq!(Field::new(&text, 0, false).number(), None, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn short_numbers_are_what_the_full_reading_gives() {
        for mantissa in (0..99_999_999_u32).step_by(9973) {
            let all = mantissa.to_string();
            for point in 0..=all.len() {
                let text = format!("{}.{}", &all[..point], &all[point..]);
                if text.len() <= 8 {
                    let (_, found, decimals) = number(&text).unwrap();
                    let value = f64::from(found) / 10_f64.powi(decimals as i32);
                    assert_eq!(Ok(value), values::float64(text.as_bytes()), "{text}");
                }
            }
            assert_eq!(number(&all), Some((false, mantissa, 0)));
        }
    }

    #[test]
    fn fractions_are_of_a_second() {
        let fraction = |text: &str, length| {
            let until = format!("2024-01-01 00:00:00{text}");
            Field::new(until.as_bytes(), 0, false).fraction(length)
        };
        assert_eq!(fraction(".5", 2), Some(500_000));
        assert_eq!(fraction(".000001", 7), Some(1));
        assert_eq!(fraction(".250000", 7), Some(250_000));
        for wrong in [".", "05", ".-5", ".0000001", ".1x", ".+1", ".1 "] {
            assert_eq!(fraction(wrong, wrong.len()), None, "{wrong}");
        }
    }

    /// Every byte at every place, against the full reading.
    #[test]
    fn timestamps_are_what_the_full_reading_gives() {
        for good in [
            b"2024-02-29 23:59:59",
            b"0001-01-01T00:00:00",
            b"9999-12-31 12:34:56",
        ] {
            for place in 0..good.len() {
                for byte in 0..=255 {
                    let mut text = *good;
                    text[place] = byte;
                    let full = values::timestamp(&text).ok().map(|clock| clock.micros);
                    assert_eq!(standard_timestamp(&text), full, "{text:?}");
                }
            }
        }
    }
}
