//! Converts the records of a chunk, one after another, into a block.

use super::altered_records::AlteredRecords;
use super::block_builder::BlockBuilder;
use super::encoders::Encoder;
use super::plan::{BlockLimits, ConversionPlan};
use crate::block::Block;
use crate::chunk::Chunk;
use crate::grammar::{Prologue, Record, RecordKind, RecordReader, too_long_kind};

/// Converts the records of a chunk from byte `position` on, until a limit is reached.
pub fn convert<E: Encoder>(
    plan: &ConversionPlan,
    chunk: &Chunk,
    position: usize,
    line: u64,
    limits: BlockLimits,
    altered: Option<&AlteredRecords>,
) -> Block {
    if chunk.overlong.is_some() && position == 0 && limits.records > 0 {
        return overlong(plan, chunk, line);
    }
    let data = &**chunk.bytes;
    let stop = position.saturating_add(limits.bytes).min(data.len());
    let mut reader = reader_at(plan, chunk, position, line);
    let mut builder = BlockBuilder::new(plan, data, position, stop);
    builder.altered_records = altered;
    builder.verbatim = !E::has_escapes(&data[position..builder.end], plan.dialect.newline);
    let types = plan.columns.iter().map(|column| &column.column_type);
    E::head(&mut builder.rows, types, plan.import_id.is_some());
    let mut first = (position, line);
    while builder.counts.records < limits.records {
        if let Some((record, row)) = reader.read_plain(plan.fields) {
            builder.row::<E>(record, row);
        } else {
            let Some(record) = reader.read() else { break };
            match record.kind {
                RecordKind::Header => {
                    if builder.counts.records == 0 {
                        first = (reader.position(), reader.line());
                    }
                    continue;
                }
                RecordKind::Skipped => builder.counts.skipped += 1,
                RecordKind::Broken(code) => builder.reject_broken(record, code, reader.detail()),
                RecordKind::Row => builder.row::<E>(record, &reader),
            }
        }
        builder.counts.records += 1;
        if reader.position() >= stop || limits.stop_at_reject && builder.counts.rejected > 0 {
            break;
        }
    }
    let behind = reader.line() + u64::from(lacks_line_end(plan, data, reader.position()));
    builder.into_block(chunk, first, reader.position(), behind)
}

/// Whether the last line before the end of the data has no line end. The line after it is the next
/// one all the same: a block's rows and rejects have lines before its `line`. An element of an array
/// counts as a line itself.
fn lacks_line_end(plan: &ConversionPlan, data: &[u8], position: usize) -> bool {
    position == data.len()
        && !plan.dialect.is_array()
        && data
            .last()
            .is_some_and(|&byte| byte != plan.dialect.newline)
}

/// The reader for an offset in the chunk. In the first chunk of an input the offset may be within the
/// prologue.
fn reader_at<'a>(
    plan: &'a ConversionPlan,
    chunk: &'a Chunk,
    position: usize,
    line: u64,
) -> RecordReader<'a> {
    let (dialect, data) = (&plan.dialect, &**chunk.bytes);
    let mut prologue = Prologue::over();
    if chunk.start == 0 {
        let mut reader = RecordReader::new(dialect, data, true, line);
        if position == 0 {
            return reader;
        }
        while !reader.prologue().is_over() && reader.position() < position {
            reader.read();
        }
        if reader.position() == position {
            prologue = reader.prologue().clone();
        }
    }
    RecordReader::within(dialect, data, position, line, prologue)
}

/// The block of a chunk that is one record of more than `max_record_size`.
fn overlong(plan: &ConversionPlan, chunk: &Chunk, line: u64) -> Block {
    let data = &**chunk.bytes;
    let mut builder = BlockBuilder::new(plan, data, 0, 0);
    let kind = too_long_kind(&plan.dialect, data);
    let record = Record {
        kind,
        start: 0,
        end: data.len(),
        next: data.len(),
        line,
    };
    match kind {
        RecordKind::Broken(code) => builder.reject_record(record, code),
        _ => builder.counts.skipped += 1,
    }
    builder.counts.records += 1;
    builder.into_block(
        chunk,
        (0, line),
        data.len(),
        line + chunk.overlong.unwrap_or_default().max(1),
    )
}
