//! A parsed value, for the comparison with the bounds of a column.

use super::decimal::Decimal;

#[derive(Clone, Copy)]
pub enum Value<'a> {
    Integer(i128),
    Decimal(Decimal<'a>),
    /// Floats of 32 bits as well, which 64 bits hold exactly.
    Float(f64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01 00:00, in UTC if the type has a zone.
    Timestamp(i64),
    /// A boolean, text, UUID or JSON, which have no bounds.
    Unordered,
}
