//! Finds well-formed records on one line, as nearly all are, much faster than `extent_finder`.

use memchr::memchr;

use super::field_sink::FieldSink;
use super::line_cutter::{LineCutter, Uncut};
use super::plain_rows::PlainRows;
use super::repeated_header::is_plain_data;
use super::structural_index::StructuralIndex;
use super::text_check::count_lines;
use crate::dialect::{Dialect, NO_DELIMITER};

/// The offsets of the structural bytes in a window of the data, and how many of them are used up.
pub struct LineIndex {
    structure: StructuralIndex,
    /// Whether records are not lines.
    useless: bool,
    /// Whether fields lie between single bytes, so that the index alone says where.
    bare: bool,
    /// The offset of the window in the data.
    window: usize,
    /// The number of structural bytes before the next record.
    taken: usize,
    /// For so many windows it is not tried whether their quotes are simple.
    odd_windows: u32,
}

/// How long the quotes of an input are taken for odd ones after they were.
const ODD_WINDOWS: u32 = 4;

/// The extent of a record. `end` is the offset in the data without the line end, `next` that of the
/// next record.
#[derive(Clone, Copy)]
pub struct LineExtent {
    pub end: usize,
    pub next: usize,
}

/// A row without quotes and escapes. Its fields lie between the structural bytes.
#[derive(Clone, Copy)]
pub struct PlainRow<'r> {
    data: &'r [u8],
    /// The offsets before, between and after the fields: one more than there are fields.
    bounds: &'r [u32],
    /// 1 if a CR precedes the line end, else 0.
    cr: u32,
}

impl LineIndex {
    pub fn new(dialect: &Dialect) -> LineIndex {
        LineIndex {
            structure: StructuralIndex::new(dialect),
            useless: dialect.is_array(),
            bare: (dialect.delimiter_rest.is_empty() || dialect.delimiter == NO_DELIMITER)
                && dialect.places.is_empty()
                && !dialect.skip_initial_space,
            window: 0,
            taken: 0,
            odd_windows: 0,
        }
    }

    /// Forgets the window, because the data have changed.
    pub fn forget(&mut self) {
        self.structure.clear();
        self.window = 0;
        self.taken = 0;
    }

    /// The offset in the data to which the spans of the last line are relative.
    #[inline]
    pub fn base(&self) -> usize {
        self.window
    }

    /// The record at `at`, if it is well-formed, on one line, and neither blank nor a comment. The
    /// records before it must have been cut or skipped.
    #[inline]
    pub fn line(
        &mut self,
        dialect: &Dialect,
        data: &[u8],
        at: usize,
        fields: &mut impl FieldSink,
    ) -> Option<LineExtent> {
        if self.taken == self.structure.offsets().len() || self.structure.is_outer() {
            self.fill(data, at)?;
        }
        match self.cut(dialect, data, at, fields) {
            Ok(line) => Some(line),
            Err(Uncut::ShortNumber) if at > self.window => {
                self.fill(data, at)?;
                self.cut(dialect, data, at, fields).ok()
            }
            Err(_) => None,
        }
    }

    /// The record at `at`, if it has exactly `fields` fields and no quote or escape is in the window.
    #[inline]
    pub fn plain_row<'r>(
        &'r mut self,
        dialect: &Dialect,
        data: &'r [u8],
        at: usize,
        fields: usize,
    ) -> Option<(LineExtent, PlainRow<'r>)> {
        if !self.bare || !self.structure.is_plain() {
            return None;
        }
        let bounds = self.structure.bounds(self.taken, fields)?;
        let newline = bounds[fields] as usize;
        let data = &data[self.window..];
        let start = at - self.window;
        // If this is the first line end, all bounds before it are delimiters.
        if memchr(dialect.newline, data.get(start..=newline)?)? != newline - start {
            return None;
        }
        let end = dialect.without_cr(data, start, newline);
        if !is_regular(dialect, data, start, end) {
            return None;
        }
        self.taken += fields;
        let line = LineExtent {
            end: self.window + end,
            next: self.window + newline + 1,
        };
        let cr = (newline - end) as u32;
        Some((line, PlainRow { data, bounds, cr }))
    }

    /// The rows from `at` on, at most `most`, as `plain_row` gives them one by one. `line` is the number
    /// of the first line. Ends where another row or the window does.
    pub fn plain_rows<'r>(
        &'r mut self,
        dialect: &Dialect,
        data: &'r [u8],
        at: usize,
        fields: usize,
        most: u64,
        line: u64,
    ) -> Option<(usize, PlainRows<'r>)> {
        if !self.bare || fields == 0 {
            return None;
        }
        if self.structure.bounds(self.taken, fields).is_none() && at != self.window {
            self.fill_for_rows(dialect, data, at)?;
        }
        if !self.structure.is_plain() && !self.structure.is_outer() {
            return None;
        }
        let bounds = self.structure.bounds_from(self.taken);
        let window = &data[self.window..];
        let first = at - self.window;
        let (mut rows, mut start, mut cr) = (0, first, 0);
        while (rows as u64) < most
            && let Some(&newline) = bounds.get((rows + 1) * fields)
            && let newline = newline as usize
            && window[newline] == dialect.newline
            && start <= newline
        {
            let end = dialect.without_cr(window, start, newline);
            let mark = (newline - end) as u32;
            if (rows > 0 && mark != cr) || !is_regular(dialect, window, start, end) {
                break;
            }
            (rows, start, cr) = (rows + 1, newline + 1, mark);
        }
        // Else some line ends within what was taken for a row.
        if count_lines(dialect.newline, &window[first..start]) != rows as u64 {
            (rows, start) = (0, first);
            while let Some(found) = memchr(dialect.newline, &window[start..])
                && bounds.get((rows + 1) * fields) == Some(&((start + found) as u32))
            {
                (rows, start) = (rows + 1, start + found + 1);
            }
        }
        if rows == 0 {
            return None;
        }
        self.taken += rows * fields;
        let next = self.window + start;
        let bounds = self
            .structure
            .bounds(self.taken - rows * fields, rows * fields)?;
        let quote = dialect.quote.filter(|_| self.structure.is_outer());
        let rows = PlainRows::new(data, self.window, bounds, fields, cr, line);
        Some((next, rows.with_quote(quote)))
    }

    /// Fills the window so that it serves `plain_rows`, if it can.
    #[cold]
    fn fill_for_rows(&mut self, dialect: &Dialect, data: &[u8], at: usize) -> Option<()> {
        let rest = data.get(at..)?;
        if self.odd_windows > 0 || dialect.reshapes() || !self.structure.has_quotes(rest) {
            self.odd_windows = self.odd_windows.saturating_sub(1);
            return self.fill(data, at);
        }
        if self.useless || !self.structure.fill_outer(rest) {
            self.odd_windows = ODD_WINDOWS;
            return self.fill(data, at);
        }
        self.window = at;
        self.taken = 0;
        Some(())
    }

    /// Passes over the structural bytes before `at`.
    pub fn skip_to(&mut self, at: usize) {
        let at = at - self.window;
        let rest = &self.structure.offsets()[self.taken..];
        self.taken += rest
            .iter()
            .take_while(|&&offset| (offset as usize) < at)
            .count();
    }

    #[cold]
    fn fill(&mut self, data: &[u8], at: usize) -> Option<()> {
        let rest = data
            .get(at..)
            .filter(|rest| !rest.is_empty() && !self.useless)?;
        self.structure.fill(rest);
        self.window = at;
        self.taken = 0;
        Some(())
    }

    #[inline]
    fn cut(
        &mut self,
        dialect: &Dialect,
        data: &[u8],
        at: usize,
        fields: &mut impl FieldSink,
    ) -> Result<LineExtent, Uncut> {
        let mut cutter = LineCutter {
            dialect,
            data: &data[self.window..],
            offsets: self.structure.offsets(),
            taken: self.taken,
        };
        let start = at - self.window;
        let (end, next) = cutter.line(start, fields)?;
        if !is_regular(dialect, cutter.data, start, end) {
            return Err(Uncut::Irregular);
        }
        self.taken = cutter.taken;
        Ok(LineExtent {
            end: self.window + end,
            next: self.window + next,
        })
    }
}

/// Whether a record is neither blank, nor a comment, nor too long, nor the header once more.
#[inline]
fn is_regular(dialect: &Dialect, data: &[u8], start: usize, end: usize) -> bool {
    if end <= start || end - start > dialect.max_record_size {
        return false;
    }
    is_plain_data(dialect, &data[start..end])
}

impl<'r> PlainRow<'r> {
    /// The number of fields.
    #[inline]
    pub fn count(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The data up to the end of a field, and the offset at which the field starts in them.
    #[inline]
    pub fn until(&self, index: usize) -> (&'r [u8], usize) {
        let last = index + 2 == self.bounds.len();
        let end = self.bounds[index + 1] - if last { self.cr } else { 0 };
        let start = self.bounds[index].wrapping_add(1);
        (&self.data[..end as usize], start as usize)
    }
}
