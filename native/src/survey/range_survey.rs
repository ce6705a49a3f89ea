//! Cuts one range of an input, though it is not known yet where its first record starts.

use memchr::memchr;

use crate::chunk::Chunk;
use crate::dialect::Dialect;
use crate::split::ChunkCutter;

/// Cuts the records that start behind `begin`, at `end` at the latest. Whoever surveys the first
/// range of an input counts its first record, too.
///
/// Where a record starts decides all that follows, and nothing before it does.
pub struct RangeSurvey {
    dialect: Dialect,
    chunk_size: usize,
    end: u64,
    /// None until a line starts, if the start is to be guessed.
    cutter: Option<ChunkCutter>,
    start: Option<u64>,
    /// The offset in the input of the next byte to be fed.
    next: u64,
    ended: bool,
}

impl RangeSurvey {
    /// `start`: where the first record starts, if that is known.
    pub fn new(
        dialect: Dialect,
        chunk_size: usize,
        begin: u64,
        end: u64,
        start: Option<u64>,
    ) -> RangeSurvey {
        let mut survey = RangeSurvey {
            dialect,
            chunk_size,
            end,
            cutter: None,
            start: None,
            next: begin,
            ended: false,
        };
        if let Some(start) = start.or((begin == 0).then_some(0)) {
            survey.begin_at(start);
        }
        survey
    }

    /// Where the first record starts, by the guess or as told. None: no record starts here.
    pub fn start(&self) -> Option<u64> {
        self.start
    }

    /// The offset of the next byte to be fed. None: no more are needed.
    pub fn wanted(&self) -> Option<u64> {
        let open = match &self.cutter {
            Some(cutter) => !cutter.is_done(),
            None => self.next < self.end,
        };
        (open && !self.ended).then_some(self.next)
    }

    /// The first record start behind `end`, or the end of the input, and the line ends before it
    /// from `start` on.
    pub fn exit(&self) -> Option<(u64, u64)> {
        let (at, line) = self.cutter.as_ref()?.position();
        self.wanted().is_none().then_some((at, line - 1))
    }

    /// The bytes of memory that `feed` may need for `more` bytes.
    pub fn capacity_for(&self, more: usize) -> usize {
        let cutter = self.cutter.as_ref();
        cutter.map_or(more, |cutter| cutter.capacity_for(more))
    }

    /// Takes the bytes at `wanted`, and adds the chunks that they complete, whose lines count from 1
    /// at `start`.
    pub fn feed(&mut self, mut data: &[u8], chunks: &mut Vec<Chunk>) {
        if self.wanted().is_none() {
            return;
        }
        if self.cutter.is_none() {
            let within = data.len().min((self.end - self.next) as usize);
            let Some(found) = memchr(self.dialect.newline, &data[..within]) else {
                self.next += data.len() as u64;
                return;
            };
            self.begin_at(self.next + found as u64 + 1);
            data = &data[found + 1..];
        }
        self.next += data.len() as u64;
        if let Some(cutter) = &mut self.cutter {
            cutter.feed(data, chunks);
        }
    }

    /// The bytes end where the input ends, or where a chunk begins that was cut before.
    pub fn finish(&mut self, chunks: &mut Vec<Chunk>) {
        if self.wanted().is_some()
            && let Some(cutter) = &mut self.cutter
        {
            cutter.finish(chunks);
        }
        self.ended = true;
    }

    fn begin_at(&mut self, start: u64) {
        let mut cutter = ChunkCutter::new(self.dialect.clone(), self.chunk_size, start, 1);
        cutter.set_border(self.end + 1);
        self.cutter = Some(cutter);
        self.start = Some(start);
        self.next = start;
    }
}
