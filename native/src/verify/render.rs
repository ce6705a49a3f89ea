//! Writes values as people read them.

use super::column::{Mode, Tagged};
use super::expected::unescaped;
use crate::conversion_spec::RowEncoding;
use crate::convert::encoders::time_text::{DAY, write_date, write_time, write_timestamp};

/// The most characters of a value that are shown.
const SHOWN: usize = 200;

/// The time from 1970 to 2000, from which PostgreSQL counts.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * DAY;
/// The days that the kernel's calendar has: years 1 to 9999.
const DAYS: std::ops::RangeInclusive<i64> = -719_162..=2_932_896;

/// Writes a value of a block. None stands for NULL.
pub fn shown(encoding: RowEncoding, mode: Mode, value: Option<&[u8]>) -> Option<String> {
    let mut scratch = Vec::new();
    value.map(|value| match encoding {
        RowEncoding::Text => text(unescaped(value, &mut scratch)),
        _ => written(encoding, mode, value),
    })
}

/// Writes a value of the table. None stands for NULL.
pub fn found(encoding: RowEncoding, mode: Mode, value: Option<&[u8]>) -> Option<String> {
    value.map(|value| match encoding {
        RowEncoding::Text => text(value),
        _ => written(encoding, mode, value),
    })
}

fn written(encoding: RowEncoding, mode: Mode, value: &[u8]) -> String {
    if encoding == RowEncoding::Postgres {
        return binary(mode, value).unwrap_or_else(|| hex(value));
    }
    match Tagged::of(value) {
        Some(Tagged::Integer(value)) => value.to_string(),
        Some(Tagged::Float(value)) => format!("{value:?}"),
        Some(Tagged::Text(value)) => text(value),
        Some(Tagged::Blob(value)) => hex(value),
        None => hex(value),
    }
}

/// Writes a value of binary COPY. None: the bytes are not those of its type.
fn binary(mode: Mode, value: &[u8]) -> Option<String> {
    Some(match mode {
        Mode::Boolean => (value == [1]).to_string(),
        Mode::Integer => integer(value)?.to_string(),
        Mode::Float | Mode::Single => match value.len() {
            4 => f32::from_be_bytes(value.try_into().ok()?).to_string(),
            _ => f64::from_be_bytes(value.try_into().ok()?).to_string(),
        },
        Mode::Numeric | Mode::Scaled => numeric(value)?,
        Mode::Date => {
            let days = integer(value)? + i64::from(EPOCH_DAYS);
            on_a_day(days, |out| write_date(out, days as i32))?
        }
        Mode::Time => bytes(|out| write_time(out, integer(value).unwrap_or_default())),
        Mode::Timestamp | Mode::Timestamptz => {
            let micros = integer(value)?.checked_add(EPOCH_MICROS)?;
            let zone = if mode == Mode::Timestamp { "" } else { "Z" };
            on_a_day(micros.div_euclid(DAY), |out| {
                write_timestamp(out, b' ', micros)
            })? + zone
        }
        Mode::Uuid => {
            let hex = hex(value);
            let parts = [2..10, 10..14, 14..18, 18..22, 22..34];
            let parts = parts.into_iter().map(|part| hex.get(part));
            parts.collect::<Option<Vec<_>>>()?.join("-")
        }
        Mode::Json => text(value.strip_prefix(&[1]).unwrap_or(value)),
        _ => text(value),
    })
}

fn integer(value: &[u8]) -> Option<i64> {
    Some(match value.len() {
        2 => i16::from_be_bytes(value.try_into().ok()?).into(),
        4 => i32::from_be_bytes(value.try_into().ok()?).into(),
        _ => i64::from_be_bytes(value.try_into().ok()?),
    })
}

fn on_a_day(days: i64, write: impl FnOnce(&mut Vec<u8>)) -> Option<String> {
    DAYS.contains(&days).then(|| bytes(write))
}

fn bytes(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes a numeric value, which consists of digits of base 10,000.
fn numeric(value: &[u8]) -> Option<String> {
    let parts: Vec<u16> = value
        .as_chunks()
        .0
        .iter()
        .map(|two| u16::from_be_bytes(*two))
        .collect();
    let [count, weight, sign, scale, digits @ ..] = &*parts else {
        return None;
    };
    if digits.len() != usize::from(*count) {
        return None;
    }
    match sign {
        0xC000 => return Some("NaN".into()),
        0xD000 => return Some("Infinity".into()),
        0xF000 => return Some("-Infinity".into()),
        _ => {}
    }
    let weight = i32::from(*weight as i16);
    let digit = |place: i32| {
        let index = usize::try_from(weight - place).ok();
        index
            .and_then(|index| digits.get(index))
            .copied()
            .unwrap_or(0)
    };
    let mut text: String = (0..=weight.max(0))
        .rev()
        .map(|place| format!("{:04}", digit(place)))
        .collect();
    let zeros = text.len() - text.trim_start_matches('0').len();
    text.drain(..zeros.min(text.len() - 1));
    let scale = usize::from(*scale);
    if scale > 0 {
        let places = 1..=(scale as i32 + 3) / 4;
        let fraction: String = places
            .map(|place| format!("{:04}", digit(-place)))
            .collect();
        text = format!("{text}.{}", &fraction[..scale]);
    }
    Some(if *sign == 0 { text } else { format!("-{text}") })
}

fn hex(value: &[u8]) -> String {
    let digits = value.iter().take(SHOWN);
    digits.fold(String::from("\\x"), |all, byte| format!("{all}{byte:02x}"))
}

fn text(value: &[u8]) -> String {
    match str::from_utf8(value) {
        Ok(value) => cut(value),
        Err(_) => hex(value),
    }
}

/// Gives the beginning of a text.
pub fn cut(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerics_are_shown_as_they_are_written() {
        let shown = |parts: &[u16]| {
            let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_be_bytes()).collect();
            numeric(&bytes).unwrap()
        };
        assert_eq!(shown(&[3, 1, 0x4000, 3, 1, 2345, 6780]), "-12345.678");
        assert_eq!(shown(&[1, 0xFFFE, 0, 5, 1000]), "0.00001");
        assert_eq!(shown(&[0, 0, 0, 2]), "0.00");
        assert_eq!(shown(&[1, 1, 0, 0, 1]), "10000");
        assert_eq!(shown(&[0, 0, 0xC000, 0]), "NaN");
    }
}
