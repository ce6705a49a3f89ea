//! The stable codes of rejects. A code is a promise to users: it is never renamed.

/// Why a record is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    UnterminatedQuote,
    TextAfterQuote,
    RecordTooLong,
    FieldCount,
    RepeatedHeader,
    NulCharacter,
    InvalidEncoding,
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
    MissingValue,
    BelowMinimum,
    AboveMaximum,
    TooShort,
    TooLong,
    PatternMismatch,
    NotInEnum,
    AlteredByTarget,
}

impl Code {
    /// The code as ledgers and users see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::UnterminatedQuote => "unterminated_quote",
            Code::TextAfterQuote => "text_after_quote",
            Code::RecordTooLong => "record_too_long",
            Code::FieldCount => "field_count",
            Code::RepeatedHeader => "repeated_header",
            Code::NulCharacter => "nul_character",
            Code::InvalidEncoding => "invalid_encoding",
            Code::NotAnInteger => "not_an_integer",
            Code::NotANumber => "not_a_number",
            Code::NotABoolean => "not_a_boolean",
            Code::NotADate => "not_a_date",
            Code::NotATime => "not_a_time",
            Code::NotATimestamp => "not_a_timestamp",
            Code::NotAUuid => "not_a_uuid",
            Code::NotJson => "not_json",
            Code::OutOfRange => "out_of_range",
            Code::LosesPrecision => "loses_precision",
            Code::MissingValue => "missing_value",
            Code::BelowMinimum => "below_minimum",
            Code::AboveMaximum => "above_maximum",
            Code::TooShort => "too_short",
            Code::TooLong => "too_long",
            Code::PatternMismatch => "pattern_mismatch",
            Code::NotInEnum => "not_in_enum",
            Code::AlteredByTarget => "altered_by_target",
        }
    }
}
