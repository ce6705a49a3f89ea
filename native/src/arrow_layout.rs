//! Which Arrow type each value of a row has, for rows of encoding `arrow`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, TimeUnit};

use crate::conversion_spec::{TypeKind, TypeSpec};

/// The columns of an import as Arrow has them, in the order of the values in a row. Their names are
/// their numbers: the target knows them by their places.
pub fn layout<'a>(
    columns: impl Iterator<Item = (&'a str, &'a TypeSpec)>,
    lineage: bool,
) -> Result<Schema, String> {
    let mut fields = Vec::new();
    for (name, kind) in columns {
        let typed = data_type(kind).ok_or_else(|| {
            format!("column {name:?}: Arrow's decimals have a precision of 1 to 38")
        })?;
        let field = Field::new(format!("c{}", fields.len()), typed, true);
        fields.push(match kind.kind {
            TypeKind::Uuid => field.with_metadata(HashMap::from([(
                "ARROW:extension:name".into(),
                "arrow.uuid".into(),
            )])),
            _ => field,
        });
    }
    for _ in 0..if lineage { 2 } else { 0 } {
        fields.push(Field::new(
            format!("c{}", fields.len()),
            DataType::Int64,
            false,
        ));
    }
    Ok(Schema::new(fields))
}

fn data_type(spec: &TypeSpec) -> Option<DataType> {
    Some(match spec.kind {
        TypeKind::Boolean => DataType::Boolean,
        // As wide as the values of the row: `convert/value_parser.rs`.
        TypeKind::Integer => match spec.bits + u32::from(spec.unsigned) {
            ..=16 => DataType::Int16,
            17..=32 => DataType::Int32,
            33..=64 => DataType::Int64,
            _ => DataType::UInt64,
        },
        TypeKind::Float if spec.bits == 32 => DataType::Float32,
        TypeKind::Float => DataType::Float64,
        TypeKind::Decimal => {
            let precision = spec.precision.filter(|it| (1..=38).contains(it))?;
            let scale = spec.scale.filter(|scale| *scale <= precision)?;
            DataType::Decimal128(precision as u8, scale as i8)
        }
        TypeKind::Date => DataType::Date32,
        TypeKind::Time => DataType::Time64(TimeUnit::Microsecond),
        TypeKind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        TypeKind::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
        TypeKind::Uuid => DataType::FixedSizeBinary(16),
        TypeKind::Text | TypeKind::Json => DataType::Utf8,
    })
}
