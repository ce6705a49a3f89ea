//! Writes the rows of a sheet as records: commas, quotes, and U+001E at the end, so that a record's
//! line is the number of its row. A row without values is a blank record.

use super::cell::Cell;
use super::sheet_cells::Place;
use super::survey::Survey;

const BATCH: usize = 1024 * 1024;
const END: char = '\u{1E}';

pub struct RecordWriter<'w> {
    survey: &'w Survey,
    take: &'w mut dyn FnMut(&[u8]) -> Result<(), String>,
    left: usize,
    width: usize,
    out: String,
    /// The row that is being written.
    row: u32,
    fields: Vec<String>,
}

impl<'w> RecordWriter<'w> {
    pub fn new(
        survey: &'w Survey,
        take: &'w mut dyn FnMut(&[u8]) -> Result<(), String>,
    ) -> RecordWriter<'w> {
        RecordWriter {
            survey,
            take,
            left: survey.left(),
            width: survey.width(),
            out: String::with_capacity(BATCH + BATCH / 8),
            row: 0,
            fields: Vec::new(),
        }
    }

    /// Adds the next cell.
    pub fn cell(&mut self, (row, column): Place, cell: Cell<'_>) -> Result<(), String> {
        while self.row < row {
            self.end_row()?;
        }
        let column = column as usize;
        let field = column.saturating_sub(self.left);
        if field >= self.fields.len() {
            self.fields.resize(field + 1, String::new());
        }
        let text = &mut self.fields[field];
        text.clear();
        cell.write(text, self.survey.has_clocks(column));
        if text.contains(END) {
            return Err(format!(
                "row {} has the character U+001E, which ends records",
                row + 1
            ));
        }
        Ok(())
    }

    /// Writes the last row.
    pub fn finish(mut self) -> Result<(), String> {
        self.end_row()?;
        (self.take)(self.out.as_bytes())
    }

    fn end_row(&mut self) -> Result<(), String> {
        for (index, field) in self.fields.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.out.push_str(field);
        }
        if !self.fields.is_empty() {
            let missing = self.width.saturating_sub(self.fields.len());
            self.out.extend(std::iter::repeat_n(',', missing));
        }
        self.fields.clear();
        self.out.push(END);
        self.row += 1;
        if self.out.len() >= BATCH {
            (self.take)(self.out.as_bytes())?;
            self.out.clear();
        }
        Ok(())
    }
}
