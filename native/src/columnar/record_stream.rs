//! Gives records a piece at a time. Two threads read and write them, a little in advance.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::record_writer::RecordWriter;

const THREAD: &str = "columnar";
/// Batches and pieces that wait for the next thread.
const WAITING: usize = 2;

/// A batch, and how many stored bytes were read when it was there.
pub type ReadBatch = (RecordBatch, u64);
pub type Batches = Box<dyn Iterator<Item = Result<ReadBatch, String>> + Send>;

type Piece = Result<(Vec<u8>, u64), String>;

/// The records of an input, from its first row on.
#[pyclass(frozen, module = "snapshots._native")]
pub struct RecordStream {
    pieces: Mutex<Receiver<Piece>>,
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
            let pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
            pieces.recv()
        });
        match piece {
            Ok(Ok((data, consumed))) => {
                self.consumed.store(consumed, Ordering::Relaxed);
                Ok(Some(PyBytes::new(py, &data)))
            }
            Ok(Err(sentence)) => Err(PyValueError::new_err(sentence)),
            Err(_ended) => Ok(None),
        }
    }

    /// How many stored bytes were read for the pieces so far.
    #[getter]
    fn consumed(&self) -> u64 {
        self.consumed.load(Ordering::Relaxed)
    }
}

impl RecordStream {
    pub fn begin(
        schema: Arc<Schema>,
        open: impl FnOnce() -> Result<Batches, String> + Send + 'static,
    ) -> std::io::Result<RecordStream> {
        let (sender, pieces) = sync_channel(WAITING);
        let (batch_sender, batches) = sync_channel(WAITING);
        spawn(move || {
            let failed = catching(|| {
                for batch in open()? {
                    if batch_sender.send(Ok(batch?)).is_err() {
                        break;
                    }
                }
                Ok(())
            });
            if let Err(sentence) = failed {
                // Nobody listens to a stream that is closed.
                let _closed = batch_sender.send(Err(sentence));
            }
        })?;
        spawn(move || {
            if let Err(sentence) = catching(|| write(&schema, &batches, &sender)) {
                let _closed = sender.send(Err(sentence));
            }
        })?;
        Ok(RecordStream {
            pieces: Mutex::new(pieces),
            consumed: AtomicU64::new(0),
        })
    }
}

fn write(
    schema: &Schema,
    batches: &Receiver<Result<ReadBatch, String>>,
    sender: &SyncSender<Piece>,
) -> Result<(), String> {
    let mut writer = RecordWriter::new(schema);
    let mut read = 0;
    for batch in batches {
        let (batch, consumed) = batch?;
        read = consumed;
        let mut take = |piece| sender.send(Ok((piece, consumed))).is_ok();
        if !writer.batch(&batch, &mut take)? {
            return Ok(());
        }
    }
    let rest = writer.finish();
    if !rest.is_empty() {
        let _closed = sender.send(Ok((rest, read)));
    }
    Ok(())
}

fn spawn(work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(THREAD.into()).spawn(work)?;
    Ok(())
}

/// Runs what a library may panic in, for the sake of a damaged file. The panic becomes a sentence.
pub fn catching<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if thread::current().name() != Some(THREAD) {
                usual(panic);
            }
        }));
    });
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(text.unwrap_or("its content is not valid").to_owned())
    })
}

/// Does the same on a thread of its own, whose panics are not printed.
pub fn catching_apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let thread = thread::Builder::new().name(THREAD.into());
    let ended = thread.spawn(move || catching(work));
    ended
        .map_err(|error| error.to_string())?
        .join()
        .unwrap_or_else(|_| Err("its content is not valid".into()))
}
