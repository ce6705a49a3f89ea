//! Rows without escapes, many at once: their fields lie between the structural bytes. Quotes are
//! only around whole fields.

use std::ops::Range;

/// Rows that follow each other, each on one line, all with the same number of fields.
#[derive(Clone, Copy)]
pub struct PlainRows<'r> {
    data: &'r [u8],
    /// The offset in the data to which the bounds are relative.
    base: usize,
    /// The offsets before, between and after the fields of all rows. The last of a row is also the
    /// one before the first field of the next row.
    bounds: &'r [u32],
    fields: usize,
    /// 1 if a CR precedes every line end, else 0.
    cr: u32,
    /// The number of the first line.
    line: u64,
    /// What is around some of the fields. None: nothing is around any.
    quote: Option<u8>,
}

/// The fields of one column of such rows.
#[derive(Clone, Copy)]
pub struct PlainColumn<'r> {
    data: &'r [u8],
    base: usize,
    bounds: &'r [u32],
    fields: usize,
    cr: u32,
}

impl<'r> PlainRows<'r> {
    /// There is one bound more than there are fields in all rows.
    pub(super) fn new(
        data: &'r [u8],
        base: usize,
        bounds: &'r [u32],
        fields: usize,
        cr: u32,
        line: u64,
    ) -> PlainRows<'r> {
        PlainRows {
            data,
            base,
            bounds,
            fields,
            cr,
            line,
            quote: None,
        }
    }

    pub(super) fn with_quote(self, quote: Option<u8>) -> PlainRows<'r> {
        PlainRows { quote, ..self }
    }

    /// What is around those fields that begin with it. None: nothing is around any.
    pub fn quote(&self) -> Option<u8> {
        self.quote
    }

    /// The number of rows.
    pub fn count(&self) -> usize {
        (self.bounds.len() - 1) / self.fields
    }

    /// The number of the line of a row.
    pub fn line(&self, row: usize) -> u64 {
        self.line + row as u64
    }

    /// The bytes from the first row to the end of the last one.
    pub fn bytes(&self) -> &'r [u8] {
        let (first, last) = (self.bounds[0], self.bounds[self.bounds.len() - 1]);
        let range = first.wrapping_add(1) as usize..(last - self.cr) as usize;
        &self.data[self.base..][range]
    }

    /// Some of the rows.
    pub fn part(&self, rows: Range<usize>) -> PlainRows<'r> {
        PlainRows {
            bounds: &self.bounds[rows.start * self.fields..=rows.end * self.fields],
            line: self.line(rows.start),
            ..*self
        }
    }

    pub fn column(&self, index: usize) -> PlainColumn<'r> {
        let last = index + 1 == self.fields;
        PlainColumn {
            data: self.data,
            base: self.base,
            bounds: &self.bounds[index..],
            fields: self.fields,
            cr: if last { self.cr } else { 0 },
        }
    }
}

impl<'r> PlainColumn<'r> {
    /// The data in which the fields lie.
    #[inline]
    pub fn data(&self) -> &'r [u8] {
        self.data
    }

    /// The places of the fields in the data, from a row on.
    #[inline]
    pub fn places(&self, from: usize) -> impl Iterator<Item = (usize, usize)> + 'r {
        let (base, cr) = (self.base, self.cr);
        let bounds = self.bounds.get(from * self.fields..);
        let bounds = bounds.unwrap_or_default().windows(2);
        bounds.step_by(self.fields).map(move |pair| {
            let (before, after) = (pair[0], pair[1]);
            (
                base + before.wrapping_add(1) as usize,
                base + (after - cr) as usize,
            )
        })
    }
}
