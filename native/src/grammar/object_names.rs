//! Collects the names of records that are JSON objects.

use super::object_parser::ObjectParser;
use super::record::RecordKind;
use super::record_reader::RecordReader;
use super::text_check::check_text;
use crate::dialect::Dialect;

/// The names of all sound records of some data, in the order in which they come first. No more are
/// collected once there are more than `limit`.
pub fn object_names(
    dialect: &Dialect,
    data: &[u8],
    input_start: bool,
    limit: usize,
) -> Vec<Box<[u8]>> {
    let Some(layout) = &dialect.objects else {
        return Vec::new();
    };
    let clean = check_text(data).is_ok();
    let mut reader = RecordReader::new(dialect, data, input_start, 1);
    let mut parser = ObjectParser::of_names(layout);
    let mut spans = Vec::new();
    while parser.names().len() <= limit
        && let Some(record) = reader.read_extent()
    {
        let json = &data[record.start..record.end];
        if record.kind == RecordKind::Row && (clean || check_text(json).is_ok()) {
            parser.collect(json, &mut spans);
        }
    }
    parser.names().to_vec()
}
