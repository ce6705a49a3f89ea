//! What a column expects of its texts, worked out once from its spec.

use super::encoders::Width;
use crate::conversion_spec::{ColumnSpec, RowEncoding, TypeKind, TypeSpec, Wire};
use crate::values::SHORT_DIGITS;
use crate::values::integer_range;

/// The fast way for nearly all values of a column without constraints. `fast_path.rs` takes it.
pub enum FastPath {
    Integer {
        min: i64,
        max: i64,
        width: Width,
    },
    Float64,
    Float32,
    Boolean,
    Date,
    Time,
    /// `fraction`: the column keeps six digits of a second's fraction.
    Timestamp {
        fraction: bool,
    },
    Timestamptz,
    /// At most `scale` digits after the point, and before it a number less than `below`.
    Decimal {
        scale: u32,
        below: u32,
    },
    Text {
        max_bytes: usize,
    },
    /// A text that must not end in blanks.
    Padded {
        max_bytes: usize,
    },
    None,
}

/// How a text becomes a value. `convert_value.rs` does it.
pub enum ValueParser {
    Integer {
        min: i128,
        max: i128,
        width: Width,
    },
    /// `whole`: the column also keeps any 64-bit integer as it is.
    Float64 {
        whole: bool,
    },
    Float32,
    Decimal,
    Boolean {
        yes: Vec<Box<[u8]>>,
        no: Vec<Box<[u8]>>,
        /// The integers that the column accepts in addition, if it stores an integer.
        numbers: Option<(i128, i128)>,
    },
    Year,
    Date,
    Time {
        span: bool,
    },
    Timestamp,
    Timestamptz,
    Text {
        max_chars: usize,
        max_bytes: usize,
        wire: Wire,
    },
    Uuid,
    Json {
        wire: Wire,
    },
}

impl ValueParser {
    pub fn compile(spec: &ColumnSpec, encoding: RowEncoding) -> Result<ValueParser, String> {
        let TypeSpec {
            kind,
            bits,
            unsigned,
            max_chars,
            max_bytes,
            wire,
            ..
        } = spec.column_type;
        let words = |own: &Option<Vec<String>>, usual: [&str; 4]| match own {
            Some(words) => bytes(words),
            None => usual.iter().map(|word| word.as_bytes().into()).collect(),
        };
        Ok(match kind {
            TypeKind::Boolean => ValueParser::Boolean {
                yes: words(&spec.true_values, ["true", "True", "TRUE", "1"]),
                no: words(&spec.false_values, ["false", "False", "FALSE", "0"]),
                numbers: match wire {
                    Wire::Tiny => Some(integer_range(8, unsigned)?),
                    _ => None,
                },
            },
            TypeKind::Integer if wire == Wire::Year => ValueParser::Year,
            TypeKind::Integer => {
                let (min, max) = integer_range(bits, unsigned)?;
                // PostgreSQL and SQLite have signed integers only.
                let max = match encoding {
                    RowEncoding::Text
                    | RowEncoding::Mariadb
                    | RowEncoding::Arrow
                    | RowEncoding::Json => max,
                    RowEncoding::Postgres | RowEncoding::Sqlite => max.min(i64::MAX.into()),
                };
                let width = if max <= i16::MAX.into() {
                    Width::Two
                } else if max <= i32::MAX.into() {
                    Width::Four
                } else {
                    Width::Eight
                };
                ValueParser::Integer { min, max, width }
            }
            TypeKind::Float if bits == 32 => ValueParser::Float32,
            TypeKind::Float if bits == 64 => ValueParser::Float64 {
                whole: wire == Wire::Numeric,
            },
            TypeKind::Float => return Err(format!("there is no float of {bits} bits")),
            TypeKind::Decimal => ValueParser::Decimal,
            TypeKind::Date => ValueParser::Date,
            TypeKind::Time => ValueParser::Time {
                span: wire == Wire::Span,
            },
            TypeKind::Timestamp => ValueParser::Timestamp,
            TypeKind::Timestamptz => ValueParser::Timestamptz,
            TypeKind::Text => ValueParser::Text {
                max_chars: max_chars.unwrap_or(usize::MAX),
                max_bytes: max_bytes.unwrap_or(usize::MAX),
                wire,
            },
            TypeKind::Uuid => ValueParser::Uuid,
            TypeKind::Json => ValueParser::Json { wire },
        })
    }

    pub fn fast_path(&self, kind: &TypeSpec) -> FastPath {
        match *self {
            ValueParser::Integer { min, max, width } => FastPath::Integer {
                min: min as i64,
                max: max.min(i64::MAX.into()) as i64,
                width,
            },
            ValueParser::Float64 { .. } => FastPath::Float64,
            ValueParser::Float32 => FastPath::Float32,
            ValueParser::Boolean { .. } => FastPath::Boolean,
            ValueParser::Date => FastPath::Date,
            ValueParser::Time { .. } => FastPath::Time,
            ValueParser::Timestamptz => FastPath::Timestamptz,
            ValueParser::Timestamp => FastPath::Timestamp {
                fraction: kind.fraction >= 6,
            },
            ValueParser::Decimal => decimal_fast_path(kind.precision, kind.scale),
            ValueParser::Text {
                max_chars,
                max_bytes,
                wire,
            } => {
                let max_bytes = max_bytes.min(max_chars);
                match wire {
                    Wire::Numeric => FastPath::None,
                    Wire::Padded => FastPath::Padded { max_bytes },
                    _ => FastPath::Text { max_bytes },
                }
            }
            _ => FastPath::None,
        }
    }
}

/// The fast path for decimals that are surely within the limits. `convert_value.rs` checks the others.
fn decimal_fast_path(precision: Option<u32>, scale: Option<u32>) -> FastPath {
    let before = match (precision, scale) {
        (Some(precision), Some(scale)) => precision.saturating_sub(scale),
        (Some(precision), None) if precision < SHORT_DIGITS => return FastPath::None,
        _ => SHORT_DIGITS,
    };
    FastPath::Decimal {
        scale: scale.unwrap_or(SHORT_DIGITS),
        below: 10_u32.pow(before.min(SHORT_DIGITS)),
    }
}

pub fn bytes(texts: &[String]) -> Vec<Box<[u8]>> {
    texts.iter().map(|text| text.as_bytes().into()).collect()
}
