//! What a schema says of a column: the contract's words for it, or why it cannot be loaded.

use arrow_schema::{DataType, Field, Schema};
use serde::Serialize;

const EXTENSION: &str = "ARROW:extension:name";
/// An extension type of which the file has numbers that mean nothing without it: a period is stored
/// as its number since 1970, whether of days or of years.
const PERIOD: &str = "pandas.period";

/// One column, as `sources/columnar.py` reads it.
#[derive(Serialize, Default)]
pub struct DeclaredColumn {
    pub name: String,
    pub kind: &'static str,
    pub bits: u8,
    pub unsigned: bool,
    pub precision: Option<u32>,
    pub scale: Option<u32>,
    /// Whether no value may be NULL.
    pub required: bool,
    /// Whether the values are bytes, which are written as hexadecimal digits.
    pub binary: bool,
}

/// The columns of a schema. Gives a sentence for one that no column can hold.
pub fn declared(schema: &Schema) -> Result<Vec<DeclaredColumn>, String> {
    schema.fields().iter().map(|field| column(field)).collect()
}

/// Whether a column has values of an extension type, such as `arrow.uuid`.
pub fn is_extension(field: &Field, name: &str) -> bool {
    field
        .metadata()
        .get(EXTENSION)
        .is_some_and(|own| own == name)
}

fn column(field: &Field) -> Result<DeclaredColumn, String> {
    let mut column = DeclaredColumn {
        name: field.name().clone(),
        required: !field.is_nullable(),
        ..of_field(field).map_err(|what| {
            format!(
                "Column {:?} has {what}, which cannot be loaded",
                field.name()
            )
        })?
    };
    let text = column.kind == "text" && !column.binary;
    if text && is_extension(field, "arrow.json") {
        column.kind = "json";
    } else if field.data_type() == &DataType::FixedSizeBinary(16)
        && is_extension(field, "arrow.uuid")
    {
        column.kind = "uuid";
        column.binary = false;
    }
    Ok(column)
}

fn of_field(field: &Field) -> Result<DeclaredColumn, String> {
    if is_extension(field, PERIOD) {
        return Err("periods".into());
    }
    of_type(field.data_type())
}

fn of_type(data_type: &DataType) -> Result<DeclaredColumn, String> {
    use DataType::*;

    let of = |kind| DeclaredColumn {
        kind,
        bits: 64,
        ..DeclaredColumn::default()
    };
    let integer = |bits, unsigned| DeclaredColumn {
        bits,
        unsigned,
        ..of("integer")
    };
    let float = |bits| DeclaredColumn {
        bits,
        ..of("float")
    };
    let decimal = |precision: u8, scale: i8| {
        // A scale below zero stands for zeros before the point.
        let zeros = if scale < 0 {
            u32::from(scale.unsigned_abs())
        } else {
            0
        };
        DeclaredColumn {
            precision: Some(u32::from(precision) + zeros),
            scale: Some(u32::try_from(scale).unwrap_or(0)),
            ..of("decimal")
        }
    };
    Ok(match data_type {
        Boolean => of("boolean"),
        Int8 => integer(8, false),
        Int16 => integer(16, false),
        Int32 => integer(32, false),
        Int64 => integer(64, false),
        UInt8 => integer(8, true),
        UInt16 => integer(16, true),
        UInt32 => integer(32, true),
        UInt64 => integer(64, true),
        Float16 | Float32 => float(32),
        Float64 => float(64),
        Decimal32(precision, scale)
        | Decimal64(precision, scale)
        | Decimal128(precision, scale)
        | Decimal256(precision, scale) => decimal(*precision, *scale),
        Date32 | Date64 => of("date"),
        Time32(_) | Time64(_) => of("time"),
        Timestamp(_, None) => of("timestamp"),
        Timestamp(_, Some(_)) => of("timestamptz"),
        Null | Utf8 | LargeUtf8 | Utf8View => of("text"),
        Binary | LargeBinary | BinaryView | FixedSizeBinary(_) => DeclaredColumn {
            binary: true,
            ..of("text")
        },
        Dictionary(_, values) => of_type(values)?,
        List(field) | LargeList(field) | FixedSizeList(field, _) | Map(field, _) => {
            of_field(field)?;
            of("json")
        }
        Struct(fields) => {
            for field in fields {
                of_field(field)?;
            }
            of("json")
        }
        Interval(_) | Duration(_) => return Err("intervals".into()),
        Union(..) => return Err("values of several types (a union)".into()),
        other => return Err(format!("values of type {other}")),
    })
}
