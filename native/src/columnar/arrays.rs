//! Makes the column of an array, by its type.

use std::cell::RefCell;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray};
use arrow_schema::{DataType, TimeUnit};

use super::cells::{Cells, Shape, written};
use super::clock::{LastDay, unit_of, write_date, write_time, write_timestamp};
use super::column::Column;
use super::nested;
use super::numbers::{write_decimal, write_double, write_hex, write_uuid};

/// The column of an array. Gives what its type is called if it cannot be written.
pub fn column(array: &dyn Array) -> Result<Column, String> {
    Ok(Column::new(array, cells(array)?))
}

/// The column of an array of 16 bytes each, which are UUIDs.
pub fn uuid_column(array: &dyn Array) -> Result<Column, String> {
    let DataType::FixedSizeBinary(16) = array.data_type() else {
        return column(array);
    };
    let values = array.as_fixed_size_binary().clone();
    let cells = written(Shape::Plain, move |row, out| {
        write_uuid(out, values.value(row));
    });
    Ok(Column::new(array, cells))
}

fn cells(array: &dyn Array) -> Result<Box<dyn Cells>, String> {
    use DataType::*;

    Ok(match array.data_type() {
        Null => written(Shape::Bare, |_, _| {}),
        Boolean => {
            let values = array.as_boolean().values().clone();
            written(Shape::Bare, move |row, out| {
                out.extend_from_slice(if values.value(row) { b"true" } else { b"false" });
            })
        }
        Int8 => integers::<Int8Type>(array),
        Int16 => integers::<Int16Type>(array),
        Int32 => integers::<Int32Type>(array),
        Int64 => integers::<Int64Type>(array),
        UInt8 => integers::<UInt8Type>(array),
        UInt16 => integers::<UInt16Type>(array),
        UInt32 => integers::<UInt32Type>(array),
        UInt64 => integers::<UInt64Type>(array),
        Float16 => floats(array.as_primitive::<Float16Type>(), |half| half.to_f32()),
        Float32 => floats(array.as_primitive::<Float32Type>(), |value| value),
        Float64 => {
            let values = array.as_primitive::<Float64Type>().values().clone();
            written(Shape::Bare, move |row, out| write_double(out, values[row]))
        }
        Decimal32(_, scale) => decimals::<Decimal32Type>(array, *scale, |it| Some(it.into())),
        Decimal64(_, scale) => decimals::<Decimal64Type>(array, *scale, Some),
        Decimal128(_, scale) => {
            decimals::<Decimal128Type>(array, *scale, |it| i64::try_from(it).ok())
        }
        Decimal256(_, scale) => decimals::<Decimal256Type>(array, *scale, |_| None),
        Date32 => dates(array.as_primitive::<Date32Type>(), i64::from),
        Date64 => dates(array.as_primitive::<Date64Type>(), |millis| {
            millis.div_euclid(86_400_000)
        }),
        Time32(TimeUnit::Second) => times::<Time32SecondType>(array, TimeUnit::Second),
        Time32(_) => times::<Time32MillisecondType>(array, TimeUnit::Millisecond),
        Time64(TimeUnit::Nanosecond) => times::<Time64NanosecondType>(array, TimeUnit::Nanosecond),
        Time64(_) => times::<Time64MicrosecondType>(array, TimeUnit::Microsecond),
        Timestamp(unit, zone) => {
            let zone: &[u8] = if zone.is_some() { b"Z" } else { b"" };
            match unit {
                TimeUnit::Second => stamps::<TimestampSecondType>(array, *unit, zone),
                TimeUnit::Millisecond => stamps::<TimestampMillisecondType>(array, *unit, zone),
                TimeUnit::Microsecond => stamps::<TimestampMicrosecondType>(array, *unit, zone),
                TimeUnit::Nanosecond => stamps::<TimestampNanosecondType>(array, *unit, zone),
            }
        }
        Utf8 => texts(array.as_string::<i32>().clone(), |it, row| {
            it.value(row).as_bytes()
        }),
        LargeUtf8 => texts(array.as_string::<i64>().clone(), |it, row| {
            it.value(row).as_bytes()
        }),
        Utf8View => texts(array.as_string_view().clone(), |it, row| {
            it.value(row).as_bytes()
        }),
        Binary => bytes(array.as_binary::<i32>().clone(), |it, row| it.value(row)),
        LargeBinary => bytes(array.as_binary::<i64>().clone(), |it, row| it.value(row)),
        BinaryView => bytes(array.as_binary_view().clone(), |it, row| it.value(row)),
        FixedSizeBinary(_) => bytes(array.as_fixed_size_binary().clone(), |it, row| {
            it.value(row)
        }),
        Dictionary(..) => nested::dictionary(array, column)?,
        List(_) => nested::list(array.as_list::<i32>(), column)?,
        LargeList(_) => nested::list(array.as_list::<i64>(), column)?,
        FixedSizeList(..) => nested::fixed_list(array.as_fixed_size_list(), column)?,
        Struct(_) => nested::structs(array.as_struct(), column)?,
        Map(..) => nested::map(array.as_map(), column)?,
        other => return Err(format!("values of type {other}")),
    })
}

fn integers<T>(array: &dyn Array) -> Box<dyn Cells>
where
    T: ArrowPrimitiveType,
    T::Native: itoa::Integer + Send,
{
    let values = array.as_primitive::<T>().values().clone();
    written(Shape::Bare, move |row, out| {
        out.extend_from_slice(itoa::Buffer::new().format(values[row]).as_bytes());
    })
}

fn floats<T, F>(array: &PrimitiveArray<T>, wide: fn(T::Native) -> F) -> Box<dyn Cells>
where
    T: ArrowPrimitiveType,
    F: zmij::Float + 'static,
{
    let values = array.values().clone();
    written(Shape::Bare, move |row, out| {
        out.extend_from_slice(zmij::Buffer::new().format(wide(values[row])).as_bytes());
    })
}

/// `short` gives a value that 64 bits can hold.
fn decimals<T>(array: &dyn Array, scale: i8, short: fn(T::Native) -> Option<i64>) -> Box<dyn Cells>
where
    T: ArrowPrimitiveType,
    T::Native: ToString,
{
    let values = array.as_primitive::<T>().values().clone();
    written(Shape::Bare, move |row, out| match short(values[row]) {
        Some(value) => write_decimal(out, itoa::Buffer::new().format(value), scale),
        None => write_decimal(out, &values[row].to_string(), scale),
    })
}

fn dates<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    day: fn(T::Native) -> i64,
) -> Box<dyn Cells> {
    let values = array.values().clone();
    written(Shape::Plain, move |row, out| {
        write_date(out, day(values[row]))
    })
}

fn times<T>(array: &dyn Array, unit: TimeUnit) -> Box<dyn Cells>
where
    T: ArrowPrimitiveType,
    i64: From<T::Native>,
{
    let (values, unit) = (array.as_primitive::<T>().values().clone(), unit_of(unit));
    written(Shape::Plain, move |row, out| {
        write_time(out, i64::from(values[row]), unit);
    })
}

fn stamps<T>(array: &dyn Array, unit: TimeUnit, zone: &'static [u8]) -> Box<dyn Cells>
where
    T: ArrowPrimitiveType<Native = i64>,
{
    let (values, unit) = (array.as_primitive::<T>().values().clone(), unit_of(unit));
    let last = RefCell::new(LastDay::default());
    written(Shape::Plain, move |row, out| {
        write_timestamp(out, &mut last.borrow_mut(), values[row], unit, zone);
    })
}

fn texts<A: Send + 'static>(array: A, text: fn(&A, usize) -> &[u8]) -> Box<dyn Cells> {
    written(Shape::Text, move |row, out| {
        out.extend_from_slice(text(&array, row))
    })
}

fn bytes<A: Send + 'static>(array: A, value: fn(&A, usize) -> &[u8]) -> Box<dyn Cells> {
    written(Shape::Text, move |row, out| {
        write_hex(out, value(&array, row))
    })
}
