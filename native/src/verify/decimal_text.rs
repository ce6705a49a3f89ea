//! Compares decimal numbers that are written as text.

use std::borrow::Cow;

use crate::values::{Decimal, decimal};

/// Whether two texts are the same decimal number, however many zeros they end in.
pub fn same_number(one: &[u8], other: &[u8]) -> bool {
    match (canonical_number(one), canonical_number(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// Gives the sign, the digits without zeros at either end, and the place of the first digit. Equal
/// numbers give equal results.
pub fn canonical_number(text: &[u8]) -> Option<(bool, Cow<'_, [u8]>, i64)> {
    let Decimal {
        negative,
        integer,
        fraction,
        exponent,
    } = decimal(text).ok()?;
    let digits = if fraction.is_empty() {
        Cow::Borrowed(integer)
    } else {
        Cow::Owned([integer, fraction].concat())
    };
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    let point = integer.len() as i64 + i64::from(exponent) - leading as i64;
    let kept = digits.len() - digits.iter().rev().take_while(|it| **it == b'0').count();
    if leading >= kept {
        return Some((false, Cow::Borrowed(b""), 0));
    }
    let digits = match digits {
        Cow::Borrowed(digits) => Cow::Borrowed(&digits[leading..kept]),
        Cow::Owned(digits) => Cow::Owned(digits[leading..kept].to_vec()),
    };
    Some((negative, digits, point))
}
