//! One column: what its values must be.

use std::sync::Arc;

use super::encoder::Width;
use super::json::Json;
use super::label::Label;
use super::read::Scratch;
use super::reasons;
use super::short::SHORT_DIGITS;
use crate::codes::Code;
use crate::spec::{ColumnSpec, Encoding, Kind, TypeSpec, Wire};
use crate::values::{Constraints, Format, Patterns};

pub struct Column {
    /// Index into the record.
    pub field: usize,
    pub name: Arc<str>,
    pub label: Label,
    pub required: bool,
    pub nulls: Nulls,
    /// Bit n: a text of n bytes may mean NULL; the last bit stands for all longer ones.
    pub null_lengths: u64,
    pub shortcut: Shortcut,
    pub reading: Reading,
    pub kind: TypeSpec,
    pub number: Number,
    /// The user's own form of dates and times, and what it was compiled to.
    pub pattern: Option<(Box<str>, Format)>,
    pub constraints: Option<Box<Constraints>>,
}

/// The way that nearly all values of a column take, if nothing special is asked of them.
pub enum Shortcut {
    Integer {
        min: i64,
        max: i64,
        width: Width,
    },
    Float64,
    /// `fraction`: with all six digits of a second's fraction, or with none.
    Timestamp {
        fraction: bool,
    },
    /// At most so many digits after the point, and before it a number below a limit.
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

/// How a text becomes a value.
pub enum Reading {
    Integer {
        min: i128,
        max: i128,
        width: Width,
    },
    /// `whole`: the column keeps any integer of 64 bits as it is, besides.
    Float64 {
        whole: bool,
    },
    Float32,
    Decimal,
    Boolean {
        yes: Vec<Box<[u8]>>,
        no: Vec<Box<[u8]>>,
        /// What the column takes besides, where it keeps an integer.
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

/// How numbers are written, if not plainly.
pub struct Number {
    pub plain: bool,
    pub decimal_char: u8,
    pub group_char: Option<u8>,
    pub bare: bool,
}

/// Which texts mean NULL.
pub enum Nulls {
    /// An empty field without quotes.
    Empty,
    /// One of these, quoted or not, as they are written: with the dialect's escapes.
    Texts {
        texts: Vec<Box<[u8]>>,
        /// Bit n of element i: one of them begins with the byte 64 i + n.
        firsts: [u64; 4],
    },
}

impl Column {
    /// Makes a column ready; the error is a sentence.
    pub fn compile(
        spec: ColumnSpec,
        encoding: Encoding,
        omit_nulls: bool,
        patterns: &mut Patterns,
    ) -> Result<Column, String> {
        let place = |error: String| format!("column {:?}: {error}", spec.name);
        let constraints = Constraints::compile(&spec, patterns).map_err(place)?;
        let pattern = match spec.format.as_str() {
            "default" | "any" => None,
            pattern if is_temporal(spec.kind.kind) => {
                let format = Format::compile(pattern, spec.kind.kind).map_err(place)?;
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
        let reading = Reading::compile(&spec, encoding).map_err(place)?;
        let special = !constraints.is_empty() || pattern.is_some() || !plain;
        let shortcut = if special {
            Shortcut::None
        } else {
            reading.shortcut(&spec.kind)
        };
        let nulls = match &spec.missing_values {
            None => Nulls::Empty,
            Some(texts) => Nulls::of(bytes(texts)),
        };
        Ok(Column {
            shortcut,
            reading,
            number: Number {
                plain,
                decimal_char,
                group_char,
                bare,
            },
            constraints: (!constraints.is_empty()).then(|| Box::new(constraints)),
            null_lengths: nulls.lengths(),
            nulls,
            field: spec.field,
            label: match encoding {
                Encoding::Json => Json::label(&spec.name, omit_nulls),
                _ => Label::default(),
            },
            name: spec.name.into(),
            kind: spec.kind,
            pattern,
            required: spec.required,
        })
    }

    /// The sentence about a value that `convert` has just refused.
    pub fn reason(&self, code: Code, text: &[u8], scratch: &mut Scratch) -> String {
        match scratch.detail.take() {
            Some(detail) => format!("{} {detail}", reasons::shown(text)),
            None => {
                let pattern = self.pattern.as_ref().map(|(pattern, _)| &**pattern);
                reasons::of_value(code, text, &self.kind, pattern)
            }
        }
    }
}

impl Reading {
    fn compile(spec: &ColumnSpec, encoding: Encoding) -> Result<Reading, String> {
        let TypeSpec {
            kind,
            bits,
            unsigned,
            max_chars,
            max_bytes,
            wire,
            ..
        } = spec.kind;
        let words = |own: &Option<Vec<String>>, usual: [&str; 4]| match own {
            Some(words) => bytes(words),
            None => usual.iter().map(|word| word.as_bytes().into()).collect(),
        };
        Ok(match kind {
            Kind::Boolean => Reading::Boolean {
                yes: words(&spec.true_values, ["true", "True", "TRUE", "1"]),
                no: words(&spec.false_values, ["false", "False", "FALSE", "0"]),
                numbers: match wire {
                    Wire::Tiny => Some(integer_range(8, unsigned)?),
                    _ => None,
                },
            },
            Kind::Integer if wire == Wire::Year => Reading::Year,
            Kind::Integer => {
                let (min, max) = integer_range(bits, unsigned)?;
                // PostgreSQL's and SQLite's integers have a sign.
                let max = match encoding {
                    Encoding::Text | Encoding::Mariadb | Encoding::Json => max,
                    Encoding::Postgres | Encoding::Sqlite => max.min(i64::MAX.into()),
                };
                let width = if max <= i16::MAX.into() {
                    Width::Two
                } else if max <= i32::MAX.into() {
                    Width::Four
                } else {
                    Width::Eight
                };
                Reading::Integer { min, max, width }
            }
            Kind::Float if bits == 32 => Reading::Float32,
            Kind::Float if bits == 64 => Reading::Float64 {
                whole: wire == Wire::Numeric,
            },
            Kind::Float => return Err(format!("there is no float of {bits} bits")),
            Kind::Decimal => Reading::Decimal,
            Kind::Date => Reading::Date,
            Kind::Time => Reading::Time {
                span: wire == Wire::Span,
            },
            Kind::Timestamp => Reading::Timestamp,
            Kind::Timestamptz => Reading::Timestamptz,
            Kind::Text => Reading::Text {
                max_chars: max_chars.unwrap_or(usize::MAX),
                max_bytes: max_bytes.unwrap_or(usize::MAX),
                wire,
            },
            Kind::Uuid => Reading::Uuid,
            Kind::Json => Reading::Json { wire },
        })
    }
}

impl Reading {
    fn shortcut(&self, kind: &TypeSpec) -> Shortcut {
        match *self {
            Reading::Integer { min, max, width } => Shortcut::Integer {
                min: min as i64,
                max: max.min(i64::MAX.into()) as i64,
                width,
            },
            Reading::Float64 { .. } => Shortcut::Float64,
            Reading::Timestamp => Shortcut::Timestamp {
                fraction: kind.fraction >= 6,
            },
            Reading::Decimal => decimal_shortcut(kind.precision, kind.scale),
            Reading::Text {
                max_chars,
                max_bytes,
                wire,
            } => {
                let max_bytes = max_bytes.min(max_chars);
                match wire {
                    Wire::Numeric => Shortcut::None,
                    Wire::Padded => Shortcut::Padded { max_bytes },
                    _ => Shortcut::Text { max_bytes },
                }
            }
            _ => Shortcut::None,
        }
    }
}

/// For decimals that are surely within the limits; the others are looked at in full.
fn decimal_shortcut(precision: Option<u32>, scale: Option<u32>) -> Shortcut {
    let before = match (precision, scale) {
        (Some(precision), Some(scale)) => precision.saturating_sub(scale),
        (Some(precision), None) if precision < SHORT_DIGITS => return Shortcut::None,
        _ => SHORT_DIGITS,
    };
    Shortcut::Decimal {
        scale: scale.unwrap_or(SHORT_DIGITS),
        below: 10_u32.pow(before.min(SHORT_DIGITS)),
    }
}

/// What an integer of so many bits can be.
pub fn integer_range(bits: u32, unsigned: bool) -> Result<(i128, i128), String> {
    match (bits, unsigned) {
        (8 | 16 | 24 | 32 | 64, true) => Ok((0, (1 << bits) - 1)),
        (8 | 16 | 24 | 32 | 64, false) => Ok((-(1 << (bits - 1)), (1 << (bits - 1)) - 1)),
        _ => Err(format!("there is no integer of {bits} bits")),
    }
}

impl Nulls {
    fn of(texts: Vec<Box<[u8]>>) -> Nulls {
        let mut firsts = [0; 4];
        for &first in texts.iter().filter_map(|text| text.first()) {
            firsts[usize::from(first / 64)] |= 1 << (first % 64);
        }
        Nulls::Texts { texts, firsts }
    }

    fn lengths(&self) -> u64 {
        match self {
            Nulls::Empty => 1,
            Nulls::Texts { texts, .. } => texts
                .iter()
                .fold(0, |lengths, text| lengths | 1 << text.len().min(63)),
        }
    }
}

fn bytes(texts: &[String]) -> Vec<Box<[u8]>> {
    texts.iter().map(|text| text.as_bytes().into()).collect()
}

fn is_temporal(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Date | Kind::Time | Kind::Timestamp | Kind::Timestamptz
    )
}

fn one_byte(name: &str, text: &str) -> Result<u8, String> {
    match *text.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_digit() => Ok(byte),
        _ => Err(format!(
            "{name} {text:?} is not one ASCII character, or is a digit"
        )),
    }
}
