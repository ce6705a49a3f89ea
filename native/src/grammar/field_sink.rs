//! Receives the fields of a record while the record is parsed.

use super::record::Span;

/// Receives the fields of a record one by one. `clear` comes before the first field.
pub trait FieldSink {
    fn clear(&mut self);
    fn push(&mut self, span: Span);
}

/// Ignores the fields, for callers that only need the extent of a record.
pub struct NoFields;

impl FieldSink for NoFields {
    fn clear(&mut self) {}
    fn push(&mut self, _: Span) {}
}

impl FieldSink for Vec<Span> {
    fn clear(&mut self) {
        self.clear();
    }
    fn push(&mut self, span: Span) {
        self.push(span);
    }
}
