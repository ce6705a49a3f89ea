//! What must be known of a sheet before its first row is written.

use std::collections::BTreeSet;

use super::cell::Cell;
use super::sheet_cells::Place;

/// The widest sheets that programs can make.
const MOST_COLUMNS: u32 = 16_384;

#[derive(Clone, Default)]
struct ColumnSurvey {
    texts: bool,
    others: bool,
    errors: bool,
    clocks: bool,
}

/// The columns of a sheet, and the widths of its rows.
#[derive(Default)]
pub struct Survey {
    columns: Vec<ColumnSurvey>,
    /// For each row that has a value, in order: its number and the column behind its last value.
    rows: Vec<(u32, u32)>,
}

impl Survey {
    /// Adds the next cell. Gives a sentence if rows are not in order.
    pub fn cell(&mut self, (row, column): Place, cell: Cell<'_>) -> Result<(), String> {
        if column >= MOST_COLUMNS {
            return Err(format!("column {} is beyond the last one", column + 1));
        }
        match self.rows.last_mut() {
            Some((last, _)) if *last > row => {
                return Err(format!("row {} comes after row {}", row + 1, *last + 1));
            }
            Some((last, width)) if *last == row => *width = (*width).max(column + 1),
            _ => self.rows.push((row, column + 1)),
        }
        let column = column as usize;
        if column >= self.columns.len() {
            self.columns.resize(column + 1, ColumnSurvey::default());
        }
        let known = &mut self.columns[column];
        known.texts |= cell.is_text();
        known.others |= !cell.is_text() && !cell.is_error();
        known.errors |= cell.is_error();
        known.clocks |= cell.has_clock();
        Ok(())
    }

    /// How many rows have a value.
    pub fn filled(&self) -> usize {
        self.rows.len()
    }

    /// The first column that has a value.
    pub fn left(&self) -> usize {
        let used = |column: &ColumnSurvey| column.texts || column.others || column.errors;
        self.columns.iter().position(used).unwrap_or_default()
    }

    /// How many fields a record has at least: those of the first row that is about as wide as the
    /// others. Titles above a table are narrower, and its header is the widest row.
    pub fn width(&self) -> usize {
        let mut widths: Vec<u32> = self.rows.iter().map(|(_, width)| *width).collect();
        widths.sort_unstable();
        let usual = widths.get(widths.len() * 9 / 10).copied().unwrap_or(0);
        let first = self.rows.iter().find(|(_, width)| *width >= usual);
        (first.map_or(0, |(_, width)| *width as usize)).saturating_sub(self.left())
    }

    /// Whether a date of this column has a time of day.
    pub fn has_clocks(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|known| known.clocks)
    }

    /// The fields in which all values are texts.
    pub fn text_fields(&self) -> BTreeSet<usize> {
        let fields = self.columns.iter().skip(self.left()).enumerate();
        fields
            .filter(|(_, column)| column.texts && !column.others)
            .map(|(field, _)| field)
            .collect()
    }
}
