//! The JSON of a `model.Dialect`, and the checks of its single characters.

use serde::Deserialize;

/// Stands for the delimiter where there is none. No UTF-8 text holds this byte.
pub const NO_DELIMITER: u8 = 0xFF;

/// The longest delimiter.
const MAX_DELIMITER: usize = 8;

/// What is done with a record that is not as wide as the header.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Ragged {
    #[default]
    Reject,
    /// Empty fields beyond the header are dropped.
    Trim,
    /// As `Trim`, and fields that are missing at the end are NULL.
    Pad,
}

/// The fields of `model.Dialect`, as JSON has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialectSpec {
    pub delimiter: String,
    pub quote: Option<String>,
    pub escape: Option<String>,
    pub escape_unquoted: bool,
    pub terminator: Terminator,
    /// Decoding is done before the kernel, which sees UTF-8 only.
    #[serde(rename = "encoding")]
    _encoding: String,
    pub header: bool,
    pub preamble: usize,
    pub rows_after_header: usize,
    pub comment: Option<String>,
    pub skip_initial_space: bool,
    pub max_record_size: usize,
    #[serde(default)]
    pub repeated: Option<String>,
    #[serde(default)]
    pub ragged: Ragged,
    #[serde(default)]
    pub cells: bool,
    #[serde(default)]
    pub syntax: Syntax,
    #[serde(default)]
    pub names: Vec<String>,
    #[serde(default)]
    pub nested: Nested,
    #[serde(default)]
    pub escapes: Escapes,
    #[serde(default)]
    pub idle: Idle,
    #[serde(default)]
    pub formulas: bool,
    #[serde(default)]
    pub places: Vec<Place>,
    /// The decimal mark of numbers. Converters have it with their columns.
    #[serde(default = "point")]
    pub decimal_char: char,
}

fn point() -> char {
    '.'
}

/// What an escape makes of the byte behind it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Escapes {
    /// It takes away the meaning of a sign. Before any other byte it is data itself.
    #[default]
    Signs,
    /// The letters and numbers of PostgreSQL's COPY text.
    Postgres,
    /// The letters of MySQL's LOAD DATA.
    Mysql,
}

/// Which lines hold no data.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Idle {
    /// Blank lines, and those of empty fields alone.
    #[default]
    Empty,
    /// Blank lines alone.
    Blank,
    /// None: a blank line is a record with one empty field.
    None,
}

/// Where a field of a fixed width stands in its line, in characters: its first one, from 1, and how
/// many there are. Without a width it goes to the end of the line.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct Place(pub usize, pub Option<usize>);

/// What a record is.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Syntax {
    /// Fields with delimiters between them.
    #[default]
    Delimited,
    /// A JSON object on a line.
    Objects,
    /// An element of an array of JSON objects.
    Array,
}

/// What becomes of an object within an object.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Nested {
    /// It is one field, which holds JSON.
    #[default]
    Json,
    /// Its members are fields.
    Columns,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Terminator {
    /// LF, or CR LF.
    Lf,
    /// LF. A CR before it is data.
    LfAlone,
    Cr,
    Rs,
}

pub fn delimiter(text: &str) -> Result<(u8, Vec<u8>), String> {
    match text.as_bytes() {
        [] => Ok((NO_DELIMITER, vec![NO_DELIMITER])),
        [_] => Ok((ascii("delimiter", text)?, Vec::new())),
        [first, rest @ ..] if rest.len() < MAX_DELIMITER && text.is_ascii() => {
            for byte in text.split_inclusive(|_: char| true) {
                ascii("delimiter", byte)?;
            }
            if text.chars().any(char::is_alphanumeric) {
                return Err(format!(
                    "delimiter {text:?} of several characters has a letter or a digit"
                ));
            }
            Ok((*first, rest.to_vec()))
        }
        _ => Err(format!(
            "delimiter {text:?} must have at most {MAX_DELIMITER} characters, all of them ASCII"
        )),
    }
}

pub fn optional(name: &str, text: Option<&str>) -> Result<Option<u8>, String> {
    text.map(|text| ascii(name, text)).transpose()
}

fn ascii(name: &str, text: &str) -> Result<u8, String> {
    match *text.as_bytes() {
        [b'\n' | b'\r' | 0x1E | 0] => Err(format!("{name} cannot be a line end or NUL")),
        [byte] if byte.is_ascii() => Ok(byte),
        _ => Err(format!("{name} {text:?} is not one ASCII character")),
    }
}
