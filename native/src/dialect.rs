//! How the records of an input are written: `model.Dialect`, checked.

use serde::Deserialize;

use crate::grammar::Again;

/// The largest `max_record_size`: places within a record are kept in 32 bits.
const MAX_RECORD_SIZE: usize = 1 << 30;

/// What stands for a delimiter where there is none: a byte that is in no UTF-8.
pub const NO_DELIMITER: u8 = 0xFF;

/// What is nothing to see in a field.
const BLANKS: &[u8] = b" \t";

const UNIT_SEPARATOR: u8 = 0x1F;
const RECORD_SEPARATOR: u8 = 0x1E;

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

/// A valid dialect. All of its characters are single ASCII bytes, and distinct; only a
/// delimiter may be longer.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// The first byte of the delimiter.
    pub delimiter: u8,
    /// The others, of a delimiter of several characters.
    pub delimiter_rest: Vec<u8>,
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
    /// The header: a record like it is no data.
    repeated: Option<Again>,
    pub ragged: Ragged,
    /// Bytes with which a line begins that may hold no data: a comment, or empty fields alone.
    suspects: [bool; 256],
    /// The same, and those with which the header may begin.
    odd: [bool; 256],
    /// The second bytes that the header may have.
    second: [bool; 256],
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
    #[serde(default)]
    repeated: Option<String>,
    #[serde(default)]
    ragged: Ragged,
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
        let (delimiter, delimiter_rest) = delimiter(&spec.delimiter)?;
        let quote = optional("quote", spec.quote.as_deref())?;
        let escape = optional("escape", spec.escape.as_deref())?;
        let mut dialect = Dialect {
            delimiter,
            delimiter_rest,
            quote,
            // Without quotes there is no field that it could count in.
            escape: escape.filter(|_| quote.is_some() || spec.escape_unquoted),
            escape_unquoted: escape.filter(|_| spec.escape_unquoted),
            newline: match spec.terminator {
                Terminator::Lf => b'\n',
                Terminator::Cr => b'\r',
                Terminator::Rs => RECORD_SEPARATOR,
            },
            header: spec.header,
            preamble: spec.preamble,
            rows_after_header: spec.rows_after_header,
            comment: optional("comment", spec.comment.as_deref())?,
            skip_initial_space: spec.skip_initial_space,
            max_record_size: spec.max_record_size,
            repeated: None,
            ragged: spec.ragged,
            suspects: [false; 256],
            odd: [false; 256],
            second: [false; 256],
        };
        dialect.find_suspects();
        dialect.check()?;
        if let Some(header) = &spec.repeated {
            let again = Again::new(&dialect, header.as_bytes());
            if let Some(again) = &again {
                for byte in again.first_bytes(&dialect).into_iter().flatten() {
                    dialect.odd[usize::from(byte)] = true;
                }
                dialect.second = again.second_bytes(&dialect);
            }
            dialect.repeated = again;
        }
        Ok(dialect)
    }

    /// Where the field after the delimiter at `at` starts, if one is there whose first byte is.
    #[inline]
    pub fn after_delimiter(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let after = at + 1;
        if self.delimiter_rest.is_empty() {
            return Some(after);
        }
        if self.delimiter == NO_DELIMITER {
            return None;
        }
        let rest = bytes.get(after..)?;
        rest.starts_with(&self.delimiter_rest)
            .then(|| after + self.delimiter_rest.len())
    }

    /// Whether a line that is not empty is neither without data nor the header once more; nearly
    /// always its first two bytes tell.
    #[inline]
    pub fn is_usual(&self, line: &[u8]) -> bool {
        let may_be = |byte: &u8| self.second[usize::from(*byte)];
        !self.odd[usize::from(line[0])]
            || (!self.is_idle(line)
                && (!line.get(1).is_none_or(may_be) || !self.repeats_header(line)))
    }

    /// Whether a record is the header once more.
    #[inline(never)]
    pub fn repeats_header(&self, record: &[u8]) -> bool {
        let header = self.repeated.as_ref();
        header.is_some_and(|header| header.is(self, record))
    }

    /// Whether a line that is not empty holds no data: a comment, or empty fields alone.
    #[inline]
    pub fn is_idle(&self, line: &[u8]) -> bool {
        if !self.suspects[usize::from(line[0])] {
            return false;
        }
        let is_comment = Some(line[0]) == self.comment;
        let may_go_on = |byte: &u8| self.suspects[usize::from(*byte)];
        is_comment || (line.get(1).is_none_or(may_go_on) && self.is_hollow(line))
    }

    /// Whether records are the rows of a query, and each of them counts.
    pub fn is_query(&self) -> bool {
        self.newline == RECORD_SEPARATOR && self.delimiter != UNIT_SEPARATOR
    }

    fn find_suspects(&mut self) {
        if self.is_query() {
            // One of NULLs alone is a row, too.
            return;
        }
        let space = self.skip_initial_space.then_some(b' ');
        let found = [
            Some(self.delimiter),
            Some(0),
            self.comment,
            self.quote,
            space,
        ];
        let blank = self.delimiter != NO_DELIMITER;
        let ends: &[u8] = if self.newline == RECORD_SEPARATOR {
            b"\r\n"
        } else {
            b""
        };
        let rest = self
            .delimiter_rest
            .iter()
            .chain(ends)
            .chain(BLANKS.iter().filter(|_| blank))
            .copied();
        for byte in found.into_iter().flatten().chain(rest) {
            self.suspects[usize::from(byte)] = true;
        }
        self.odd = self.suspects;
    }

    /// Whether a line holds padding, or empty fields alone: nothing, blanks, or quotes with nothing
    /// in between. Of a single field only what is skipped before it is no value.
    #[cold]
    fn is_hollow(&self, line: &[u8]) -> bool {
        let is_end = |byte: u8| self.newline == RECORD_SEPARATOR && matches!(byte, b'\r' | b'\n');
        if line.iter().all(|&byte| byte == 0) || line.iter().all(|&byte| is_end(byte)) {
            return true;
        }
        let mut several = false;
        let mut at = 0;
        loop {
            if self.skip_initial_space {
                at += line[at..].iter().take_while(|&&byte| byte == b' ').count();
            }
            let skipped = at;
            let quoted = self
                .quote
                .is_some_and(|it| line[at..].starts_with(&[it, it]));
            at += if quoted { 2 } else { self.blanks(&line[at..]) };
            if at == line.len() {
                return several || at == skipped;
            }
            match self.after_delimiter(line, at) {
                Some(next) if line[at] == self.delimiter => at = next,
                _ => return false,
            }
            several = true;
        }
    }

    /// How many bytes of a field are blank from its start on.
    fn blanks(&self, field: &[u8]) -> usize {
        let is_blank = |byte: &&u8| BLANKS.contains(*byte) && **byte != self.delimiter;
        field.iter().take_while(is_blank).count()
    }

    /// Whether an escape means this byte when it stands before it: the first one of a delimiter,
    /// that of a quote, of a line end or itself. Before anything else it is data.
    #[inline]
    pub fn escapes(&self, byte: u8) -> bool {
        byte == self.delimiter && byte != NO_DELIMITER
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
        for (name, byte) in &named[1..3] {
            if byte.is_some_and(|byte| self.delimiter_rest.contains(&byte)) {
                return Err(format!("the {name} is part of the delimiter"));
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

fn delimiter(text: &str) -> Result<(u8, Vec<u8>), String> {
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
            "delimiter {text:?} is neither ASCII nor of at most {MAX_DELIMITER} characters"
        )),
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
