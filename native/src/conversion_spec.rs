//! The JSON that configures a converter. `formats/kernel_json.py` writes it.

use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::dialect::DialectSpec;

/// How the records of an input become rows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversionSpec {
    pub dialect: DialectSpec,
    pub encoding: RowEncoding,
    /// The number of fields that every record must have.
    pub fields: usize,
    /// In the order of the values in a row.
    pub columns: Vec<ColumnSpec>,
    pub lineage: Option<LineageSpec>,
    /// Whether a NULL is left out of a JSON object.
    pub omit_nulls: bool,
    pub rules: Vec<RuleSpec>,
}

/// A rule of a contract: in records whose column `when` has one of `values`, at least one of the
/// columns `any_of` must have a value. Without `when` the rule is for all records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    pub any_of: Vec<String>,
    pub when: Option<String>,
    pub values: Vec<String>,
}

/// How rows are written for a target: `model.RowEncoding`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RowEncoding {
    Postgres,
    Text,
    Mariadb,
    Sqlite,
    Arrow,
    Json,
}

impl RowEncoding {
    /// The encoding of a name.
    pub fn named(name: &str) -> Option<RowEncoding> {
        RowEncoding::deserialize(
            IntoDeserializer::<serde::de::value::Error>::into_deserializer(name),
        )
        .ok()
    }

    /// The name as the spec has it.
    pub fn as_str(self) -> &'static str {
        match self {
            RowEncoding::Postgres => "postgres",
            RowEncoding::Text => "text",
            RowEncoding::Mariadb => "mariadb",
            RowEncoding::Sqlite => "sqlite",
            RowEncoding::Arrow => "arrow",
            RowEncoding::Json => "json",
        }
    }
}

/// One column: its type, its constraints, and how its texts are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// The index of the column's field in the record.
    pub field: usize,
    pub name: String,
    #[serde(rename = "type")]
    pub column_type: TypeSpec,
    pub format: String,
    pub required: bool,
    pub minimum: Option<String>,
    pub maximum: Option<String>,
    pub exclusive_minimum: Option<String>,
    pub exclusive_maximum: Option<String>,
    pub min_length: Option<usize>,
    pub max_length: Option<usize>,
    pub pattern: Option<String>,
    #[serde(rename = "enum")]
    pub one_of: Option<Vec<String>>,
    pub true_values: Option<Vec<String>>,
    pub false_values: Option<Vec<String>>,
    pub decimal_char: String,
    pub group_char: Option<String>,
    pub bare_number: bool,
    pub missing_values: Option<Vec<String>>,
}

/// A type: the fields of `model.Type`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeSpec {
    pub kind: TypeKind,
    pub bits: u32,
    pub unsigned: bool,
    pub precision: Option<u32>,
    pub scale: Option<u32>,
    pub fraction: u8,
    pub max_chars: Option<usize>,
    pub max_bytes: Option<usize>,
    pub wire: Wire,
}

/// The kinds of types: `model.Kind`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum TypeKind {
    Boolean,
    Integer,
    Decimal,
    Float,
    Date,
    Time,
    Timestamp,
    Timestamptz,
    Text,
    Uuid,
    Json,
}

/// What is special about the way in which a target stores a column of this type.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum Wire {
    #[serde(rename = "")]
    Plain,
    /// PostgreSQL's jsonb: it has a version byte, and keeps one member of each name.
    #[serde(rename = "jsonb")]
    Jsonb,
    /// MySQL's json: it keeps one member of each name, and numbers of 64 bits.
    #[serde(rename = "binary")]
    Binary,
    /// A column that stores a text as a number if the text looks like one.
    #[serde(rename = "numeric")]
    Numeric,
    /// A text column of fixed length, filled with blanks.
    #[serde(rename = "padded")]
    Padded,
    /// A boolean that is stored as an 8-bit integer, and accepts any such integer.
    #[serde(rename = "tiny")]
    Tiny,
    /// A time that may also be a span of time, up to 838 hours in either direction.
    #[serde(rename = "span")]
    Span,
    /// A year. The target would turn two digits into a year of four.
    #[serde(rename = "year")]
    Year,
    /// A date or time that an API is sent as the seconds since 1970-01-01 00:00 UTC.
    #[serde(rename = "epoch_seconds")]
    EpochSeconds,
    /// The same in milliseconds.
    #[serde(rename = "epoch_milliseconds")]
    EpochMilliseconds,
}

/// The import that rows name as their origin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineageSpec {
    pub import_id: i64,
}
