//! Cuts a stream of bytes into chunks of whole records.
//!
//! Where no quote or escape is near, records end where lines end, and only line ends are searched
//! for. Only a record with a quote or an escape is parsed.

use memchr::{memchr, memchr2, memrchr};

use crate::buffer_pool;
use crate::chunk::{Chunk, OVERLONG_KEPT};
use crate::dialect::Dialect;
use crate::grammar::{
    Extent, ExtentFinder, LineIndex, NoFields, PADDING, Prologue, RecordKind, bom, count_lines,
    opening, without_padding,
};

/// The number of bytes that the line index handles before the next search for quotes.
const INDEXED: usize = 4 << 10;

/// The most bytes that are reserved for a chunk before its content has come. Memory that is not
/// written to costs nothing, but a vector that grows is copied.
const SPARE: usize = 64 << 20;

/// Cuts the bytes that it is fed into chunks. The Python class `Splitter` wraps it.
pub struct ChunkCutter {
    dialect: Dialect,
    chunk_size: usize,
    /// No chunk is cut from this offset of the input on.
    border: u64,
    /// The bytes that have come. Those before `cut` are in a chunk already.
    pending: Vec<u8>,
    cut: usize,
    /// The end of the last record found.
    at: usize,
    /// No quote or escape stands between `at` and this offset.
    searched: usize,
    /// The offset in the input of `pending[cut]`. `line` is its line number.
    start: u64,
    line: u64,
    /// How many elements of an array, from `cut` to `at`, are followed by another one on their line.
    /// Each counts as a line, so that no two records have the same number.
    sharing: u64,
    /// True at the start of an input, until it is known whether a byte order mark is there.
    bom: bool,
    /// What is still to come before the data. The first chunk holds the whole prologue, so that the
    /// converter can tell where it is in it.
    prologue: Prologue,
    extents: ExtentFinder,
    index: LineIndex,
    overlong: Option<Overlong>,
}

/// A record of more than the limit, whose end has not come yet.
struct Overlong {
    kept: Vec<u8>,
    length: u64,
    /// The bytes before a run of NULs, while nothing but NULs has followed. If the input ends like
    /// this, they are a record that is not too long.
    padded: Option<Vec<u8>>,
}

impl ChunkCutter {
    pub fn new(dialect: Dialect, chunk_size: usize, start: u64, line: u64) -> ChunkCutter {
        let prologue = if start == 0 {
            Prologue::new(&dialect)
        } else {
            Prologue::over()
        };
        ChunkCutter {
            chunk_size: chunk_size.max(1),
            border: u64::MAX,
            pending: Vec::new(),
            cut: 0,
            at: 0,
            searched: 0,
            start,
            line,
            sharing: 0,
            bom: start == 0,
            prologue,
            extents: ExtentFinder::new(),
            index: LineIndex::new(&dialect),
            dialect,
            overlong: None,
        }
    }

    /// The last chunk ends with the first record that ends at or after this offset of the input, and
    /// the rest is left alone. To be called before the first byte comes.
    pub fn set_border(&mut self, border: u64) {
        self.border = border;
    }

    /// Chunks that are not cut yet are full at this number of bytes.
    pub fn set_chunk_size(&mut self, chunk_size: usize) {
        self.chunk_size = chunk_size.max(1);
    }

    /// Whether the border is reached.
    pub fn is_done(&self) -> bool {
        self.overlong.is_none() && self.start >= self.border
    }

    /// The offset in the input behind the last chunk, and its line number.
    pub fn position(&self) -> (u64, u64) {
        (self.start, self.line)
    }

    /// Takes more of the input, and adds the chunks that it completes to `chunks`.
    pub fn feed(&mut self, mut data: &[u8], chunks: &mut Vec<Chunk>) {
        if self.overlong.is_some() {
            let Some(rest) = self.continue_overlong(data, chunks) else {
                return;
            };
            data = &data[rest..];
        }
        if self.pending.capacity() == 0 {
            self.pending
                .reserve(self.chunk_size.min(SPARE) + data.len());
        }
        self.pending.extend_from_slice(data);
        self.index.forget();
        self.advance(false, chunks);
        if self.cut > 0 {
            let cut = self.cut;
            self.pending.drain(..cut);
            self.rebase(cut);
        }
    }

    /// The bytes of memory that `feed` may need for `more` bytes: those of the next chunk, or of a
    /// record that grows.
    pub fn capacity_for(&self, more: usize) -> usize {
        self.chunk_size.min(SPARE).max(self.pending.len()) + more
    }

    /// The number of bytes that have come and are in no chunk yet.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Ends the input, and adds the rest of it to `chunks`.
    pub fn finish(&mut self, chunks: &mut Vec<Chunk>) {
        self.advance(true, chunks);
        if self.overlong.is_some() {
            self.end_overlong(0, chunks);
        }
        if !self.is_done() {
            self.emit(self.pending.len(), chunks);
        }
    }

    /// Finds the records that are known to be whole, and cuts a chunk once one is full.
    fn advance(&mut self, ended: bool, chunks: &mut Vec<Chunk>) {
        if self.bom {
            if self.pending.len() < 3 && !ended {
                return;
            }
            self.at = bom(&self.pending);
            self.bom = false;
        }
        while self.at < self.pending.len() && self.start < self.border {
            if !self.prologue.is_over() {
                if !self.step_in_prologue(ended, chunks) {
                    return;
                }
            } else if self.at >= self.full() {
                self.emit(self.at, chunks);
            } else if !self.skip_plain_lines()
                && !self.skip_indexed_lines()
                && !self.step(ended, chunks)
            {
                return;
            }
        }
    }

    /// The offset in `pending` at which the next chunk is full.
    fn full(&self) -> usize {
        let left = usize::try_from(self.border - self.start).unwrap_or(usize::MAX);
        self.cut + self.chunk_size.min(left)
    }

    /// Passes over the whole lines before the next quote or escape, at most to the chunk's end.
    /// False if there are none.
    fn skip_plain_lines(&mut self) -> bool {
        if self.dialect.is_array() {
            return false;
        }
        let newline = self.dialect.newline;
        let special = self.next_special();
        let plain = &self.pending[self.at..special];
        let Some(last) = memrchr(newline, plain) else {
            return false;
        };
        let wanted = self.full().saturating_sub(self.at + 1);
        let goal = match plain
            .get(wanted..=last)
            .and_then(|rest| memchr(newline, rest))
        {
            Some(first) => wanted + first + 1,
            None => last + 1,
        };
        // Every line must be short enough: so each stretch as long as the longest record has
        // to hold a line end.
        let reach = self.dialect.max_record_size + 1;
        let mut passed = 0;
        while passed < goal {
            let stretch = &plain[passed..goal.min(passed + reach)];
            match memrchr(newline, stretch) {
                Some(end) => passed += end + 1,
                None => break,
            }
        }
        self.at += passed;
        passed > 0
    }

    /// Passes over well-formed records on one line, at most to the chunk's end and `INDEXED` bytes.
    /// False if there are none.
    fn skip_indexed_lines(&mut self) -> bool {
        let start = self.at;
        self.index.skip_to(start);
        let goal = self.full().min(start + INDEXED);
        while self.at < goal
            && let Some(line) =
                self.index
                    .line(&self.dialect, &self.pending, self.at, &mut NoFields)
        {
            self.at = line.next;
        }
        self.at > start
    }

    /// The offset of the first quote or escape from `at` on, or the end of `pending`.
    fn next_special(&mut self) -> usize {
        let from = self.searched.max(self.at);
        let rest = &self.pending[from..];
        let found = match (self.dialect.quote, self.dialect.escape_unquoted) {
            (Some(quote), Some(escape)) => memchr2(quote, escape, rest),
            (Some(byte), None) | (None, Some(byte)) => memchr(byte, rest),
            (None, None) => None,
        };
        self.searched = found.map_or(self.pending.len(), |found| from + found);
        self.searched
    }

    /// Passes over one record. False if its end is not known yet.
    fn step(&mut self, ended: bool, chunks: &mut Vec<Chunk>) -> bool {
        let (dialect, pending) = (&self.dialect, &self.pending);
        match self
            .extents
            .record(dialect, pending, self.at, ended, &mut NoFields)
        {
            Extent::Row { next, .. }
            | Extent::Blank { next, .. }
            | Extent::Comment { next, .. }
            | Extent::Broken { next, .. } => {
                if dialect.is_array() {
                    let newline = memchr(dialect.newline, &pending[self.at..next]);
                    self.sharing += u64::from(newline.is_none());
                }
                self.at = next;
                true
            }
            Extent::TooLong => self.begin_overlong(chunks),
            Extent::Unknown => false,
        }
    }

    fn step_in_prologue(&mut self, ended: bool, chunks: &mut Vec<Chunk>) -> bool {
        let (dialect, pending) = (&self.dialect, &self.pending);
        let found = if self.prologue.takes_line() {
            self.extents.line(dialect, pending, self.at, ended)
        } else if dialect.is_array() {
            opening(pending, self.at, ended)
        } else {
            self.extents
                .record(dialect, pending, self.at, ended, &mut NoFields)
        };
        let (kind, next) = match found {
            Extent::Row { next, .. } | Extent::Broken { next, .. } => (RecordKind::Row, next),
            Extent::Blank { next, .. } | Extent::Comment { next, .. } => {
                (RecordKind::Skipped, next)
            }
            Extent::TooLong => {
                self.prologue = Prologue::over();
                return self.begin_overlong(chunks);
            }
            Extent::Unknown => return false,
        };
        self.prologue.place(kind, false);
        self.at = next;
        true
    }

    /// Makes a chunk of the pending bytes before `end`.
    fn emit(&mut self, end: usize, chunks: &mut Vec<Chunk>) {
        if end == self.cut {
            return;
        }
        let (start, line) = (self.start, self.line);
        let length = end - self.cut;
        // The smaller part is copied.
        let bytes = if self.cut == 0 && length >= self.pending.len() - end {
            let rest = &self.pending[end..];
            let mut pending = buffer_pool::take(rest.len() + self.pending.len().min(SPARE));
            pending.extend_from_slice(rest);
            let mut bytes = std::mem::replace(&mut self.pending, pending);
            bytes.truncate(end);
            self.rebase(end);
            bytes
        } else {
            let bytes = self.pending[self.cut..end].to_vec();
            self.cut = end;
            bytes
        };
        self.start += length as u64;
        self.line += count_lines(self.dialect.newline, &bytes) + std::mem::take(&mut self.sharing);
        chunks.push(Chunk::new(bytes, start, line));
    }

    /// Adjusts the offsets after the first `gone` bytes of `pending` were removed.
    fn rebase(&mut self, gone: usize) {
        self.cut = self.cut.saturating_sub(gone);
        self.at = self.at.saturating_sub(gone);
        self.searched = self.searched.saturating_sub(gone);
        self.extents.forget(gone);
        self.index.forget();
    }

    /// Starts a chunk for the record at `at`, which is too long. True if it ends within `pending`.
    fn begin_overlong(&mut self, chunks: &mut Vec<Chunk>) -> bool {
        self.emit(self.at, chunks);
        self.overlong = Some(Overlong {
            kept: Vec::new(),
            length: 0,
            padded: None,
        });
        let mut pending = std::mem::take(&mut self.pending);
        let rest = self.continue_overlong(&pending[self.at..], chunks);
        if let Some(rest) = rest {
            self.at += rest;
            self.cut = self.at;
        } else {
            pending.clear();
            (self.cut, self.at, self.searched) = (0, 0, 0);
            self.extents = ExtentFinder::new();
            self.index.forget();
        }
        self.pending = pending;
        rest.is_some()
    }

    /// Searches for the end of the overlong record. Gives the offset in `data` after it.
    fn continue_overlong(&mut self, data: &[u8], chunks: &mut Vec<Chunk>) -> Option<usize> {
        let overlong = self.overlong.as_mut()?;
        let newline = memchr(self.dialect.newline, data);
        let content = &data[..newline.unwrap_or(data.len())];
        let filled = without_padding(&self.dialect, content);
        let line = &content[..filled];
        let is_cr = self.dialect.crlf && line.ends_with(b"\r");
        if overlong.length == 0 && filled - usize::from(is_cr) <= self.dialect.max_record_size {
            overlong.padded = Some(line.to_vec());
        } else if filled > 0 {
            overlong.padded = None;
        }
        let left = OVERLONG_KEPT + 1 - overlong.kept.len();
        overlong
            .kept
            .extend_from_slice(&content[..content.len().min(left)]);
        overlong.length += content.len() as u64;
        newline.map(|newline| {
            self.end_overlong(1, chunks);
            newline + 1
        })
    }

    /// Makes the chunk of the overlong record, which ends with so many line ends (0 or 1).
    fn end_overlong(&mut self, line_ends: u64, chunks: &mut Vec<Chunk>) {
        let Some(Overlong {
            mut kept,
            mut length,
            padded,
        }) = self.overlong.take()
        else {
            return;
        };
        if let Some(record) = padded.filter(|record| record.is_empty() || line_ends == 0) {
            kept = PADDING.to_vec();
            if !record.is_empty() {
                let before = Chunk::new(record, self.start, self.line);
                length -= before.end - before.start;
                self.start = before.end;
                chunks.push(before);
            }
        }
        let all = kept.len() as u64 == length;
        if all && self.dialect.crlf && kept.last() == Some(&b'\r') {
            kept.pop();
        }
        kept.truncate(OVERLONG_KEPT);
        let end = self.start + length + line_ends;
        let overlong = Some(line_ends);
        chunks.push(Chunk {
            end,
            overlong,
            ..Chunk::new(kept, self.start, self.line)
        });
        self.start = end;
        self.line += line_ends;
    }
}
