//! One column, compiled from its spec.

use std::sync::Arc;

use super::encoders::{ColumnKey, JsonEncoder};
use super::null_texts::NullTexts;
use super::reject_reasons;
use super::scratch::Scratch;
use super::value_parser::{FastPath, ValueParser, bytes};
use crate::conversion_spec::{ColumnSpec, RowEncoding, TypeKind, TypeSpec, Wire};
use crate::reject_code::RejectCode;
use crate::values::{Constraints, DateFormat, Patterns};

/// How the texts of one column become values in a row.
pub struct Column {
    /// The index of the column's field in the record.
    pub field: usize,
    pub name: Arc<str>,
    /// What stands before a value in encodings that name columns.
    pub key: ColumnKey,
    pub required: bool,
    pub null_texts: NullTexts,
    /// Bit n says whether a text of n bytes may mean NULL. The last bit stands for all longer texts.
    pub null_lengths: u64,
    pub fast_path: FastPath,
    pub parser: ValueParser,
    pub column_type: TypeSpec,
    pub number: NumberStyle,
    /// The format of dates and times that the contract gives, as written and compiled.
    pub date_format: Option<(Box<str>, DateFormat)>,
    /// The microseconds of the unit in which dates and times are sent as numbers.
    pub epoch: Option<u64>,
    pub constraints: Option<Box<Constraints>>,
}

/// How numbers are written. `plain`: as parsers read them, without marks or text around them.
pub struct NumberStyle {
    pub plain: bool,
    pub decimal_char: u8,
    pub group_char: Option<u8>,
    pub bare: bool,
}

impl Column {
    /// Compiles a column. The error is a sentence.
    pub fn compile(
        spec: ColumnSpec,
        encoding: RowEncoding,
        omit_nulls: bool,
        patterns: &mut Patterns,
    ) -> Result<Column, String> {
        let place = |error: String| format!("column {:?}: {error}", spec.name);
        let constraints = Constraints::compile(&spec, patterns).map_err(place)?;
        let date_format = match spec.format.as_str() {
            "default" | "any" => None,
            pattern if is_temporal(spec.column_type.kind) => {
                let format = DateFormat::compile(pattern, spec.column_type.kind).map_err(place)?;
                Some((pattern.into(), format))
            }
            _ => None,
        };
        let (decimal_char, group_char) = (
            one_byte("decimal_char", &spec.decimal_char).map_err(place)?,
            spec.group_char
                .as_deref()
                .map(|mark| one_byte("group_char", mark)),
        );
        let group_char = group_char.transpose().map_err(place)?;
        let bare = spec.bare_number;
        let plain = decimal_char == b'.' && group_char.is_none() && bare;
        let parser = ValueParser::compile(&spec, encoding).map_err(place)?;
        let epoch = epoch_unit(&spec.column_type, encoding);
        let special = !constraints.is_empty() || date_format.is_some() || epoch.is_some() || !plain;
        let fast_path = if special {
            FastPath::None
        } else {
            parser.fast_path(&spec.column_type)
        };
        let null_texts = match &spec.missing_values {
            None => NullTexts::Empty,
            Some(texts) => NullTexts::of(bytes(texts)),
        };
        Ok(Column {
            fast_path,
            parser,
            number: NumberStyle {
                plain,
                decimal_char,
                group_char,
                bare,
            },
            constraints: (!constraints.is_empty()).then(|| Box::new(constraints)),
            null_lengths: null_texts.lengths(),
            null_texts,
            field: spec.field,
            key: match encoding {
                RowEncoding::Json => JsonEncoder::key_of(&spec.name, omit_nulls),
                _ => ColumnKey::default(),
            },
            name: spec.name.into(),
            column_type: spec.column_type,
            date_format,
            epoch,
            required: spec.required,
        })
    }

    /// The sentence about a value that `convert` has just refused with this code.
    pub fn reason(&self, code: RejectCode, text: &[u8], scratch: &mut Scratch) -> String {
        match scratch.detail.take() {
            Some(detail) => format!("{} {detail}", reject_reasons::shown(text)),
            None => {
                let pattern = self.date_format.as_ref().map(|(pattern, _)| &**pattern);
                reject_reasons::of_value(code, text, &self.column_type, pattern)
            }
        }
    }
}

fn is_temporal(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Date | TypeKind::Time | TypeKind::Timestamp | TypeKind::Timestamptz
    )
}

/// The microseconds of the unit in which an API is sent values of a type as numbers.
fn epoch_unit(kind: &TypeSpec, encoding: RowEncoding) -> Option<u64> {
    let dated = is_temporal(kind.kind) && kind.kind != TypeKind::Time;
    match kind.wire {
        _ if encoding != RowEncoding::Json || !dated => None,
        Wire::EpochSeconds => Some(1_000_000),
        Wire::EpochMilliseconds => Some(1_000),
        _ => None,
    }
}

fn one_byte(name: &str, text: &str) -> Result<u8, String> {
    match *text.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_digit() => Ok(byte),
        _ => Err(format!(
            "{name} {text:?} is not one ASCII character, or is a digit"
        )),
    }
}
