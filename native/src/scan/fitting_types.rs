//! The types that a column may turn out to have, as bits, and which of them a text fits.
//!
//! This is stricter than conversion is: what a person would not call a number (a code with a
//! leading zero, a phone number with its plus) is not one, though it could be read as one.

use crate::values::{Field, decimal, float64_of, plain};

/// A set of types, one bit for each.
pub(super) type TypeSet = u16;

pub(super) const BOOLEAN: TypeSet = 1;
pub(super) const INTEGER: TypeSet = 1 << 1;
pub(super) const DECIMAL: TypeSet = 1 << 2;
pub(super) const FLOAT: TypeSet = 1 << 3;
pub(super) const DATE: TypeSet = 1 << 4;
pub(super) const TIME: TypeSet = 1 << 5;
pub(super) const TIMESTAMP: TypeSet = 1 << 6;
pub(super) const TIMESTAMPTZ: TypeSet = 1 << 7;
pub(super) const UUID: TypeSet = 1 << 8;
pub(super) const JSON: TypeSet = 1 << 9;

pub(super) const ALL: TypeSet = (1 << TYPES.len()) - 1;
pub(super) const NUMBERS: TypeSet = INTEGER | DECIMAL | FLOAT;
pub(super) const TEMPORALS: TypeSet = DATE | TIME | TIMESTAMP | TIMESTAMPTZ;
pub(super) const OTHERS: TypeSet = BOOLEAN | UUID | JSON;

/// A type, by its name in `model.Kind`.
pub(super) struct Type {
    pub(super) name: &'static str,
    pub(super) bit: TypeSet,
}

pub(super) const TYPES: [Type; 10] = [
    Type {
        name: "boolean",
        bit: BOOLEAN,
    },
    Type {
        name: "integer",
        bit: INTEGER,
    },
    Type {
        name: "decimal",
        bit: DECIMAL,
    },
    Type {
        name: "float",
        bit: FLOAT,
    },
    Type {
        name: "date",
        bit: DATE,
    },
    Type {
        name: "time",
        bit: TIME,
    },
    Type {
        name: "timestamp",
        bit: TIMESTAMP,
    },
    Type {
        name: "timestamptz",
        bit: TIMESTAMPTZ,
    },
    Type {
        name: "uuid",
        bit: UUID,
    },
    Type {
        name: "json",
        bit: JSON,
    },
];

/// Mantissas below this have at most 15 digits: a double keeps every one.
const SAFE_MANTISSA: u64 = 1_000_000_000_000_000;

/// What is known of a text as a number.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Number {
    /// The types of `NUMBERS` that it fits.
    pub(super) fits: TypeSet,
    /// The value, if the text fits `INTEGER`.
    pub(super) integer: i64,
    /// The number of digits before and after the point as written, if the text fits `DECIMAL`.
    pub(super) integer_digits: usize,
    pub(super) fraction_digits: usize,
}

/// Examines a text as a number, in the strict sense. `FLOAT` is tried only if it is `wanted`.
#[inline]
pub(super) fn number(text: &[u8], wanted: TypeSet) -> Number {
    let digits = match text {
        [b'+', ..] => return Number::default(),
        [b'-', digits @ ..] => digits,
        digits => digits,
    };
    let padded = matches!(digits, [b'0', b'0'..=b'9', ..]);
    if padded || matches!(digits, [.., b'.']) {
        return Number::default();
    }
    let found = plain(text);
    let Some((negative, mantissa, fraction_digits)) = found else {
        return long_number(text, wanted);
    };
    if negative && mantissa == 0 {
        // Only a float has a negative zero, and only with a point does it look like one.
        let fits = if fraction_digits > 0 { FLOAT } else { 0 };
        return Number {
            fits,
            ..Number::default()
        };
    }
    let point = usize::from(fraction_digits > 0);
    let integer_digits = digits.len() - fraction_digits - point;
    let mut fits = DECIMAL;
    let mut integer = 0;
    if point == 0
        && let Some(value) = signed(negative, mantissa)
    {
        fits |= INTEGER;
        integer = value;
    }
    if mantissa < SAFE_MANTISSA || (wanted & FLOAT != 0 && float64_of(text, found).is_ok()) {
        fits |= FLOAT;
    }
    Number {
        fits,
        integer,
        integer_digits,
        fraction_digits,
    }
}

#[inline]
fn signed(negative: bool, magnitude: u64) -> Option<i64> {
    if negative {
        0_i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// Examines a number with many digits or an exponent.
#[cold]
fn long_number(text: &[u8], wanted: TypeSet) -> Number {
    let Ok(parts) = decimal(text) else {
        return Number::default();
    };
    let mut fits = 0;
    let has_exponent = text.iter().any(|byte| matches!(byte, b'e' | b'E'));
    let negative_zero = parts.negative && parts.is_zero();
    if !has_exponent && !negative_zero {
        fits |= DECIMAL;
    }
    if wanted & FLOAT != 0 && float64_of(text, None).is_ok() {
        fits |= FLOAT;
    }
    Number {
        fits,
        integer: 0,
        integer_digits: parts.integer.len(),
        fraction_digits: parts.fraction.len(),
    }
}

/// The types that a value of a JSON object may fit, by its first byte and its quotes.
#[inline]
pub(super) fn of_token(token: Field<'_>) -> TypeSet {
    if token.quoted {
        return TEMPORALS | UUID;
    }
    match token.text().first() {
        Some(b'{' | b'[') => JSON,
        Some(b't' | b'f') => BOOLEAN,
        _ => NUMBERS,
    }
}

/// The most digits on either side of the point that a decimal without limits holds.
const MOST_DIGITS: i64 = 1000;

/// The digits before and behind the point of a number with an exponent, as they would be without it.
/// None: it has no exponent, or a decimal cannot hold it.
#[inline]
pub(super) fn digits_with_exponent(text: &[u8]) -> Option<(usize, usize)> {
    text.iter().position(|byte| matches!(byte, b'e' | b'E'))?;
    let parts = decimal(text).ok()?;
    if parts.is_zero() {
        return (!parts.negative).then_some((1, 0));
    }
    let exponent = i64::from(parts.exponent);
    let whole = (parts.integer.len() as i64 + exponent).max(1);
    let fraction = (parts.fraction.len() as i64 - exponent).max(0);
    let most = whole.max(fraction);
    (most <= MOST_DIGITS).then_some((whole as usize, fraction as usize))
}

#[inline]
pub(super) fn is_boolean(text: &[u8]) -> bool {
    matches!(
        text,
        b"true" | b"True" | b"TRUE" | b"false" | b"False" | b"FALSE"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_a_person_calls_so() {
        for (text, fits) in [
            ("0", NUMBERS),
            ("-12", NUMBERS),
            ("999999999999999", NUMBERS),
            ("9007199254740993", INTEGER | DECIMAL),
            ("9223372036854775807", INTEGER | DECIMAL),
            ("-9223372036854775808", INTEGER | DECIMAL),
            ("9223372036854775808", DECIMAL),
            ("-4611686018427387904000", DECIMAL),
            ("18446744073709552000", DECIMAL | FLOAT),
            ("12345678901234567890123", DECIMAL),
            ("0.5", DECIMAL | FLOAT),
            (".5", DECIMAL | FLOAT),
            ("0.0", DECIMAL | FLOAT),
            ("-0.0", FLOAT),
            ("-0.0000000000000000000000000", FLOAT),
            ("1e5", FLOAT),
            ("1.5E-7", FLOAT),
            ("0.30000000000000004", DECIMAL | FLOAT),
            ("0.1234567890123456789", DECIMAL),
            ("-0", 0),
            ("01", 0),
            ("007", 0),
            ("-01", 0),
            ("00.5", 0),
            ("00", 0),
            ("+1", 0),
            ("5.", 0),
            ("1e400", 0),
            (".", 0),
            ("-", 0),
            ("-.", 0),
            ("1,5", 0),
            ("NaN", 0),
            ("1 ", 0),
            ("12345678901234567890x", 0),
        ] {
            assert_eq!(number(text.as_bytes(), ALL).fits, fits, "{text}");
        }
    }

    #[test]
    fn digits_are_counted_without_the_exponent() {
        for (text, digits) in [
            ("1e400", Some((401, 0))),
            ("1.5E-7", Some((1, 8))),
            ("12.25e1", Some((3, 1))),
            ("0e9", Some((1, 0))),
            ("-0e9", None),
            ("1e1001", None),
            ("1e-99999999999", None),
            ("15", None),
        ] {
            assert_eq!(digits_with_exponent(text.as_bytes()), digits, "{text}");
        }
    }

    #[test]
    fn digits_are_counted_as_written() {
        for (text, integer_digits, fraction_digits) in [
            ("0", 1, 0),
            ("-120", 3, 0),
            ("12.50", 2, 2),
            (".5", 0, 1),
            ("12345678901234567890.25", 20, 2),
        ] {
            let number = number(text.as_bytes(), ALL);
            let digits = (number.integer_digits, number.fraction_digits);
            assert_eq!(digits, (integer_digits, fraction_digits), "{text}");
        }
    }
}
