//! How the records of an input are written: a `model.Dialect`, checked.
//!
//! A `Dialect` knows single bytes and lines without data. What a record is, `grammar` defines.

mod dialect_spec;
mod header_names;
mod object_layout;

use std::sync::Arc;

pub use self::dialect_spec::{DialectSpec, Escapes, Idle, NO_DELIMITER, Place, Ragged};
use self::dialect_spec::{Nested, Syntax, Terminator, delimiter, optional};
pub use self::header_names::HeaderNames;
pub use self::object_layout::{NameTable, ObjectLayout};

/// The largest `max_record_size`. Offsets within a record are kept in 32 bits.
const MAX_RECORD_SIZE: usize = 1 << 30;

/// The bytes that count as blank in a field.
const BLANKS: &[u8] = b" \t";

const UNIT_SEPARATOR: u8 = 0x1F;
const RECORD_SEPARATOR: u8 = 0x1E;

/// A valid dialect. All of its characters are distinct single ASCII bytes; only a delimiter may be
/// longer.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// The first byte of the delimiter.
    pub delimiter: u8,
    /// The other bytes of a delimiter of several characters.
    pub delimiter_rest: Vec<u8>,
    pub quote: Option<u8>,
    /// The escape character within quoted fields.
    pub escape: Option<u8>,
    /// The escape character within unquoted fields: the same as `escape`, or none.
    pub escape_unquoted: Option<u8>,
    /// The byte that ends a line: LF, CR where lines end with CR alone, or ASCII's record
    /// separator (0x1E), which no text holds.
    pub newline: u8,
    /// Whether a CR before the line end belongs to it.
    pub crlf: bool,
    pub header: bool,
    /// The number of physical lines before the header.
    pub preamble: usize,
    pub rows_after_header: usize,
    pub comment: Option<u8>,
    pub skip_initial_space: bool,
    /// In bytes, without the line end.
    pub max_record_size: usize,
    /// The names of the header, if records that repeat it are to be rejected.
    pub repeated_header: Option<HeaderNames>,
    pub ragged: Ragged,
    /// Whether the records are rows of a sheet, in which a number sign without quotes begins the
    /// error of a cell.
    pub cells: bool,
    /// How JSON objects become fields, if the records are such objects. They have no delimiter, quote
    /// or escape then, and no header: a record is found as a line is, or by `grammar::array_element`.
    pub objects: Option<Arc<ObjectLayout>>,
    pub escapes: Escapes,
    pub idle: Idle,
    /// Whether a field such as `="007"` is the text within the quotes.
    pub formulas: bool,
    /// Where the fields of a line stand, in order. Empty: delimiters separate them.
    pub places: Arc<[Place]>,
    /// Whether a comma is the decimal mark of numbers.
    pub decimal_comma: bool,
    /// First bytes of lines that may hold no data: comments, and lines of empty fields.
    idle_first: [bool; 256],
    /// The same, and the first bytes of a repeated header.
    odd_first: [bool; 256],
    /// The second bytes that a repeated header may have.
    header_second: [bool; 256],
}

impl Dialect {
    /// Checks what JSON cannot express: that the characters are single bytes, and all distinct.
    /// The error is a sentence. `spec.repeated` is left to `grammar::load_dialect`, because only
    /// the grammar can read the names of a header.
    pub fn new(spec: &DialectSpec) -> Result<Dialect, String> {
        let (delimiter, delimiter_rest) = delimiter(&spec.delimiter)?;
        let quote = optional("quote", spec.quote.as_deref())?;
        let escape = optional("escape", spec.escape.as_deref())?;
        let mut dialect = Dialect {
            delimiter,
            delimiter_rest,
            quote,
            // Without quotes no field exists in which the escape could count.
            escape: escape.filter(|_| quote.is_some() || spec.escape_unquoted),
            escape_unquoted: escape.filter(|_| spec.escape_unquoted),
            newline: match spec.terminator {
                Terminator::Lf | Terminator::LfAlone => b'\n',
                Terminator::Cr => b'\r',
                Terminator::Rs => RECORD_SEPARATOR,
            },
            crlf: matches!(spec.terminator, Terminator::Lf),
            // The names of objects are known. The header of an array is its bracket.
            header: spec.header && spec.syntax != Syntax::Objects,
            preamble: spec.preamble,
            rows_after_header: spec.rows_after_header,
            comment: optional("comment", spec.comment.as_deref())?,
            skip_initial_space: spec.skip_initial_space,
            max_record_size: spec.max_record_size,
            repeated_header: None,
            ragged: spec.ragged,
            cells: spec.cells,
            objects: objects(spec).map(Arc::new),
            escapes: spec.escapes,
            idle: spec.idle,
            formulas: spec.formulas,
            places: spec.places.as_slice().into(),
            decimal_comma: spec.decimal_char == ',',
            idle_first: [false; 256],
            odd_first: [false; 256],
            header_second: [false; 256],
        };
        dialect.find_idle_first();
        dialect.check()?;
        Ok(dialect)
    }

    /// From now on records with these names are known as the header, repeated.
    pub fn set_repeated_header(&mut self, names: HeaderNames) {
        for byte in self.first_bytes(&names).into_iter().flatten() {
            self.odd_first[usize::from(byte)] = true;
        }
        self.header_second = self.second_bytes(&names);
        self.repeated_header = Some(names);
    }

    /// The offset behind the delimiter whose first byte stands at `at`. None if the other bytes of
    /// the delimiter do not follow.
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

    /// Whether the first byte of a line that is not empty proves that the line holds data.
    #[inline]
    pub fn surely_data(&self, line: &[u8]) -> bool {
        !self.odd_first[usize::from(line[0])]
    }

    /// Whether the second byte of a line allows that the line repeats the header.
    #[inline]
    pub fn may_repeat_header(&self, line: &[u8]) -> bool {
        let may_be = |byte: &u8| self.header_second[usize::from(*byte)];
        line.get(1).is_none_or(may_be)
    }

    /// Whether a line that is not empty holds no data: a comment, or empty fields alone.
    #[inline]
    pub fn is_idle(&self, line: &[u8]) -> bool {
        if !self.idle_first[usize::from(line[0])] {
            return false;
        }
        let is_comment = Some(line[0]) == self.comment || self.is_end_mark(line);
        let may_go_on = |byte: &u8| self.idle_first[usize::from(*byte)];
        is_comment || (line.get(1).is_none_or(may_go_on) && self.has_empty_fields_only(line))
    }

    /// Whether a line is that with which COPY text ends.
    fn is_end_mark(&self, line: &[u8]) -> bool {
        self.escapes == Escapes::Postgres && self.escape == Some(b'\\') && line == br"\."
    }

    /// Whether the fields of a record are not just what stands between its delimiters.
    #[inline]
    pub fn reshapes(&self) -> bool {
        self.formulas || self.escapes != Escapes::Signs || !self.places.is_empty()
    }

    /// The offset at which a line ends whose line end is at `newline`, without a CR before it.
    #[inline]
    pub fn without_cr(&self, data: &[u8], start: usize, newline: usize) -> usize {
        newline - usize::from(self.crlf && newline > start && data[newline - 1] == b'\r')
    }

    /// Whether the records are the elements of one array, which may hold line ends.
    #[inline]
    pub fn is_array(&self) -> bool {
        self.objects.as_ref().is_some_and(|objects| objects.array)
    }

    /// Whether the records are rows of a query. Then every record counts, even one of NULLs alone.
    pub fn is_query(&self) -> bool {
        self.newline == RECORD_SEPARATOR && self.delimiter != UNIT_SEPARATOR
    }

    /// Whether an escape before this byte takes away its meaning: that of a delimiter (its first
    /// byte), a quote, a line end or the escape itself. Before any other byte the escape is data.
    #[inline]
    pub fn escapes(&self, byte: u8) -> bool {
        byte == self.delimiter && byte != NO_DELIMITER
            || byte == self.newline
            || self.crlf && byte == b'\r'
            || Some(byte) == self.quote
            || Some(byte) == self.escape
    }

    /// Whether a byte is a space or a tab that has no other meaning in this dialect.
    pub fn is_blank(&self, byte: u8) -> bool {
        let meant = [Some(self.delimiter), self.quote, self.escape];
        BLANKS.contains(&byte)
            && !meant.contains(&Some(byte))
            && !self.delimiter_rest.contains(&byte)
    }

    fn find_idle_first(&mut self) {
        if self.is_query() {
            return;
        }
        if self.idle != Idle::Empty {
            let mark = self
                .escape
                .filter(|&escape| self.is_end_mark(&[escape, b'.']));
            for byte in [Some(0), self.comment, mark].into_iter().flatten() {
                self.idle_first[usize::from(byte)] = true;
            }
            self.odd_first = self.idle_first;
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
            self.idle_first[usize::from(byte)] = true;
        }
        self.odd_first = self.idle_first;
    }

    /// The bytes with which a record that repeats the header may begin.
    fn first_bytes(&self, header: &HeaderNames) -> [Option<u8>; 6] {
        let mark = Some(0xEF);
        if header.marked {
            return [mark, None, None, None, None, None];
        }
        let name = header.names[0].first().copied();
        let name = name.unwrap_or(self.delimiter);
        let space = Some(b' ').filter(|&byte| self.is_blank(byte));
        let tab = Some(b'\t').filter(|&byte| self.is_blank(byte));
        [
            mark,
            Some(name),
            self.quote,
            self.escape_unquoted,
            space,
            tab,
        ]
    }

    /// The bytes that may come second in a record that repeats the header.
    fn second_bytes(&self, header: &HeaderNames) -> [bool; 256] {
        let [first, second] = [0, 1].map(|at| header.names[0].get(at).copied());
        if first.is_none() {
            return [true; 256];
        }
        let meant = [Some(self.delimiter), self.quote, self.escape];
        let mark_or_blank = [Some(0xBB), Some(b' '), Some(b'\t')];
        let mut found = [false; 256];
        let all = [[first, second, None], meant, mark_or_blank];
        for byte in all.into_iter().flatten().flatten() {
            found[usize::from(byte)] = true;
        }
        found
    }

    /// Whether a line holds padding (NULs alone), or empty fields alone: nothing, blanks, or quotes
    /// with nothing between them. The blanks of a single field are a value, unless
    /// `skip_initial_space` skips them.
    #[cold]
    fn has_empty_fields_only(&self, line: &[u8]) -> bool {
        let is_end = |byte: u8| self.newline == RECORD_SEPARATOR && matches!(byte, b'\r' | b'\n');
        if line.iter().all(|&byte| byte == 0) || line.iter().all(|&byte| is_end(byte)) {
            return true;
        }
        if self.idle != Idle::Empty {
            return false;
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
            at += if quoted {
                2
            } else {
                self.leading_blanks(&line[at..])
            };
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

    /// The number of blanks with which a field begins.
    fn leading_blanks(&self, field: &[u8]) -> usize {
        let is_blank = |byte: &&u8| BLANKS.contains(*byte) && **byte != self.delimiter;
        field.iter().take_while(is_blank).count()
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
        if self.objects.is_some() && (self.delimiter, self.quote) != (NO_DELIMITER, None) {
            return Err("JSON objects have neither delimiter nor quote".into());
        }
        self.check_places()?;
        for (name, byte) in &named[1..3] {
            if byte.is_some_and(|byte| self.delimiter_rest.contains(&byte)) {
                return Err(format!("the {name} is part of the delimiter"));
            }
        }
        if self.skip_initial_space && named.iter().any(|(_, byte)| *byte == Some(b' ')) {
            return Err("skip_initial_space: the space already has another meaning".into());
        }
        if !(1..=MAX_RECORD_SIZE).contains(&self.max_record_size) {
            return Err(format!(
                "max_record_size must be from 1 to {MAX_RECORD_SIZE}"
            ));
        }
        Ok(())
    }
}

impl Dialect {
    fn check_places(&self) -> Result<(), String> {
        if self.places.is_empty() {
            return Ok(());
        }
        if (self.delimiter, self.quote) != (NO_DELIMITER, None) || self.objects.is_some() {
            return Err("fields of a fixed width have neither delimiter nor quote".into());
        }
        let mut free = 1;
        for &Place(start, width) in self.places.iter() {
            if start < free || free == usize::MAX {
                return Err(format!("the field at {start} begins within the one before"));
            }
            if width == Some(0) {
                return Err(format!("the field at {start} has no width"));
            }
            free = width.map_or(usize::MAX, |width| start.saturating_add(width));
        }
        Ok(())
    }
}

fn objects(spec: &DialectSpec) -> Option<ObjectLayout> {
    (spec.syntax != Syntax::Delimited).then(|| ObjectLayout {
        names: NameTable::of(spec.names.iter().map(String::as_bytes)),
        dotted: spec.nested == Nested::Columns,
        array: spec.syntax == Syntax::Array,
    })
}
