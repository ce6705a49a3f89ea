//! Gives records a piece at a time. One thread gets the batches, several write them side by side, and
//! the pieces come in the order of the batches.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::catching::{catching, spawn};
use super::record_writer::{PIECE, write_records};
use crate::typed_rows::TypedRows;

/// The most threads that work on one input.
const MOST_THREADS: usize = 4;
/// Pieces of one batch that wait to be taken.
const WAITING: usize = 4;

/// A batch, and how many stored bytes were read when it was there.
pub type ReadBatch = (RecordBatch, u64);
pub type Batches = Box<dyn Iterator<Item = Result<ReadBatch, String>> + Send>;

/// Records, and how many stored bytes were read for them.
type Piece = Result<(Vec<u8>, u64), String>;

/// A batch that is to be written.
struct Job {
    batch: RecordBatch,
    consumed: u64,
    /// The number of its first row.
    row: u64,
    pieces: SyncSender<Piece>,
}

/// A batch whose rows are being written.
struct Written {
    batch: RecordBatch,
    /// The number of its first row.
    row: u64,
    pieces: Receiver<Piece>,
}

/// The records of an input, in order.
#[pyclass(frozen, module = "snapshots._native")]
pub struct RecordStream {
    pieces: Mutex<Pieces>,
    consumed: AtomicU64,
}

#[pymethods]
impl RecordStream {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    /// The next records. Raises ValueError with a sentence if they cannot be read.
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let piece = py.detach(|| {
            let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
            pieces.next()
        });
        match piece {
            Some(Ok((data, consumed))) => {
                self.consumed.store(consumed, Ordering::Relaxed);
                Ok(Some(PyBytes::new(py, &data)))
            }
            Some(Err(sentence)) => Err(PyValueError::new_err(sentence)),
            None => Ok(None),
        }
    }

    /// How many stored bytes were read for the pieces so far.
    #[getter]
    fn consumed(&self) -> u64 {
        self.consumed.load(Ordering::Relaxed)
    }
}

impl RecordStream {
    /// Begins to read. `row` is the number of the first row that `open` gives. `typed` gets the values
    /// of the rows before their records are given.
    pub fn begin(
        schema: Arc<Schema>,
        row: u64,
        threads: usize,
        typed: Option<TypedRows>,
        open: impl FnOnce() -> Result<Batches, String> + Send + 'static,
    ) -> std::io::Result<RecordStream> {
        let (batch_sender, batches) = sync_channel(threads);
        let (job_sender, jobs) = sync_channel(threads);
        spawn(move || {
            if let Err(sentence) = catching(|| hand_out(open()?, row, &job_sender, &batch_sender)) {
                // Nobody listens to a stream that is closed.
                let _closed = batch_sender.send(Err(sentence));
            }
        })?;
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..threads {
            let (schema, jobs) = (Arc::clone(&schema), Arc::clone(&jobs));
            spawn(move || {
                while let Some(job) = next_of(&jobs) {
                    if let Err(sentence) = catching(|| write(&schema, &job)) {
                        let _closed = job.pieces.send(Err(sentence));
                    }
                }
            })?;
        }
        let pieces = Pieces {
            schema,
            typed,
            batches,
            current: None,
            failed: None,
            ended: false,
        };
        Ok(RecordStream {
            pieces: Mutex::new(pieces),
            consumed: AtomicU64::new(0),
        })
    }
}

/// How many threads work on one input, as a rule.
pub fn usual_threads() -> usize {
    available_parallelism()
        .map_or(1, NonZero::get)
        .min(MOST_THREADS)
}

/// Gives each batch to the threads that write. All channels are bounded, and so is the memory.
fn hand_out(
    batches: Batches,
    mut row: u64,
    jobs: &SyncSender<Job>,
    in_order: &SyncSender<Result<Written, String>>,
) -> Result<(), String> {
    for batch in batches {
        let (batch, consumed) = batch?;
        let rows = batch.num_rows() as u64;
        let (pieces, given) = sync_channel(WAITING);
        let written = Written {
            batch: batch.clone(),
            row,
            pieces: given,
        };
        let job = Job {
            batch,
            consumed,
            row,
            pieces,
        };
        if in_order.send(Ok(written)).is_err() || jobs.send(job).is_err() {
            break;
        }
        row += rows;
    }
    Ok(())
}

fn next_of(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    jobs.recv().ok()
}

fn write(schema: &Schema, job: &Job) -> Result<(), String> {
    let mut take = |piece| job.pieces.send(Ok((piece, job.consumed))).is_ok();
    write_records(schema, &job.batch, job.row, &mut take)
}

/// What the writers give, in order.
struct Pieces {
    schema: Arc<Schema>,
    typed: Option<TypedRows>,
    batches: Receiver<Result<Written, String>>,
    current: Option<Receiver<Piece>>,
    /// Why there are no more, once the pieces before are given.
    failed: Option<String>,
    ended: bool,
}

impl Pieces {
    /// The next records, about 1 MiB if there are as many.
    fn next(&mut self) -> Option<Piece> {
        if self.ended {
            return self.failed.take().map(Err);
        }
        let (mut data, mut consumed) = match self.wait()? {
            Ok(piece) => piece,
            Err(sentence) => {
                self.ended = true;
                return Some(Err(sentence));
            }
        };
        while data.len() < PIECE / 2 {
            match self.wait() {
                Some(Ok((more, read))) => {
                    data.extend_from_slice(&more);
                    consumed = read;
                }
                Some(Err(sentence)) => {
                    self.failed = Some(sentence);
                    self.ended = true;
                    break;
                }
                None => break,
            }
        }
        Some(Ok((data, consumed)))
    }

    fn wait(&mut self) -> Option<Piece> {
        loop {
            if let Some(pieces) = &self.current
                && let Ok(piece) = pieces.recv()
            {
                if let (Some(typed), Ok((data, _))) = (&self.typed, &piece) {
                    typed.add(data.len());
                }
                return Some(piece);
            }
            let next = match self.batches.recv().ok()? {
                Ok(next) => next,
                Err(sentence) => return Some(Err(sentence)),
            };
            if let Some(typed) = &self.typed {
                typed.push(next.row, &self.schema, &next.batch);
            }
            self.current = Some(next.pieces);
        }
    }
}
