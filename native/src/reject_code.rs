//! The stable codes of rejects. A code is a promise to users: it is never renamed.

/// What stands in the record of a sheet for a formula without a value.
pub const UNCALCULATED: &str = "#UNCALCULATED";

/// Why a record is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectCode {
    UnterminatedQuote,
    TextAfterQuote,
    RecordTooLong,
    FieldCount,
    RepeatedHeader,
    NulCharacter,
    InvalidEncoding,
    NotAnObject,
    DuplicateName,
    UnknownName,
    LoneSurrogate,
    TooDeep,
    NotAnInteger,
    NotANumber,
    NotABoolean,
    NotADate,
    NotATime,
    NotATimestamp,
    NotAUuid,
    NotJson,
    OutOfRange,
    LosesPrecision,
    ErrorCell,
    MissingValue,
    BelowMinimum,
    AboveMaximum,
    TooShort,
    TooLong,
    PatternMismatch,
    NotInEnum,
    AlteredByTarget,
}

impl RejectCode {
    /// The code as it stands in the ledger and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            RejectCode::UnterminatedQuote => "unterminated_quote",
            RejectCode::TextAfterQuote => "text_after_quote",
            RejectCode::RecordTooLong => "record_too_long",
            RejectCode::FieldCount => "field_count",
            RejectCode::RepeatedHeader => "repeated_header",
            RejectCode::NulCharacter => "nul_character",
            RejectCode::InvalidEncoding => "invalid_encoding",
            RejectCode::NotAnObject => "not_an_object",
            RejectCode::DuplicateName => "duplicate_name",
            RejectCode::UnknownName => "unknown_name",
            RejectCode::LoneSurrogate => "lone_surrogate",
            RejectCode::TooDeep => "too_deep",
            RejectCode::NotAnInteger => "not_an_integer",
            RejectCode::NotANumber => "not_a_number",
            RejectCode::NotABoolean => "not_a_boolean",
            RejectCode::NotADate => "not_a_date",
            RejectCode::NotATime => "not_a_time",
            RejectCode::NotATimestamp => "not_a_timestamp",
            RejectCode::NotAUuid => "not_a_uuid",
            RejectCode::NotJson => "not_json",
            RejectCode::OutOfRange => "out_of_range",
            RejectCode::LosesPrecision => "loses_precision",
            RejectCode::ErrorCell => "error_cell",
            RejectCode::MissingValue => "missing_value",
            RejectCode::BelowMinimum => "below_minimum",
            RejectCode::AboveMaximum => "above_maximum",
            RejectCode::TooShort => "too_short",
            RejectCode::TooLong => "too_long",
            RejectCode::PatternMismatch => "pattern_mismatch",
            RejectCode::NotInEnum => "not_in_enum",
            RejectCode::AlteredByTarget => "altered_by_target",
        }
    }
}
