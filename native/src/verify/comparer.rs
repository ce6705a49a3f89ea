//! Compares the rows of blocks with those of a table, both in the order of their lines.

use super::column::Mode;
use super::comparison_result::{ComparisonResult, DifferenceKind};
use super::expected::ExpectedRow;
use super::found_rows::{FoundRows, Step};
use super::render;
use crate::block::Block;
use crate::conversion_spec::RowEncoding;

/// The state of one comparison: where it is in the block, and what it has come to.
pub struct Comparer {
    encoding: RowEncoding,
    /// How each column of a block's rows is compared.
    modes: Vec<Mode>,
    /// Whether the database is asked about values whose bytes differ.
    asks: bool,
    row: ExpectedRow,
    /// Where the next row of the block begins.
    at: usize,
    /// Whether `row` holds the next row of the block.
    ready: bool,
    /// The line of the row that the source has.
    pub found: Option<i64>,
    ended: bool,
    pub result: ComparisonResult,
}

impl Comparer {
    pub fn new(
        encoding: RowEncoding,
        modes: Vec<Mode>,
        asks: bool,
        shown: usize,
    ) -> Result<Comparer, String> {
        if matches!(
            encoding,
            RowEncoding::Json | RowEncoding::Mariadb | RowEncoding::Arrow
        ) {
            return Err("rows of this encoding are not compared".into());
        }
        let result = ComparisonResult::new(modes.len(), shown);
        Ok(Comparer {
            encoding,
            modes,
            asks,
            row: ExpectedRow::default(),
            at: 0,
            ready: false,
            found: None,
            ended: false,
            result,
        })
    }

    /// Compares a block's rows, except for the `refused` lines, which are sorted. Gives false if
    /// the source needs more bytes first. Then the same block must be given again.
    pub fn compare(
        &mut self,
        source: &mut impl FoundRows,
        block: &Block,
        refused: &[i64],
    ) -> Result<bool, String> {
        if block.encoding != self.encoding {
            return Err("the block is of another encoding".into());
        }
        let (rows, width) = block.rows();
        if width != self.modes.len() + 2 {
            return Err("the block's rows are not as wide as the table's, with lineage".into());
        }
        while self.at < rows.len() || self.ready {
            if !self.ready {
                self.at = self.row.read(self.encoding, rows, self.at, width)?;
                self.ready = refused.binary_search(&self.row.line).is_err();
                continue;
            }
            let Some(line) = self.peek(source)? else {
                if !self.ended {
                    return Ok(false);
                }
                self.missing();
                continue;
            };
            if line < self.row.line {
                self.more(line);
            } else if line > self.row.line {
                self.missing();
            } else {
                self.same_line(source, rows);
                self.found = None;
                self.ready = false;
            }
        }
        if !self.pass_by(source, Some(block.line as i64))? {
            return Ok(false);
        }
        self.at = 0;
        Ok(true)
    }

    /// Counts the rows before a line, or all, as more. Gives false if the source needs more bytes
    /// first.
    pub fn pass_by(
        &mut self,
        source: &mut impl FoundRows,
        before: Option<i64>,
    ) -> Result<bool, String> {
        while let Some(line) = self.peek(source)? {
            if before.is_some_and(|before| line >= before) {
                return Ok(true);
            }
            self.more(line);
        }
        Ok(self.ended)
    }

    /// Gives the line of the next row of the source. None: the source is at its end, or needs
    /// more bytes.
    pub fn peek(&mut self, source: &mut impl FoundRows) -> Result<Option<i64>, String> {
        if self.found.is_none() && !self.ended {
            match source.advance()? {
                Step::Row(line) => self.found = Some(line),
                Step::Starved => {}
                Step::End => self.ended = true,
            }
        }
        Ok(self.found)
    }

    fn missing(&mut self) {
        self.result.count(DifferenceKind::Missing, self.row.line);
        self.ready = false;
    }

    fn more(&mut self, line: i64) {
        self.result.count(DifferenceKind::More, line);
        self.found = None;
    }

    fn same_line(&mut self, source: &impl FoundRows, rows: &[u8]) {
        let (mut column, mut differs) = (0, false);
        for (index, mode) in self.modes.iter().enumerate() {
            if *mode == Mode::Ignored {
                continue;
            }
            let (expected, found) = (self.row.value(rows, index), source.value(column));
            column += 1;
            let same = match (expected, found) {
                (None, None) => true,
                (Some(one), Some(other)) => {
                    one == other || mode.same(self.encoding, one, other, &mut self.result.scratch)
                }
                _ => false,
            };
            if same {
                continue;
            }
            differs = true;
            let line = self.row.line;
            if self.asks && expected.is_some() && found.is_some() {
                self.result.ask(line, index, expected, found);
            } else {
                let show = |value| render::shown(self.encoding, *mode, value);
                self.result.changed(
                    line,
                    index,
                    || show(expected),
                    || render::found(self.encoding, *mode, found),
                );
            }
        }
        self.result.end_row(self.row.line, differs);
    }
}
