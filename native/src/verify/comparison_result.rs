//! Counts the results of a comparison, and keeps its first differences.

use pyo3::prelude::*;

/// The result of comparing a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    Changed,
    Missing,
    More,
}

impl DifferenceKind {
    fn as_str(self) -> &'static str {
        match self {
            DifferenceKind::Changed => "changed",
            DifferenceKind::Missing => "missing",
            DifferenceKind::More => "more",
        }
    }
}

pub struct Difference {
    kind: DifferenceKind,
    line: i64,
    column: Option<usize>,
    expected: Option<String>,
    found: Option<String>,
}

/// A value that only the database can compare.
struct Question {
    line: i64,
    column: usize,
    expected: String,
    found: String,
}

#[derive(Default)]
pub struct ComparisonResult {
    equal: u64,
    changed: u64,
    missing: u64,
    more: u64,
    by_column: Vec<u64>,
    /// The most differences that are kept.
    shown: usize,
    differences: Vec<Difference>,
    questions: Vec<Question>,
    /// Whether the row that is being compared has a value that certainly differs.
    certain: bool,
    /// The lines with questions that count as changed whatever the answers are.
    settled: Vec<i64>,
    /// A buffer for values without their escapes.
    pub scratch: Vec<u8>,
}

/// The counts of equal, changed, missing and more rows, and of changed values of each column. The
/// first differences follow, each with its kind, line, column and both values.
type Taken = (
    (u64, u64, u64, u64),
    Vec<u64>,
    Vec<(
        &'static str,
        i64,
        Option<usize>,
        Option<String>,
        Option<String>,
    )>,
);

impl ComparisonResult {
    pub fn new(columns: usize, shown: usize) -> ComparisonResult {
        ComparisonResult {
            by_column: vec![0; columns],
            shown,
            ..ComparisonResult::default()
        }
    }

    /// Counts a row that only one side has.
    pub fn count(&mut self, kind: DifferenceKind, line: i64) {
        match kind {
            DifferenceKind::Missing => self.missing += 1,
            _ => self.more += 1,
        }
        self.keep(|| Difference {
            kind,
            line,
            column: None,
            expected: None,
            found: None,
        });
    }

    pub fn changed(
        &mut self,
        line: i64,
        column: usize,
        expected: impl FnOnce() -> Option<String>,
        found: impl FnOnce() -> Option<String>,
    ) {
        self.certain = true;
        self.by_column[column] += 1;
        self.keep(|| Difference {
            kind: DifferenceKind::Changed,
            line,
            column: Some(column),
            expected: expected(),
            found: found(),
        });
    }

    /// Notes a question with the text of the input and that of the table.
    pub fn ask(&mut self, line: i64, column: usize, expected: Option<&[u8]>, found: Option<&[u8]>) {
        let mut scratch = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let expected = expected.map(|text| super::expected::unescaped(text, &mut scratch));
        self.questions.push(Question {
            line,
            column,
            expected: text(expected.unwrap_or_default()),
            found: text(found.unwrap_or_default()),
        });
    }

    pub fn end_row(&mut self, line: i64, differs: bool) {
        let asked = differs && self.questions.last().is_some_and(|last| last.line == line);
        if self.certain {
            self.changed += 1;
            if asked {
                self.settled.push(line);
            }
        } else if !asked {
            self.equal += 1;
        }
        self.certain = false;
    }

    fn keep(&mut self, difference: impl FnOnce() -> Difference) {
        if self.differences.len() < self.shown {
            self.differences.push(difference());
        }
    }

    /// Gives the line, the column and both texts of each question.
    pub fn questions(&self) -> Vec<(i64, usize, &str, &str)> {
        let all = self.questions.iter();
        all.map(|one| (one.line, one.column, &*one.expected, &*one.found))
            .collect()
    }

    /// Takes the answer to each question: whether the values are the same.
    pub fn settle(&mut self, same: &[bool]) -> Result<(), String> {
        let questions = std::mem::take(&mut self.questions);
        let settled = std::mem::take(&mut self.settled);
        if questions.len() != same.len() {
            return Err("there are not as many answers as questions".into());
        }
        let mut answers = questions.into_iter().zip(same).peekable();
        while let Some((first, same)) = answers.next() {
            let line = first.line;
            let mut certain = self.answer(first, *same);
            while let Some((next, same)) = answers.next_if(|(next, _)| next.line == line) {
                certain |= self.answer(next, *same);
            }
            self.certain = false;
            if settled.binary_search(&line).is_ok() {
                continue;
            }
            if certain {
                self.changed += 1;
            } else {
                self.equal += 1;
            }
        }
        Ok(())
    }

    fn answer(&mut self, question: Question, same: bool) -> bool {
        if !same {
            let Question { line, column, .. } = question;
            let (expected, found) = (question.expected, question.found);
            let cut = super::render::cut;
            self.changed(line, column, || Some(cut(&expected)), || Some(cut(&found)));
        }
        !same
    }

    pub fn take(&mut self) -> Taken {
        let columns = self.by_column.len();
        let by_column = std::mem::replace(&mut self.by_column, vec![0; columns]);
        let mut differences = std::mem::take(&mut self.differences);
        differences.sort_by_key(|one| one.line);
        let differences = differences.into_iter();
        let differences = differences.map(|one| {
            let Difference {
                kind,
                line,
                column,
                expected,
                found,
            } = one;
            (kind.as_str(), line, column, expected, found)
        });
        let counts = (self.equal, self.changed, self.missing, self.more);
        (self.equal, self.changed, self.missing, self.more) = (0, 0, 0, 0);
        (counts, by_column, differences.collect())
    }

    pub fn take_for_python<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.take().into_pyobject(py)?.into_any())
    }
}
