//! The minimum and maximum of a column, inclusive or exclusive.

use std::cmp::Ordering;

use super::date_format::DateFormat;
use super::decimal::decimal;
use super::float::float64;
use super::integer::integer;
use super::localized_number::normalize_number;
use super::temporal::{date, time, timestamp, timestamptz};
use super::value::Value;
use crate::conversion_spec::{ColumnSpec, TypeKind};
use crate::reject_code::RejectCode;

/// Compares two values. None if they have different types, or a type without order.
fn compare(one: &Value<'_>, other: &Value<'_>) -> Option<Ordering> {
    match (one, other) {
        (Value::Integer(one), Value::Integer(other)) => Some(one.cmp(other)),
        (Value::Float(one), Value::Float(other)) => one.partial_cmp(other),
        (Value::Decimal(one), Value::Decimal(other)) => Some(one.compare(other)),
        (Value::Date(one), Value::Date(other)) => Some(one.cmp(other)),
        (Value::Time(one), Value::Time(other))
        | (Value::Timestamp(one), Value::Timestamp(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

pub struct RangeBound {
    side: Side,
    /// The bound as the contract has it, for the sentence.
    text: String,
    /// The bound as a plain number. Decimals are compared with it.
    plain: Vec<u8>,
    value: BoundValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
}

/// The value of a bound. That of a decimal is in `RangeBound::plain`, so that nothing is borrowed.
#[derive(Clone, Copy)]
enum BoundValue {
    Fixed(Value<'static>),
    Decimal,
}

impl RangeBound {
    pub fn compile(column: &ColumnSpec, side: Side, text: &str) -> Result<RangeBound, String> {
        let plain = plain_number(column, text);
        let value = limit(column, text.as_bytes(), &plain).ok_or_else(|| {
            format!(
                "The {} of column {:?} is not a value of the column's type: {text:?}.",
                side.name(),
                column.name
            )
        })?;
        Ok(RangeBound {
            side,
            text: text.to_owned(),
            plain,
            value,
        })
    }

    pub fn check(&self, value: &Value<'_>) -> Result<(), (RejectCode, String)> {
        let limit = match self.value {
            BoundValue::Fixed(limit) => Some(limit),
            BoundValue::Decimal => decimal(&self.plain).ok().map(Value::Decimal),
        };
        let order = limit.and_then(|limit| compare(value, &limit));
        let (code, what) = match (self.side, order) {
            (Side::Minimum, Some(Ordering::Less)) => {
                (RejectCode::BelowMinimum, "is below the minimum")
            }
            (Side::Maximum, Some(Ordering::Greater)) => {
                (RejectCode::AboveMaximum, "is above the maximum")
            }
            (Side::ExclusiveMinimum, Some(Ordering::Less | Ordering::Equal)) => {
                (RejectCode::BelowMinimum, "is not above")
            }
            (Side::ExclusiveMaximum, Some(Ordering::Greater | Ordering::Equal)) => {
                (RejectCode::AboveMaximum, "is not below")
            }
            _ => return Ok(()),
        };
        Err((code, format!("{what} {}.", self.text)))
    }
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Side::Minimum => "minimum",
            Side::Maximum => "maximum",
            Side::ExclusiveMinimum => "exclusive minimum",
            Side::ExclusiveMaximum => "exclusive maximum",
        }
    }
}

/// The bound of a number in plain form. A bound that is plain already stays as it is, because
/// contracts write numbers as JSON does, whatever the decimal mark of the data.
fn plain_number(column: &ColumnSpec, text: &str) -> Vec<u8> {
    if decimal(text.as_bytes()).is_ok() {
        return text.into();
    }
    let [decimal_char] = *column.decimal_char.as_bytes() else {
        return Vec::new();
    };
    let group_char = column
        .group_char
        .as_ref()
        .and_then(|char| char.bytes().next());
    let mut scratch = Vec::new();
    normalize_number(
        text.as_bytes(),
        decimal_char,
        group_char,
        column.bare_number,
        &mut scratch,
    )
    .map(<[u8]>::to_vec)
    .unwrap_or_default()
}

/// Parses a bound, in the format of the column or in the default format.
fn limit(column: &ColumnSpec, text: &[u8], plain: &[u8]) -> Option<BoundValue> {
    let kind = column.column_type.kind;
    let format = match column.format.as_str() {
        "default" | "any" | "" => None,
        pattern => DateFormat::compile(pattern, kind).ok(),
    };
    let format = format.as_ref();
    let value = match kind {
        TypeKind::Decimal => return decimal(plain).is_ok().then_some(BoundValue::Decimal),
        TypeKind::Integer => Value::Integer(integer(plain).ok()?),
        TypeKind::Float => Value::Float(float64(plain).ok()?),
        TypeKind::Date => Value::Date(
            format
                .and_then(|f| f.date(text).ok())
                .or_else(|| date(text).ok())?,
        ),
        TypeKind::Time => {
            let clock = format
                .and_then(|f| f.time(text).ok())
                .or_else(|| time(text).ok());
            Value::Time(clock?.micros)
        }
        TypeKind::Timestamp => {
            let clock = format.and_then(|f| f.timestamp(text).ok());
            Value::Timestamp(clock.or_else(|| timestamp(text).ok())?.micros)
        }
        TypeKind::Timestamptz => {
            let clock = format.and_then(|f| f.timestamptz(text).ok());
            Value::Timestamp(clock.or_else(|| timestamptz(text).ok())?.micros)
        }
        TypeKind::Boolean | TypeKind::Text | TypeKind::Uuid | TypeKind::Json => return None,
    };
    Some(BoundValue::Fixed(value))
}
