//! Reads the sheets of workbooks (.xlsx, .xlsb, .xls, .ods), and writes their rows as records.
//!
//! A process of its own calls this: a hostile workbook can make a library ask for any memory.

mod cell;
mod sheet_cells;
mod survey;
mod writer;

use std::collections::BTreeSet;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use self::sheet_cells::{Book, each_cell, open, sheets};
use self::survey::Survey;
use self::writer::RecordWriter;
use crate::system::duplicate;

/// An open workbook.
#[pyclass(module = "snapshots._native")]
pub struct Workbook {
    book: Book,
}

#[pymethods]
impl Workbook {
    /// Reads a file that is open. `kind` is xlsx, xlsb, xls or ods.
    #[new]
    fn new(descriptor: i64, kind: &str) -> PyResult<Workbook> {
        let book = open(duplicate(descriptor)?, kind).map_err(PyValueError::new_err)?;
        Ok(Workbook { book })
    }

    /// The names of the sheets that have cells, in order, each with whether it is visible.
    fn sheets(&self) -> Vec<(String, bool)> {
        sheets(&self.book)
    }

    /// How many rows of a sheet have a value.
    fn filled_rows(&mut self, sheet: &str) -> PyResult<usize> {
        Ok(self.survey(sheet)?.filled())
    }

    /// Writes the rows of a sheet as records: row 1 is line 1. Gives the indexes of the fields whose
    /// cells are all texts.
    fn write(
        &mut self,
        py: Python<'_>,
        sheet: &str,
        write: &Bound<'_, PyAny>,
    ) -> PyResult<BTreeSet<usize>> {
        let survey = self.survey(sheet)?;
        let text_fields = survey.text_fields();
        let mut failed = None;
        let mut take = |data: &[u8]| match write.call1((PyBytes::new(py, data),)) {
            Ok(_) => Ok(()),
            Err(error) => {
                failed = Some(error);
                Err("the rows cannot be written".to_owned())
            }
        };
        let mut writer = RecordWriter::new(&survey, &mut take);
        let done = each_cell(&mut self.book, sheet, &mut |at, cell| writer.cell(at, cell))
            .and_then(|()| writer.finish());
        match (done, failed) {
            (_, Some(error)) => Err(error),
            (Err(sentence), None) => Err(PyValueError::new_err(sentence)),
            (Ok(()), None) => Ok(text_fields),
        }
    }
}

impl Workbook {
    fn survey(&mut self, sheet: &str) -> PyResult<Survey> {
        let mut survey = Survey::default();
        each_cell(&mut self.book, sheet, &mut |at, cell| survey.cell(at, cell))
            .map_err(PyValueError::new_err)?;
        Ok(survey)
    }
}
