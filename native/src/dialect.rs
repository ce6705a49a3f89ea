//! How the records of an input are written: `model.Dialect`, checked.

use serde::Deserialize;

/// The largest `max_record_size`: places within a record are kept in 32 bits.
const MAX_RECORD_SIZE: usize = 1 << 30;

/// A valid dialect. All of its characters are single ASCII bytes, and distinct.
#[derive(Clone, Debug)]
pub struct Dialect {
    pub delimiter: u8,
    pub quote: Option<u8>,
    /// In quoted fields.
    pub escape: Option<u8>,
    /// In all others: the same one, or none.
    pub escape_unquoted: Option<u8>,
    /// The byte that ends a line: LF, CR where lines end with CR alone, or ASCII's own record
    /// separator, which is in no text.
    pub newline: u8,
    pub header: bool,
    pub preamble: usize,
    pub rows_after_header: usize,
    pub comment: Option<u8>,
    pub skip_initial_space: bool,
    pub max_record_size: usize,
}

/// The fields of `model.Dialect`, as JSON has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialectSpec {
    delimiter: String,
    quote: Option<String>,
    escape: Option<String>,
    escape_unquoted: bool,
    terminator: Terminator,
    /// Decoding is done before the kernel, which sees UTF-8 only.
    #[serde(rename = "encoding")]
    _encoding: String,
    header: bool,
    preamble: usize,
    rows_after_header: usize,
    comment: Option<String>,
    skip_initial_space: bool,
    max_record_size: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Terminator {
    Lf,
    Cr,
    Rs,
}

impl Dialect {
    /// Reads the JSON of a `model.Dialect`; the error is a sentence.
    pub fn parse(json: &str) -> Result<Dialect, String> {
        let spec: DialectSpec =
            serde_json::from_str(json).map_err(|error| format!("the dialect is wrong: {error}"))?;
        Dialect::new(&spec)
    }

    /// Checks what JSON cannot say: single bytes, all distinct.
    pub fn new(spec: &DialectSpec) -> Result<Dialect, String> {
        let quote = optional("quote", spec.quote.as_deref())?;
        let escape = optional("escape", spec.escape.as_deref())?;
        let dialect = Dialect {
            delimiter: ascii("delimiter", &spec.delimiter)?,
            quote,
            // Without quotes there is no field that it could count in.
            escape: escape.filter(|_| quote.is_some() || spec.escape_unquoted),
            escape_unquoted: escape.filter(|_| spec.escape_unquoted),
            newline: match spec.terminator {
                Terminator::Lf => b'\n',
                Terminator::Cr => b'\r',
                Terminator::Rs => 0x1E,
            },
            header: spec.header,
            preamble: spec.preamble,
            rows_after_header: spec.rows_after_header,
            comment: optional("comment", spec.comment.as_deref())?,
            skip_initial_space: spec.skip_initial_space,
            max_record_size: spec.max_record_size,
        };
        dialect.check()?;
        Ok(dialect)
    }

    /// Whether an escape means this byte when it stands before it: that of a quote, a delimiter,
    /// a line end or itself. Before anything else it is data.
    #[inline]
    pub fn escapes(&self, byte: u8) -> bool {
        byte == self.delimiter
            || byte == self.newline
            || self.newline == b'\n' && byte == b'\r'
            || Some(byte) == self.quote
            || Some(byte) == self.escape
    }

    fn check(&self) -> Result<(), String> {
        let named = [
            ("delimiter", Some(self.delimiter)),
            ("quote", self.quote),
            ("escape", self.escape),
            ("comment", self.comment),
        ];
        for (i, (name, byte)) in named.iter().enumerate() {
            for (other_name, other) in &named[..i] {
                if byte.is_some() && byte == other {
                    return Err(format!("{name} and {other_name} are the same character"));
                }
            }
        }
        if self.skip_initial_space && named.iter().any(|(_, byte)| *byte == Some(b' ')) {
            return Err("skip_initial_space: the space has another meaning already".into());
        }
        if !(1..=MAX_RECORD_SIZE).contains(&self.max_record_size) {
            return Err(format!(
                "max_record_size is not within 1 and {MAX_RECORD_SIZE}"
            ));
        }
        Ok(())
    }
}

fn optional(name: &str, text: Option<&str>) -> Result<Option<u8>, String> {
    text.map(|text| ascii(name, text)).transpose()
}

fn ascii(name: &str, text: &str) -> Result<u8, String> {
    match *text.as_bytes() {
        [b'\n' | b'\r' | 0x1E | 0] => Err(format!("{name} cannot be a line end or NUL")),
        [byte] if byte.is_ascii() => Ok(byte),
        _ => Err(format!("{name} {text:?} is not one ASCII character")),
    }
}
