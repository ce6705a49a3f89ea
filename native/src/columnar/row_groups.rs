//! Reads the row groups of a Parquet file, in order. Several threads read a part of the columns each.
//! Memory holds a few batches of rows, however large a row group is.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::RowGroupMetaData;

use super::catching::{catching, spawn};
use super::record_stream::Batches;
use super::stored_bytes::StoredBytes;

/// Bytes that a batch has, about, and the most of its rows.
const BATCH_BYTES: i64 = 4 * 1024 * 1024;
const MOST_ROWS: i64 = 8 * 1024;
const FEWEST_ROWS: i64 = 16;
/// Batches that wait for the other columns of their rows.
const WAITING: usize = 2;

/// The rows of a file, from one on, up to the end of a row group.
#[derive(Clone)]
pub struct RowGroups {
    bytes: StoredBytes,
    known: ArrowReaderMetadata,
    /// Rows that are left out.
    first: u64,
    /// Row groups behind so many are not read.
    most: usize,
}

/// A row group that is to be read.
struct Group {
    index: usize,
    /// Rows that are left out.
    first: usize,
    batch_rows: usize,
    /// Stored bytes of the file up to its end.
    read: u64,
}

impl RowGroups {
    /// `most`: only so many of the first row groups are read; None: all.
    pub fn new(
        bytes: StoredBytes,
        known: ArrowReaderMetadata,
        first: u64,
        most: Option<usize>,
    ) -> RowGroups {
        RowGroups {
            bytes,
            known,
            first,
            most: most.unwrap_or(usize::MAX),
        }
    }

    /// The batches of all row groups. At most so many threads read them.
    pub fn batches(self, readers: usize) -> Result<Batches, String> {
        let parts = self.parts(readers);
        if parts.len() < 2 {
            return Ok(self.batches_of(ProjectionMask::all()));
        }
        let mut readings = Vec::new();
        for columns in &parts {
            let (sender, batches) = sync_channel(WAITING);
            let schema = self.known.metadata().file_metadata().schema_descr();
            let mask = ProjectionMask::roots(schema, columns.iter().copied());
            let own = self.clone();
            let read = move || {
                let failed = catching(|| {
                    for batch in own.batches_of(mask) {
                        if sender.send(Ok(batch?)).is_err() {
                            break;
                        }
                    }
                    Ok(())
                });
                if let Err(sentence) = failed {
                    // Nobody listens if other columns have failed.
                    let _closed = sender.send(Err(sentence));
                }
            };
            spawn(read).map_err(|error| error.to_string())?;
            readings.push(batches);
        }
        let schema = Arc::clone(self.known.schema());
        let side_by_side = move || {
            let found = readings.iter().map(|one: &Receiver<_>| one.recv().ok());
            let found: Vec<Option<Result<(RecordBatch, u64), String>>> = found.collect();
            if found.iter().all(Option::is_none) {
                return None;
            }
            let mut columns: Vec<Option<ArrayRef>> = vec![None; schema.fields().len()];
            let (mut rows, mut read) = (None, 0);
            for (part, batch) in parts.iter().zip(found) {
                let batch = match batch {
                    Some(Ok(batch)) => batch,
                    Some(Err(sentence)) => return Some(Err(sentence)),
                    None => return Some(Err(different())),
                };
                if *rows.get_or_insert(batch.0.num_rows()) != batch.0.num_rows() {
                    return Some(Err(different()));
                }
                read = batch.1;
                for (column, values) in part.iter().zip(batch.0.columns()) {
                    columns[*column] = Some(Arc::clone(values));
                }
            }
            let columns = columns.into_iter().flatten().collect();
            let options = RecordBatchOptions::new().with_row_count(rows);
            let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options);
            Some(
                batch
                    .map_err(|error| error.to_string())
                    .map(|batch| (batch, read)),
            )
        };
        Ok(Box::new(std::iter::from_fn(side_by_side)))
    }

    /// The batches of some columns.
    fn batches_of(&self, columns: ProjectionMask) -> Batches {
        let (bytes, known) = (self.bytes.clone(), self.known.clone());
        Box::new(self.groups().into_iter().flat_map(move |group| {
            let mut reader =
                ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.clone(), known.clone())
                    .with_row_groups(vec![group.index])
                    .with_projection(columns.clone())
                    .with_batch_size(group.batch_rows);
            if group.first > 0 {
                reader = reader.with_offset(group.first);
            }
            let found: Batches = match reader.build() {
                Ok(reader) => Box::new(reader.map(move |batch| {
                    let batch = batch.map_err(|error| error.to_string())?;
                    Ok((batch, group.read))
                })),
                Err(error) => Box::new(std::iter::once(Err(error.to_string()))),
            };
            found
        }))
    }

    /// The row groups that have rows which are wanted.
    fn groups(&self) -> Vec<Group> {
        let (mut found, mut left_out, mut read) = (Vec::new(), self.first, 0);
        let groups = self.known.metadata().row_groups().iter();
        for (index, group) in groups.enumerate().take(self.most) {
            read += u64::try_from(group.compressed_size()).unwrap_or(0);
            let rows = u64::try_from(group.num_rows()).unwrap_or(0);
            let first = left_out.min(rows);
            left_out -= first;
            if first < rows {
                found.push(Group {
                    index,
                    first: first as usize,
                    batch_rows: batch_rows(group),
                    read,
                });
            }
        }
        found
    }

    /// The columns in parts of about the same size, at most so many.
    fn parts(&self, most: usize) -> Vec<Vec<usize>> {
        let metadata = self.known.metadata();
        let schema = metadata.file_metadata().schema_descr();
        let mut sizes: Vec<(i64, usize)> = (0..self.known.schema().fields().len())
            .map(|root| (0, root))
            .collect();
        let leaves = metadata
            .row_groups()
            .iter()
            .flat_map(|group| group.columns().iter().enumerate());
        for (leaf, column) in leaves {
            if let Some((size, _)) = sizes.get_mut(schema.get_column_root_idx(leaf)) {
                *size = size.saturating_add(column.uncompressed_size().max(0));
            }
        }
        let mut parts = vec![(0_i64, Vec::new()); most.min(sizes.len())];
        // Each column goes where the least is, the largest one first.
        sizes.sort_unstable_by_key(|(size, root)| (-size, *root));
        for (size, root) in sizes {
            if let Some((sum, columns)) = parts.iter_mut().min_by_key(|(sum, _)| *sum) {
                *sum = sum.saturating_add(size);
                columns.push(root);
            }
        }
        parts
            .into_iter()
            .map(|(_, mut columns)| {
                columns.sort_unstable();
                columns
            })
            .filter(|columns| !columns.is_empty())
            .collect()
    }
}

fn different() -> String {
    "its columns have different numbers of rows".into()
}

/// How many rows are read at a time, so that memory does not grow with the row group.
fn batch_rows(group: &RowGroupMetaData) -> usize {
    let a_row = group.total_byte_size() / group.num_rows().max(1);
    let rows = BATCH_BYTES / a_row.max(1);
    rows.clamp(FEWEST_ROWS, MOST_ROWS) as usize
}
