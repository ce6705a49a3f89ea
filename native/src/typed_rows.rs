//! The values of rows beside the text of their records, for those that can use them without the text.
//!
//! The text remains what counts: offsets, hashes, rejects and chunks that are read again. Without the
//! values everything is the same, and takes longer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::Schema;
use pyo3::prelude::*;

/// The bytes of a value, about.
const VALUE: usize = 8;
/// How many times the bytes of a chunk are held. More come only where nobody takes them.
const CHUNKS: usize = 8;

/// Some rows of an input, by their numbers.
#[derive(Clone, Debug)]
pub struct NumberedRows {
    /// The number of the first row.
    pub first: u64,
    pub count: usize,
    pub schema: Arc<Schema>,
    pub columns: Vec<ArrayRef>,
}

impl NumberedRows {
    /// The number behind the last row.
    fn end(&self) -> u64 {
        self.first + self.count as u64
    }

    /// The rows within a range of numbers. None if there are none.
    fn within(&self, first: u64, end: u64) -> Option<NumberedRows> {
        let (first, end) = (first.max(self.first), end.min(self.end()));
        let count = end.checked_sub(first).filter(|count| *count > 0)? as usize;
        let skipped = (first - self.first) as usize;
        let columns = self.columns.iter();
        Some(NumberedRows {
            first,
            count,
            schema: Arc::clone(&self.schema),
            columns: columns.map(|one| one.slice(skipped, count)).collect(),
        })
    }
}

/// All rows of a range of numbers, in order. None if one is missing.
pub fn rows_within(rows: &[NumberedRows], first: u64, end: u64) -> Option<Vec<NumberedRows>> {
    let found: Vec<_> = rows
        .iter()
        .filter_map(|one| one.within(first, end))
        .collect();
    let next = found
        .iter()
        .try_fold(first, |next, one| (one.first == next).then(|| one.end()));
    (next == Some(end)).then_some(found)
}

/// Where a stream of records leaves the values of its rows, for the chunks that are cut of it.
#[pyclass(frozen, module = "snapshots._native")]
#[derive(Clone, Default)]
pub struct TypedRows {
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    /// How many take rows. Nothing is held for nobody.
    takers: usize,
    /// The most bytes that are held.
    limit: usize,
    /// Rows, and the bytes that they stand for.
    rows: VecDeque<(NumberedRows, usize)>,
    bytes: usize,
}

#[pymethods]
impl TypedRows {
    #[new]
    fn new() -> TypedRows {
        TypedRows::default()
    }
}

impl TypedRows {
    /// Holds the rows of a batch, whose first one has the number `first`.
    pub fn push(&self, first: u64, schema: &Arc<Schema>, batch: &RecordBatch) {
        let mut held = self.lock();
        if held.takers == 0 {
            return;
        }
        let rows = NumberedRows {
            first,
            count: batch.num_rows(),
            schema: Arc::clone(schema),
            columns: batch.columns().to_vec(),
        };
        held.rows.push_back((rows, 0));
        held.add(VALUE * batch.num_rows() * batch.num_columns());
    }

    /// The rows pushed last have so many bytes of records.
    pub fn add(&self, bytes: usize) {
        self.lock().add(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn add(&mut self, bytes: usize) {
        let Some((_, last)) = self.rows.back_mut() else {
            return;
        };
        *last += bytes;
        self.bytes += bytes;
        while self.bytes > self.limit {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        let gone = self.rows.pop_front().map_or(0, |(_, bytes)| bytes);
        self.bytes -= gone;
    }
}

/// Takes rows, as long as it lives.
pub struct Taker(TypedRows);

impl Taker {
    /// `chunk_size`: the bytes of a chunk, about.
    pub fn new(rows: &TypedRows, chunk_size: usize) -> Taker {
        let mut held = rows.lock();
        held.takers += 1;
        held.limit = held.limit.max(chunk_size.saturating_mul(CHUNKS));
        drop(held);
        Taker(rows.clone())
    }

    /// All rows of a range of numbers, if they are held. Those before its end are let go.
    pub fn take(&self, first: u64, end: u64) -> Option<Vec<NumberedRows>> {
        let mut held = self.0.lock();
        let rows: Vec<_> = held.rows.iter().map(|(rows, _)| rows.clone()).collect();
        while held.rows.front().is_some_and(|(rows, _)| rows.end() <= end) {
            held.drop_first();
        }
        drop(held);
        rows_within(&rows, first, end)
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        let mut held = self.0.lock();
        held.takers -= 1;
        if held.takers == 0 {
            held.rows.clear();
            held.bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Int32Array;
    use arrow_schema::{DataType, Field};

    use super::*;

    fn batch(values: std::ops::Range<i32>) -> (Arc<Schema>, RecordBatch) {
        let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int32, true)]));
        let column: ArrayRef = Arc::new(Int32Array::from_iter_values(values));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap();
        (schema, batch)
    }

    fn push(rows: &TypedRows, first: u64, count: i32) {
        let (schema, batch) = batch(0..count);
        rows.push(first, &schema, &batch);
        rows.add(10 * count as usize);
    }

    fn counts(found: Option<Vec<NumberedRows>>) -> Option<Vec<(u64, usize)>> {
        Some(found?.iter().map(|one| (one.first, one.count)).collect())
    }

    #[test]
    fn rows_are_taken_by_their_numbers() {
        let rows = TypedRows::default();
        push(&rows, 1, 5);
        let taker = Taker::new(&rows, 1000);
        assert!(taker.take(1, 3).is_none(), "pushed when nobody took any");
        push(&rows, 6, 5);
        push(&rows, 11, 5);
        assert_eq!(counts(taker.take(6, 8)), Some(vec![(6, 2)]));
        assert_eq!(counts(taker.take(8, 13)), Some(vec![(8, 3), (11, 2)]));
        assert_eq!(counts(taker.take(8, 13)), None, "let go");
        assert_eq!(counts(taker.take(13, 17)), None, "not all are there");
        drop(taker);
        assert!(rows.lock().rows.is_empty());
    }

    #[test]
    fn what_nobody_takes_is_let_go() {
        let rows = TypedRows::default();
        let taker = Taker::new(&rows, 10);
        for first in (1..1000).step_by(3) {
            push(&rows, first, 3);
            assert!(rows.lock().rows.len() < 3);
        }
        assert_eq!(counts(taker.take(1, 4)), None);
    }
}
