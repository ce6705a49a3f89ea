//! One value of a column, read from its text. What constraints compare.

use super::decimal::Decimal;

#[derive(Clone, Copy)]
pub enum Value<'a> {
    Integer(i128),
    Decimal(Decimal<'a>),
    /// Of 32 bits too: those are exact in 64.
    Float(f64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01 00:00; with a zone: in UTC.
    Timestamp(i64),
    /// Booleans, texts, UUIDs and JSON: nothing is below or above them.
    Unordered,
}
