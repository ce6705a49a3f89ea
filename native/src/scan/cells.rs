//! Many rows at once, column by column. One kind of look at a time is faster than a different one
//! for each field, and what is known of a column stays at hand.

use std::ops::Range;

use crate::grammar::{PlainColumn, PlainRows, Record, Span};

/// A field of a column: its place in the data, without quotes around it.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
    pub(super) escaped: bool,
}

/// The fields of one column of some rows.
pub(super) trait Cells {
    fn data(&self) -> &[u8];
    /// The fields from a row on.
    fn from(&self, row: usize) -> impl Iterator<Item = Cell>;
}

/// Rows of the same number of fields, which are not yet known to be text.
pub(super) trait Rows: Copy {
    fn count(&self) -> usize;
    /// The bytes from the first row to the end of the last one.
    fn bytes(&self) -> &[u8];
    fn line(&self, row: usize) -> u64;
    fn part(&self, rows: Range<usize>) -> Self;
    fn column(&self, index: usize) -> impl Cells;
    fn cell(&self, row: usize, column: usize) -> Span;
}

impl Cells for PlainColumn<'_> {
    #[inline(always)]
    fn data(&self) -> &[u8] {
        PlainColumn::data(self)
    }

    #[inline(always)]
    fn from(&self, row: usize) -> impl Iterator<Item = Cell> {
        self.places(row).map(|(start, end)| Cell {
            start,
            end,
            quoted: false,
            escaped: false,
        })
    }
}

impl Rows for PlainRows<'_> {
    fn count(&self) -> usize {
        PlainRows::count(self)
    }

    fn bytes(&self) -> &[u8] {
        PlainRows::bytes(self)
    }

    fn line(&self, row: usize) -> u64 {
        PlainRows::line(self, row)
    }

    fn part(&self, rows: Range<usize>) -> Self {
        PlainRows::part(self, rows)
    }

    fn column(&self, index: usize) -> impl Cells {
        PlainRows::column(self, index)
    }

    fn cell(&self, row: usize, column: usize) -> Span {
        let place = PlainRows::column(self, column).places(row).next();
        let (start, end) = place.unwrap_or_default();
        Span::unquoted(start, end, false)
    }
}

/// Rows with quotes around some fields, and nowhere else.
#[derive(Clone, Copy)]
pub(super) struct QuotedRows<'r> {
    pub(super) rows: PlainRows<'r>,
    pub(super) quote: u8,
}

struct QuotedColumn<'r> {
    column: PlainColumn<'r>,
    quote: u8,
}

impl Cells for QuotedColumn<'_> {
    #[inline(always)]
    fn data(&self) -> &[u8] {
        self.column.data()
    }

    #[inline(always)]
    fn from(&self, row: usize) -> impl Iterator<Item = Cell> {
        self.column.places(row).map(|(start, end)| {
            let quoted = start < end && self.column.data()[start] == self.quote;
            Cell {
                start: start + usize::from(quoted),
                end: end - usize::from(quoted),
                quoted,
                escaped: false,
            }
        })
    }
}

impl Rows for QuotedRows<'_> {
    fn count(&self) -> usize {
        self.rows.count()
    }

    fn bytes(&self) -> &[u8] {
        self.rows.bytes()
    }

    fn line(&self, row: usize) -> u64 {
        self.rows.line(row)
    }

    fn part(&self, rows: Range<usize>) -> Self {
        QuotedRows {
            rows: self.rows.part(rows),
            ..*self
        }
    }

    fn column(&self, index: usize) -> impl Cells {
        QuotedColumn {
            column: self.rows.column(index),
            quote: self.quote,
        }
    }

    fn cell(&self, row: usize, column: usize) -> Span {
        let column = Rows::column(self, column);
        let cell = column.from(row).next();
        cell.map_or(Span::unquoted(0, 0, false), |cell| Span {
            quoted: cell.quoted,
            ..Span::unquoted(cell.start, cell.end, false)
        })
    }
}

/// Rows that were read one by one, with the places of their fields in the data.
#[derive(Default)]
pub(super) struct ReadRows {
    rows: Vec<Record>,
    spans: Vec<Span>,
}

impl ReadRows {
    pub(super) fn push(&mut self, row: Record, fields: impl Iterator<Item = Span>) {
        self.rows.push(row);
        self.spans.extend(fields);
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn fields(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.spans.clear();
    }

    /// All of them, of the data that they were read from.
    pub(super) fn of<'a>(&'a self, data: &'a [u8]) -> SpanRows<'a> {
        SpanRows {
            data,
            rows: &self.rows,
            spans: &self.spans,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct SpanRows<'a> {
    data: &'a [u8],
    rows: &'a [Record],
    /// Row by row.
    spans: &'a [Span],
}

#[derive(Clone, Copy)]
struct SpanColumn<'a> {
    data: &'a [u8],
    spans: &'a [Span],
    fields: usize,
}

impl SpanRows<'_> {
    fn fields(&self) -> usize {
        self.spans.len() / self.rows.len()
    }
}

impl Rows for SpanRows<'_> {
    fn count(&self) -> usize {
        self.rows.len()
    }

    fn bytes(&self) -> &[u8] {
        match self.rows {
            [] => &[],
            [first, ..] => &self.data[first.start..self.rows[self.rows.len() - 1].end],
        }
    }

    fn line(&self, row: usize) -> u64 {
        self.rows[row].line
    }

    fn part(&self, rows: Range<usize>) -> Self {
        let fields = self.fields();
        SpanRows {
            data: self.data,
            rows: &self.rows[rows.clone()],
            spans: &self.spans[rows.start * fields..rows.end * fields],
        }
    }

    fn column(&self, index: usize) -> impl Cells {
        SpanColumn {
            data: self.data,
            spans: &self.spans[index..],
            fields: self.fields(),
        }
    }

    fn cell(&self, row: usize, column: usize) -> Span {
        self.spans[row * self.fields() + column]
    }
}

impl Cells for SpanColumn<'_> {
    #[inline(always)]
    fn data(&self) -> &[u8] {
        self.data
    }

    #[inline(always)]
    fn from(&self, row: usize) -> impl Iterator<Item = Cell> {
        let spans = self.spans.get(row * self.fields..);
        let spans = spans.unwrap_or_default().iter();
        spans.step_by(self.fields).map(|span| Cell {
            start: span.start as usize,
            end: span.end as usize,
            quoted: span.quoted,
            escaped: span.escaped,
        })
    }
}
