//! The bytes of a file, read from any place by several threads.

use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use crate::system::read_at;

const BUFFER: usize = 16 * 1024;

#[derive(Clone)]
pub struct StoredBytes {
    file: Arc<File>,
    size: u64,
}

impl StoredBytes {
    pub fn new(file: File) -> std::io::Result<StoredBytes> {
        let size = file.metadata()?.len();
        Ok(StoredBytes {
            file: Arc::new(file),
            size,
        })
    }

    fn from(&self, start: u64) -> ReadFrom {
        ReadFrom {
            file: Arc::clone(&self.file),
            at: start,
        }
    }
}

impl Length for StoredBytes {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for StoredBytes {
    type T = BufReader<ReadFrom>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::with_capacity(BUFFER, self.from(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        // What a damaged file asks for is not allocated.
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.size) {
            return Err(ParquetError::EOF(format!(
                "it ends before byte {}",
                start.saturating_add(length as u64)
            )));
        }
        let mut data = vec![0; length];
        self.from(start).read_exact(&mut data)?;
        Ok(data.into())
    }
}

/// Reads on from a place.
pub struct ReadFrom {
    file: Arc<File>,
    at: u64,
}

impl Read for ReadFrom {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = read_at(&self.file, buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
