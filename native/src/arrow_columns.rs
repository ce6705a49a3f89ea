//! Makes columns of rows. The rows are those of PostgreSQL's binary COPY: their values are typed, and
//! each has its length before it.

use std::sync::Arc;

use arrow_array::types::*;
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray,
    RecordBatch, StringArray,
};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Schema};

/// From 1970-01-01 to 2000-01-01, from which PostgreSQL counts.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * 86_400_000_000;

/// The bytes of the header of a `numeric`: the number of digits, the place of the first, the sign and
/// the scale.
const HEADER: usize = 8;
const NEGATIVE: u8 = 0x40;

/// Columns that grow by rows.
pub struct Columns {
    schema: Arc<Schema>,
    columns: Vec<Column>,
    rows: usize,
    /// What is wrong with one of the rows.
    damage: Option<&'static str>,
}

impl Columns {
    pub fn new(schema: &Arc<Schema>) -> Columns {
        let columns = schema.fields().iter();
        Columns {
            columns: columns.map(|it| Column::new(it.data_type())).collect(),
            schema: Arc::clone(schema),
            rows: 0,
            damage: None,
        }
    }

    /// Adds rows. They are taken one by one, while they are in the fastest memory.
    pub fn take(&mut self, mut rows: &[u8]) {
        while !rows.is_empty() && self.damage.is_none() {
            match self.row(rows) {
                Some(rest) => rows = rest,
                None => self.damage = Some("a row"),
            }
        }
    }

    /// Adds the first of some rows, and gives the others. None if it is damaged.
    fn row<'a>(&mut self, rows: &'a [u8]) -> Option<&'a [u8]> {
        let mut rest = rows.get(2..)?;
        for column in &mut self.columns {
            let (length, behind) = rest.split_first_chunk()?;
            rest = behind;
            match usize::try_from(i32::from_be_bytes(*length)) {
                Ok(length) => {
                    let (value, behind) = rest.split_at_checked(length)?;
                    rest = behind;
                    column.values.push(value)?;
                    column.nulls.append_non_null();
                }
                Err(_) => {
                    column.values.push_default();
                    column.nulls.append_null();
                }
            }
        }
        self.rows += 1;
        Some(rest)
    }

    /// The rows as one batch. The error is a sentence.
    pub fn into_batch(self) -> Result<RecordBatch, String> {
        if let Some(what) = self.damage {
            return Err(format!("{what} of the block is damaged"));
        }
        let fields = self.schema.fields().iter();
        let arrays = self.columns.into_iter().zip(fields);
        let arrays = arrays.map(|(column, field)| column.into_array(field.data_type()));
        arrays
            .collect::<Result<Vec<_>, _>>()
            .and_then(|arrays| RecordBatch::try_new(self.schema, arrays))
            .map_err(|error| error.to_string())
    }
}

struct Column {
    nulls: NullBufferBuilder,
    values: Values,
}

/// The values of one column. In the place of a NULL is any value.
enum Values {
    Boolean(BooleanBufferBuilder),
    Int16(Vec<i16>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    UInt64(Vec<u64>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Date(Vec<i32>),
    Time(Vec<i64>),
    Timestamp(Vec<i64>),
    Decimal(Vec<i128>, i32),
    Fixed(Vec<u8>, usize),
    Bytes(Vec<u8>, Vec<i32>),
}

impl Values {
    /// Adds a value. None if it is damaged.
    #[inline]
    fn push(&mut self, value: &[u8]) -> Option<()> {
        match self {
            Values::Boolean(all) => all.append(value == [1]),
            Values::Int16(all) => all.push(i16::from_be_bytes(value.try_into().ok()?)),
            Values::Int32(all) => all.push(i32::from_be_bytes(value.try_into().ok()?)),
            Values::Int64(all) => all.push(i64::from_be_bytes(value.try_into().ok()?)),
            Values::UInt64(all) => all.push(u64::from_be_bytes(value.try_into().ok()?)),
            Values::Float32(all) => all.push(f32::from_be_bytes(value.try_into().ok()?)),
            Values::Float64(all) => all.push(f64::from_be_bytes(value.try_into().ok()?)),
            Values::Date(all) => {
                all.push(i32::from_be_bytes(value.try_into().ok()?) + EPOCH_DAYS);
            }
            Values::Time(all) => all.push(i64::from_be_bytes(value.try_into().ok()?)),
            Values::Timestamp(all) => {
                all.push(i64::from_be_bytes(value.try_into().ok()?) + EPOCH_MICROS);
            }
            Values::Decimal(all, scale) => all.push(decimal(value, *scale)?),
            Values::Fixed(all, size) => {
                all.extend_from_slice((value.len() == *size).then_some(value)?);
            }
            Values::Bytes(all, ends) => {
                all.extend_from_slice(value);
                ends.push(i32::try_from(all.len()).ok()?);
            }
        }
        Some(())
    }

    fn push_default(&mut self) {
        match self {
            Values::Boolean(all) => all.append(false),
            Values::Int16(all) => all.push(0),
            Values::Int32(all) | Values::Date(all) => all.push(0),
            Values::Int64(all) | Values::Time(all) | Values::Timestamp(all) => all.push(0),
            Values::UInt64(all) => all.push(0),
            Values::Float32(all) => all.push(0.0),
            Values::Float64(all) => all.push(0.0),
            Values::Decimal(all, _) => all.push(0),
            Values::Fixed(all, size) => all.resize(all.len() + *size, 0),
            Values::Bytes(_, ends) => ends.push(ends.last().copied().unwrap_or_default()),
        }
    }
}

impl Column {
    fn new(kind: &DataType) -> Column {
        let values = match kind {
            DataType::Boolean => Values::Boolean(BooleanBufferBuilder::new(0)),
            DataType::Int16 => Values::Int16(Vec::new()),
            DataType::Int32 => Values::Int32(Vec::new()),
            DataType::Int64 => Values::Int64(Vec::new()),
            DataType::UInt64 => Values::UInt64(Vec::new()),
            DataType::Float32 => Values::Float32(Vec::new()),
            DataType::Float64 => Values::Float64(Vec::new()),
            DataType::Date32 => Values::Date(Vec::new()),
            DataType::Time64(_) => Values::Time(Vec::new()),
            DataType::Timestamp(..) => Values::Timestamp(Vec::new()),
            DataType::Decimal128(_, scale) => Values::Decimal(Vec::new(), i32::from(*scale)),
            DataType::FixedSizeBinary(size) => Values::Fixed(Vec::new(), *size as usize),
            _ => Values::Bytes(Vec::new(), vec![0]),
        };
        Column {
            nulls: NullBufferBuilder::new(0),
            values,
        }
    }

    fn into_array(mut self, kind: &DataType) -> Result<ArrayRef, ArrowError> {
        let nulls = self.nulls.finish();
        fn numbers<T: ArrowPrimitiveType>(
            all: Vec<T::Native>,
            nulls: Option<arrow_buffer::NullBuffer>,
        ) -> Result<PrimitiveArray<T>, ArrowError> {
            PrimitiveArray::try_new(ScalarBuffer::from(all), nulls)
        }
        Ok(match self.values {
            Values::Boolean(mut all) => Arc::new(BooleanArray::new(all.finish(), nulls)),
            Values::Int16(all) => Arc::new(numbers::<Int16Type>(all, nulls)?),
            Values::Int32(all) => Arc::new(numbers::<Int32Type>(all, nulls)?),
            Values::Int64(all) => Arc::new(numbers::<Int64Type>(all, nulls)?),
            Values::UInt64(all) => Arc::new(numbers::<UInt64Type>(all, nulls)?),
            Values::Float32(all) => Arc::new(numbers::<Float32Type>(all, nulls)?),
            Values::Float64(all) => Arc::new(numbers::<Float64Type>(all, nulls)?),
            Values::Date(all) => Arc::new(numbers::<Date32Type>(all, nulls)?),
            Values::Time(all) => Arc::new(numbers::<Time64MicrosecondType>(all, nulls)?),
            Values::Timestamp(all) => {
                let micros = numbers::<TimestampMicrosecondType>(all, nulls)?;
                match kind {
                    DataType::Timestamp(_, zone) => {
                        Arc::new(micros.with_timezone_opt(zone.clone()))
                    }
                    _ => Arc::new(micros),
                }
            }
            Values::Decimal(all, _) => {
                let all = numbers::<Decimal128Type>(all, nulls)?;
                match kind {
                    DataType::Decimal128(precision, scale) => {
                        Arc::new(all.with_precision_and_scale(*precision, *scale)?)
                    }
                    _ => Arc::new(all),
                }
            }
            Values::Fixed(all, size) => Arc::new(FixedSizeBinaryArray::try_new(
                size as i32,
                Buffer::from_vec(all),
                nulls,
            )?),
            Values::Bytes(all, ends) => {
                let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
                let all = Buffer::from_vec(all);
                match kind {
                    DataType::Binary => Arc::new(BinaryArray::try_new(ends, all, nulls)?),
                    _ => Arc::new(StringArray::try_new(ends, all, nulls)?),
                }
            }
        })
    }
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
