//! A Parquet file: its schema, its row groups, and their rows as records.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::Length;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::catching::catching_apart;
use super::declared::declared;
use super::record_stream::{RecordStream, usual_threads};
use super::row_groups::RowGroups;
use super::stored_bytes::StoredBytes;
use crate::system::duplicate;
use crate::typed_rows::TypedRows;

/// An open Parquet file.
#[pyclass(frozen, module = "snapshots._native")]
pub struct ParquetFile {
    bytes: StoredBytes,
    known: ArrowReaderMetadata,
}

#[pymethods]
impl ParquetFile {
    /// Reads the footer of an open file. Raises ValueError with a sentence if it cannot be read.
    #[new]
    fn new(py: Python<'_>, descriptor: i64) -> PyResult<ParquetFile> {
        let bytes = StoredBytes::new(duplicate(descriptor)?)?;
        let own = bytes.clone();
        let known = py
            .detach(|| catching_apart(move || known(&own)))
            .map_err(PyValueError::new_err)?;
        Ok(ParquetFile { bytes, known })
    }

    /// The columns as JSON. Raises ValueError with a sentence if one cannot be loaded.
    fn columns(&self) -> PyResult<String> {
        let columns = declared(self.known.schema()).map_err(PyValueError::new_err)?;
        serde_json::to_string(&columns).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The number of rows of each row group, and the place in the file where its bytes end.
    fn row_groups(&self) -> Vec<(i64, u64)> {
        let groups = self.known.metadata().row_groups().iter();
        groups
            .map(|group| (group.num_rows(), end_of(group)))
            .collect()
    }

    /// The rows as records, from one on that is counted from 0, of at most the first `groups` row groups.
    /// `threads` read the columns, and as many write the rows. `typed` gets their values.
    #[pyo3(signature = (first=0, threads=None, typed=None, groups=None))]
    fn records(
        &self,
        first: u64,
        threads: Option<usize>,
        typed: Option<&Bound<'_, TypedRows>>,
        groups: Option<usize>,
    ) -> PyResult<RecordStream> {
        let threads = threads.unwrap_or_else(usual_threads).max(1);
        let groups = RowGroups::new(self.bytes.clone(), self.known.clone(), first, groups);
        let schema = Arc::clone(self.known.schema());
        // Columns are read in less time than rows are written.
        let readers = threads.div_ceil(2);
        Ok(RecordStream::begin(
            schema,
            first + 1,
            threads,
            typed.map(|typed| typed.get().clone()),
            move || groups.batches(readers),
        )?)
    }
}

/// Reads the footer, and checks it before anything is allocated by it.
fn known(bytes: &StoredBytes) -> Result<ArrowReaderMetadata, String> {
    let plain = |options| ArrowReaderMetadata::load(bytes, options);
    let found = plain(ArrowReaderOptions::new()).map_err(|error| error.to_string())?;
    check(found.metadata(), bytes.len())?;
    let wanted = Arc::new(short_of_copies(found.schema()));
    let options = ArrowReaderOptions::new().with_schema(wanted);
    Ok(ArrowReaderMetadata::try_new(Arc::clone(found.metadata()), options).unwrap_or(found))
}

/// The schema with views for texts: a text that a dictionary has once is not copied for each row.
fn short_of_copies(schema: &Schema) -> Schema {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let data_type = match field.data_type() {
                DataType::Dictionary(_, values) => values.as_ref(),
                own => own,
            };
            let data_type = match data_type {
                DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
                DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
                own => own.clone(),
            };
            field.as_ref().clone().with_data_type(data_type)
        })
        .collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

/// Where the last byte is that reading a row group needs. The footer was checked.
fn end_of(group: &RowGroupMetaData) -> u64 {
    let ranges = group.columns().iter().map(|column| column.byte_range());
    ranges
        .map(|(start, length)| start + length)
        .max()
        .unwrap_or(0)
}

fn check(metadata: &ParquetMetaData, size: u64) -> Result<(), String> {
    let groups = metadata.row_groups();
    let rows = groups.iter().map(RowGroupMetaData::num_rows);
    let sum = rows
        .clone()
        .try_fold(0_i64, |sum, rows| sum.checked_add(rows));
    if rows.clone().any(|rows| rows < 0) || sum != Some(metadata.file_metadata().num_rows()) {
        return Err("the numbers of rows in its footer contradict each other".into());
    }
    let within = groups
        .iter()
        .flat_map(RowGroupMetaData::columns)
        .all(|column| {
            let (start, length) = column.byte_range();
            column.num_values() >= 0 && start.checked_add(length).is_some_and(|end| end <= size)
        });
    if !within {
        return Err("its footer names a place beyond its end".into());
    }
    Ok(())
}
