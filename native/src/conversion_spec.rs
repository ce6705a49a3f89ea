//! What the converter is told: the JSON of `formats/kernel_json.py`.

use serde::Deserialize;

use crate::dialect::DialectSpec;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversionSpec {
    pub dialect: DialectSpec,
    pub encoding: RowEncoding,
    /// Fields that every record must have.
    pub fields: usize,
    /// In the order of the payload.
    pub columns: Vec<ColumnSpec>,
    pub lineage: Option<LineageSpec>,
    /// NULL is left out of a JSON object.
    pub omit_nulls: bool,
    pub rules: Vec<RuleSpec>,
}

/// In records whose column `when` has one of the values, one of some columns must have a value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    pub any_of: Vec<String>,
    pub when: Option<String>,
    pub values: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RowEncoding {
    Postgres,
    Text,
    Mariadb,
    Sqlite,
    Json,
}

impl RowEncoding {
    /// As in the spec.
    pub fn as_str(self) -> &'static str {
        match self {
            RowEncoding::Postgres => "postgres",
            RowEncoding::Text => "text",
            RowEncoding::Mariadb => "mariadb",
            RowEncoding::Sqlite => "sqlite",
            RowEncoding::Json => "json",
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// Index into the record.
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

/// The fields of `model.Type`.
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

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum Wire {
    #[serde(rename = "")]
    Plain,
    /// PostgreSQL's jsonb: a version byte, and one member of each name.
    #[serde(rename = "jsonb")]
    Jsonb,
    /// MySQL's json: the same members, and numbers as 64 bits hold them.
    #[serde(rename = "binary")]
    Binary,
    /// A column that makes a number of what looks like one.
    #[serde(rename = "numeric")]
    Numeric,
    /// A text that is filled with blanks.
    #[serde(rename = "padded")]
    Padded,
    /// A boolean that is an integer of 8 bits, and takes any.
    #[serde(rename = "tiny")]
    Tiny,
    /// A time that also is a span of time, to 838 hours either way.
    #[serde(rename = "span")]
    Span,
    /// An integer that makes another year of one of two digits.
    #[serde(rename = "year")]
    Year,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineageSpec {
    pub import_id: i64,
}
