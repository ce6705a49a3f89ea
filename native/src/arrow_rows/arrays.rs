//! Makes columns of rows. The rows are those of PostgreSQL's binary COPY: their values are typed, and
//! each has its length before it.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, FixedSizeBinaryBuilder};
use arrow_array::types::*;
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, Decimal128Array, PrimitiveArray,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{ArrowError, DataType, Schema};

/// From 1970-01-01 to 2000-01-01, from which PostgreSQL counts.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * 86_400_000_000;

/// The bytes of the header of a `numeric`: the number of digits, the place of the first, the sign and
/// the scale.
const HEADER: usize = 8;
const NEGATIVE: u8 = 0x40;

/// The rows as one batch.
pub fn batch(schema: &Arc<Schema>, rows: &[u8]) -> Result<RecordBatch, ArrowError> {
    let width = schema.fields().len();
    let starts = starts(rows, width).ok_or_else(|| damaged("the block"))?;
    let columns = schema.fields().iter().enumerate().map(|(at, field)| {
        let values = Values {
            rows,
            starts: starts.get(at..).unwrap_or_default(),
            width,
        };
        array(field.data_type(), &values)
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// Where the length of each value stands, row after row. None if the rows are damaged.
fn starts(rows: &[u8], width: usize) -> Option<Vec<u32>> {
    let mut starts = Vec::with_capacity(rows.len() / 8);
    let mut at = 0;
    while at < rows.len() {
        at += 2;
        for _ in 0..width {
            starts.push(u32::try_from(at).ok()?);
            let length = i32::from_be_bytes(*rows.get(at..)?.first_chunk()?);
            at += 4 + length.max(0) as usize;
        }
    }
    (at == rows.len()).then_some(starts)
}

/// The values of one column.
struct Values<'a> {
    rows: &'a [u8],
    starts: &'a [u32],
    width: usize,
}

impl<'a> Values<'a> {
    fn len(&self) -> usize {
        self.starts.len().div_ceil(self.width)
    }

    fn iter(&self) -> impl Iterator<Item = Option<&'a [u8]>> {
        let rows = self.rows;
        self.starts.iter().step_by(self.width).map(|&start| {
            let value = &rows[start as usize..];
            let (length, rest) = value.split_first_chunk()?;
            let length = i32::from_be_bytes(*length);
            (length >= 0).then(|| &rest[..length as usize])
        })
    }

    /// The values as numbers. A value of another length than `N` counts as NULL: there is none.
    fn numbers<T: ArrowPrimitiveType, const N: usize>(
        &self,
        number: fn([u8; N]) -> T::Native,
    ) -> PrimitiveArray<T> {
        let fixed = |value: &[u8]| Some(number(value.try_into().ok()?));
        self.iter().map(|value| value.and_then(fixed)).collect()
    }
}

fn array(kind: &DataType, values: &Values<'_>) -> Result<ArrayRef, ArrowError> {
    Ok(match kind {
        DataType::Boolean => {
            let truth = |value: &[u8]| value == [1];
            let all: BooleanArray = values.iter().map(|value| value.map(truth)).collect();
            Arc::new(all)
        }
        DataType::Int16 => Arc::new(values.numbers::<Int16Type, 2>(i16::from_be_bytes)),
        DataType::Int32 => Arc::new(values.numbers::<Int32Type, 4>(i32::from_be_bytes)),
        DataType::Int64 => Arc::new(values.numbers::<Int64Type, 8>(i64::from_be_bytes)),
        DataType::UInt64 => Arc::new(values.numbers::<UInt64Type, 8>(u64::from_be_bytes)),
        DataType::Float32 => Arc::new(values.numbers::<Float32Type, 4>(f32::from_be_bytes)),
        DataType::Float64 => Arc::new(values.numbers::<Float64Type, 8>(f64::from_be_bytes)),
        DataType::Date32 => {
            Arc::new(values.numbers::<Date32Type, 4>(|it| i32::from_be_bytes(it) + EPOCH_DAYS))
        }
        DataType::Time64(_) => {
            Arc::new(values.numbers::<Time64MicrosecondType, 8>(i64::from_be_bytes))
        }
        DataType::Timestamp(_, zone) => {
            let micros: TimestampMicrosecondArray = values
                .numbers::<TimestampMicrosecondType, 8>(|it| i64::from_be_bytes(it) + EPOCH_MICROS);
            Arc::new(micros.with_timezone_opt(zone.clone()))
        }
        DataType::Decimal128(precision, scale) => Arc::new(decimals(values, *precision, *scale)?),
        DataType::FixedSizeBinary(size) => {
            let mut builder = FixedSizeBinaryBuilder::with_capacity(values.len(), *size);
            for value in values.iter() {
                match value {
                    Some(value) => builder.append_value(value)?,
                    None => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }
        DataType::Binary => Arc::new(bytes(values)),
        _ => Arc::new(StringArray::try_from_binary(bytes(values))?),
    })
}

fn bytes(values: &Values<'_>) -> BinaryArray {
    let size = values.iter().flatten().map(<[u8]>::len).sum();
    let mut builder = BinaryBuilder::with_capacity(values.len(), size);
    for value in values.iter() {
        builder.append_option(value);
    }
    builder.finish()
}

fn decimals(values: &Values<'_>, precision: u8, scale: i8) -> Result<Decimal128Array, ArrowError> {
    let mut wrong = false;
    let numbers = values.iter().map(|value| {
        let value = value?;
        let number = decimal(value, scale.into());
        wrong |= number.is_none();
        number
    });
    let all: Decimal128Array = numbers.collect();
    if wrong {
        return Err(damaged("a decimal of the block"));
    }
    debug_assert_eq!(all.len(), values.len());
    all.with_precision_and_scale(precision, scale)
}

/// A `numeric` as an integer, of which `scale` digits are behind the point. None if it is larger than
/// 38 digits.
fn decimal(value: &[u8], scale: i32) -> Option<i128> {
    let (header, digits) = value.split_first_chunk::<HEADER>()?;
    let weight = i32::from(i16::from_be_bytes([header[2], header[3]]));
    let mut number = 0_i128;
    for (digit, at) in digits.as_chunks().0.iter().zip(0..) {
        let digit = i128::from(u16::from_be_bytes(*digit));
        let power = 4 * (weight - at) + scale;
        // What is behind the column's last digit is zero.
        let part = match u32::try_from(power) {
            Ok(power) => digit.checked_mul(10_i128.checked_pow(power)?)?,
            Err(_) => digit / 10_i128.checked_pow(power.unsigned_abs())?,
        };
        number = number.checked_add(part)?;
    }
    Some(if header[4] == NEGATIVE {
        -number
    } else {
        number
    })
}

fn damaged(what: &str) -> ArrowError {
    ArrowError::InvalidArgumentError(format!("{what} is damaged"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(parts: &[i16], scale: i32) -> Option<i128> {
        let bytes: Vec<u8> = parts.iter().flat_map(|it| it.to_be_bytes()).collect();
        decimal(&bytes, scale)
    }

    #[test]
    fn numerics_become_integers_of_a_scale() {
        // Digits, weight, sign, scale, then the digits.
        assert_eq!(number(&[0, 0, 0, 2], 2), Some(0));
        assert_eq!(number(&[1, 0, 0, 0, 1], 0), Some(1));
        assert_eq!(
            number(&[3, 1, 0x4000, 3, 1, 2345, 6780], 3),
            Some(-12_345_678)
        );
        assert_eq!(number(&[1, -1, 0, 1, 5000], 1), Some(5));
        assert_eq!(number(&[1, -2, 0, 5, 1000], 10), Some(100_000));
        assert_eq!(number(&[1, 9, 0, 0, 99], 0), Some(99 * 10_i128.pow(36)));
        assert_eq!(number(&[1, 9, 0, 0, 99], 2), None);
    }
}
