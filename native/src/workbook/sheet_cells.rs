//! Opens workbooks, and goes through the cells of a sheet.

use std::fs::File;
use std::io::{BufReader, Seek};

use calamine::{
    Data, DataRef, Ods, Range, Reader, Sheet, SheetType, SheetVisible, Xls, Xlsb, Xlsx,
    open_workbook_from_rs,
};

use super::cell::Cell;

type Input = BufReader<File>;

/// A workbook of one of the kinds.
pub enum Book {
    Xlsx(Box<Xlsx<Input>>),
    Xlsb(Box<Xlsb<Input>>),
    Xls(Box<Xls<Input>>),
    Ods(Box<Ods<Input>>),
}

/// Row and column from 0 on.
pub type Place = (u32, u32);

pub type Visit<'v> = dyn FnMut(Place, Cell<'_>) -> Result<(), String> + 'v;

/// Opens a workbook. Gives a sentence if that fails.
pub fn open(mut file: File, kind: &str) -> Result<Book, String> {
    file.rewind().map_err(sentence)?;
    let input = BufReader::new(file);
    Ok(match kind {
        "xlsx" => Book::Xlsx(Box::new(open_workbook_from_rs(input).map_err(sentence)?)),
        "xlsb" => Book::Xlsb(Box::new(open_workbook_from_rs(input).map_err(sentence)?)),
        "xls" => Book::Xls(Box::new(open_workbook_from_rs(input).map_err(sentence)?)),
        "ods" => Book::Ods(Box::new(open_workbook_from_rs(input).map_err(sentence)?)),
        _ => return Err(format!("no workbook is of the kind {kind}")),
    })
}

/// The names of the sheets that have cells, each with whether it is visible.
pub fn sheets(book: &Book) -> Vec<(String, bool)> {
    let all: &[Sheet] = match book {
        Book::Xlsx(book) => book.sheets_metadata(),
        Book::Xlsb(book) => book.sheets_metadata(),
        Book::Xls(book) => book.sheets_metadata(),
        Book::Ods(book) => book.sheets_metadata(),
    };
    all.iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect()
}

/// Visits the cells of a sheet that are not empty, row by row. Gives a sentence if that fails.
pub fn each_cell(book: &mut Book, sheet: &str, visit: &mut Visit<'_>) -> Result<(), String> {
    match book {
        // These two are read as a stream; the others are in memory as a whole.
        Book::Xlsx(book) => {
            let mut cells = book.worksheet_cells_reader(sheet).map_err(sentence)?;
            while let Some(found) = cells.next_cell_with_formula_metadata().map_err(sentence)? {
                // The value of a formula may be an empty text, but it is one.
                let lacks = found.formula.is_some() && found.value == DataRef::Empty;
                let cell = Cell::of_ref(&found.value).or(lacks.then_some(Cell::Uncalculated));
                if let Some(cell) = cell {
                    visit(found.pos, cell)?;
                }
            }
            Ok(())
        }
        Book::Xlsb(book) => {
            let mut cells = book.worksheet_cells_reader(sheet).map_err(sentence)?;
            while let Some(found) = cells.next_cell().map_err(sentence)? {
                if let Some(cell) = Cell::of_ref(found.get_value()) {
                    visit(found.get_position(), cell)?;
                }
            }
            Ok(())
        }
        Book::Xls(book) => each_of(&book.worksheet_range(sheet).map_err(sentence)?, visit),
        Book::Ods(book) => {
            let range = book.worksheet_range(sheet).map_err(sentence)?;
            each_of(&range, &mut |at, cell| visit(at, cell.with_errors()))
        }
    }
}

fn each_of(range: &Range<Data>, visit: &mut Visit<'_>) -> Result<(), String> {
    let (top, left) = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        if let Some(cell) = Cell::of(value) {
            visit((top + row as u32, left + column as u32), cell)?;
        }
    }
    Ok(())
}

fn sentence(error: impl std::fmt::Display) -> String {
    error.to_string()
}
