//! The values of one column in some rows, as an array has them.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrowPrimitiveType, StringViewArray};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field as SchemaField, TimeUnit};

use super::column::Column;
use super::encoders::time_text::DAY;
use super::encoders::{ColumnKey, Encoder, PostgresEncoder, Width};
use super::null_texts::contains;
use super::output::Output;
use super::scratch::Scratch;
use super::value_parser::{FastPath, ValueParser};
use crate::columnar::{Texts, column_of};
use crate::values::{FIRST_DAY, Field, LAST_DAY, ShortNumber};

/// The digits of a second's fraction that a column must keep to take all microseconds.
const MICROSECONDS: u8 = 6;

/// The values of one column, ready to be written. None of them would be rejected.
pub struct TypedColumn {
    nulls: Option<NullBuffer>,
    values: Values,
}

enum Values {
    Integers(Vec<i64>, Width),
    Doubles(ScalarBuffer<f64>),
    Floats(Vec<f32>),
    Booleans(BooleanBuffer),
    Dates(Vec<i32>),
    Times(Vec<i64>),
    /// With or without a time zone.
    Timestamps(Vec<i64>),
    Decimals(Vec<ShortNumber>),
    /// And the bytes of the longest one.
    Strings(StringViewArray, usize),
    /// Values that are encoded already, by way of their texts.
    Encoded(Texts),
}

impl TypedColumn {
    /// The values of an array. None if one of them would be rejected, as far as is known here.
    pub fn new(column: &Column, field: &SchemaField, array: &dyn Array) -> Option<TypedColumn> {
        let nulls = array.logical_nulls();
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
        if column.required && nulls.is_some() {
            return None;
        }
        let valid = Valid(nulls.as_ref());
        let values = match direct(column, array, valid) {
            Some(values) => values,
            None => encoded(column, field, array, valid)?,
        };
        Some(TypedColumn { nulls, values })
    }

    /// The most bytes of a value, if they can be more than those of a number.
    pub fn longest(&self) -> usize {
        match &self.values {
            Values::Strings(_, longest) => *longest,
            Values::Encoded(texts) => texts.longest(),
            _ => 0,
        }
    }

    /// Writes the value of a row.
    #[inline]
    pub fn write(&self, row: usize, key: &ColumnKey, out: &mut impl Output) {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return PostgresEncoder::null(out, key);
        }
        let no_text = Field::new(b"", 0, false);
        match &self.values {
            Values::Integers(values, width) => {
                PostgresEncoder::integer(out, values[row], *width, no_text);
            }
            Values::Doubles(values) => PostgresEncoder::float64(out, values[row], no_text),
            Values::Floats(values) => PostgresEncoder::float32(out, values[row], no_text),
            Values::Booleans(values) => PostgresEncoder::boolean(out, values.value(row)),
            Values::Dates(values) => PostgresEncoder::date(out, values[row]),
            Values::Times(values) => PostgresEncoder::time(out, values[row]),
            Values::Timestamps(values) => PostgresEncoder::timestamptz(out, values[row]),
            Values::Decimals(values) => PostgresEncoder::short_decimal(out, values[row], no_text),
            Values::Strings(texts, _) => {
                let text = texts.value(row).as_bytes();
                PostgresEncoder::verbatim(out, Field::new(text, 0, false));
            }
            Values::Encoded(texts) => out.slice(texts.get(row)),
        }
    }
}

/// Which values are not NULL. What stands in the place of a NULL may be anything.
#[derive(Clone, Copy)]
struct Valid<'a>(Option<&'a NullBuffer>);

impl Valid<'_> {
    /// The values of an array, each made by `make`, which gives none for what is left to the text.
    fn of<T: ArrowPrimitiveType, V: Default>(
        self,
        array: &dyn Array,
        make: impl Fn(T::Native) -> Option<V>,
    ) -> Option<Vec<V>> {
        let values = array.as_primitive::<T>().values().iter();
        let Some(nulls) = self.0 else {
            return values.map(|value| make(*value)).collect();
        };
        let values = values.zip(nulls.iter());
        values
            .map(|(value, valid)| {
                if valid {
                    make(*value)
                } else {
                    Some(V::default())
                }
            })
            .collect()
    }
}

/// The values of an array that needs no text: its type is that of the column, which has no constraint.
fn direct(column: &Column, array: &dyn Array, valid: Valid<'_>) -> Option<Values> {
    use DataType::*;

    let all_digits = column.column_type.fraction >= MICROSECONDS;
    match (&column.fast_path, array.data_type()) {
        (FastPath::Integer { min, max, width }, kind) => {
            let (min, max) = (*min, *max);
            let within = |value: i64| (min <= value && value <= max).then_some(value);
            let values = match kind {
                Int8 => valid.of::<Int8Type, _>(array, |value| within(value.into())),
                Int16 => valid.of::<Int16Type, _>(array, |value| within(value.into())),
                Int32 => valid.of::<Int32Type, _>(array, |value| within(value.into())),
                Int64 => valid.of::<Int64Type, _>(array, within),
                UInt8 => valid.of::<UInt8Type, _>(array, |value| within(value.into())),
                UInt16 => valid.of::<UInt16Type, _>(array, |value| within(value.into())),
                UInt32 => valid.of::<UInt32Type, _>(array, |value| within(value.into())),
                UInt64 => valid.of::<UInt64Type, _>(array, |it| within(it.try_into().ok()?)),
                _ => None,
            };
            Some(Values::Integers(values?, *width))
        }
        (FastPath::Float64, Float64) => {
            let finite = |value: f64| value.is_finite().then_some(());
            valid.of::<Float64Type, _>(array, finite)?;
            let values = array.as_primitive::<Float64Type>().values();
            Some(Values::Doubles(values.clone()))
        }
        (FastPath::Float32, Float32) => {
            let finite = |value: f32| value.is_finite().then_some(value);
            let values = valid.of::<Float32Type, _>(array, finite)?;
            Some(Values::Floats(values))
        }
        (FastPath::Boolean, Boolean) => {
            is_usual(&column.parser).then(|| Values::Booleans(array.as_boolean().values().clone()))
        }
        (FastPath::Date, Date32) => {
            let known = |day| (FIRST_DAY..=LAST_DAY).contains(&day).then_some(day);
            valid.of::<Date32Type, _>(array, known).map(Values::Dates)
        }
        (FastPath::Time, Time32(_) | Time64(_)) if all_digits => {
            let known = |micros: i64| (0..DAY).contains(&micros).then_some(micros);
            micros(array, valid, known).map(Values::Times)
        }
        (FastPath::Timestamp { fraction: true }, Timestamp(_, None)) => {
            micros(array, valid, within_years).map(Values::Timestamps)
        }
        (FastPath::Timestamptz, Timestamp(_, Some(_))) if all_digits => {
            micros(array, valid, within_years).map(Values::Timestamps)
        }
        (FastPath::Decimal { scale, below }, kind) => {
            let short = |value: i64, decimals: i8| {
                let short = ShortNumber::of(value, u32::try_from(decimals).ok()?)?;
                (short.decimals <= *scale && short.whole() < *below).then_some(short)
            };
            let values = match kind {
                Decimal32(_, own) => {
                    valid.of::<Decimal32Type, _>(array, |it| short(it.into(), *own))
                }
                Decimal64(_, own) => valid.of::<Decimal64Type, _>(array, |it| short(it, *own)),
                Decimal128(_, own) => {
                    valid.of::<Decimal128Type, _>(array, |it| short(it.try_into().ok()?, *own))
                }
                _ => None,
            };
            values.map(Values::Decimals)
        }
        (FastPath::Text { max_bytes }, Utf8View) => {
            let texts = array.as_string_view();
            let lengths = texts.lengths().enumerate();
            let known = lengths.filter(|(row, _)| valid.0.is_none_or(|nulls| nulls.is_valid(*row)));
            let longest = known.map(|(_, length)| length as usize).max().unwrap_or(0);
            (longest <= *max_bytes).then(|| Values::Strings(texts.clone(), longest))
        }
        _ => None,
    }
}

/// Whether the words of a column are those that arrays have as records.
fn is_usual(parser: &ValueParser) -> bool {
    let ValueParser::Boolean { yes, no, numbers } = parser else {
        return false;
    };
    let own = contains(yes, b"true") && contains(no, b"false") && !contains(yes, b"false");
    own && numbers.is_none()
}

fn within_years(micros: i64) -> Option<i64> {
    let days = i64::from(FIRST_DAY)..=i64::from(LAST_DAY);
    days.contains(&micros.div_euclid(DAY)).then_some(micros)
}

/// The values of an array of times in microseconds. None if one has a part of a microsecond.
fn micros(array: &dyn Array, valid: Valid<'_>, known: fn(i64) -> Option<i64>) -> Option<Vec<i64>> {
    use DataType::*;
    use TimeUnit::*;

    let seconds = |value: i64| known(value.checked_mul(1_000_000)?);
    let millis = |value: i64| known(value.checked_mul(1_000)?);
    let nanos = |value: i64| (value % 1_000 == 0).then(|| known(value / 1_000)).flatten();
    match array.data_type() {
        Time32(Second) => valid.of::<Time32SecondType, _>(array, |it| seconds(it.into())),
        Time32(_) => valid.of::<Time32MillisecondType, _>(array, |it| millis(it.into())),
        Time64(Nanosecond) => valid.of::<Time64NanosecondType, _>(array, nanos),
        Time64(_) => valid.of::<Time64MicrosecondType, _>(array, known),
        Timestamp(Second, _) => valid.of::<TimestampSecondType, _>(array, seconds),
        Timestamp(Millisecond, _) => valid.of::<TimestampMillisecondType, _>(array, millis),
        Timestamp(Microsecond, _) => valid.of::<TimestampMicrosecondType, _>(array, known),
        Timestamp(Nanosecond, _) => valid.of::<TimestampNanosecondType, _>(array, nanos),
        _ => None,
    }
}

/// The values of any array, by way of their texts. None if one is rejected.
fn encoded(
    column: &Column,
    field: &SchemaField,
    array: &dyn Array,
    valid: Valid<'_>,
) -> Option<Values> {
    let texts = column_of(field, array).ok()?;
    let (mut encoded, mut scratch, mut text) = (Texts::default(), Scratch::default(), Vec::new());
    for row in 0..array.len() {
        if valid.0.is_none_or(|nulls| nulls.is_valid(row)) {
            text.clear();
            texts.write(row, &mut text);
            let out = encoded.bytes();
            let done = column.convert::<PostgresEncoder>(out, &text, false, &mut scratch);
            done.ok()?;
        }
        encoded.end();
    }
    Some(Values::Encoded(encoded))
}
