//! What a contract demands of a value beyond its type.

use std::cmp::Ordering;
use std::sync::Arc;

use super::decimal::decimal;
use super::patterns::{Pattern, Patterns};
use super::{Format, date, float64, integer, strip_number, time, timestamp, timestamptz};
use crate::codes::Code;
use crate::spec::{ColumnSpec, Kind};
use crate::value::Value;

/// How two values compare; None where they are not of one kind that has an order.
fn compare(one: &Value<'_>, other: &Value<'_>) -> Option<Ordering> {
    match (one, other) {
        (Value::Integer(one), Value::Integer(other)) => Some(one.cmp(other)),
        (Value::Float(one), Value::Float(other)) => one.partial_cmp(other),
        (Value::Decimal(one), Value::Decimal(other)) => Some(one.compare(other)),
        (Value::Date(one), Value::Date(other)) => Some(one.cmp(other)),
        (Value::Time(one), Value::Time(other))
        | (Value::Timestamp(one), Value::Timestamp(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

/// The constraints of one column, ready to be checked.
pub struct Constraints {
    bounds: Vec<Bound>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    pattern: Option<Arc<Pattern>>,
    /// Sorted.
    allowed: Option<Vec<Box<str>>>,
}

struct Bound {
    side: Side,
    /// As the contract has it, for the reason.
    text: String,
    /// The same as the number is written plainly; decimals are compared by it.
    plain: Vec<u8>,
    value: Limit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
}

/// A `Value` that owns nothing: a decimal is in `Bound::plain`.
#[derive(Clone, Copy)]
enum Limit {
    Fixed(Value<'static>),
    Decimal,
}

impl Constraints {
    /// Makes a column's constraints ready; a sentence if one makes no sense.
    pub fn compile(column: &ColumnSpec, patterns: &mut Patterns) -> Result<Constraints, String> {
        let sides = [
            (Side::Minimum, &column.minimum),
            (Side::Maximum, &column.maximum),
            (Side::ExclusiveMinimum, &column.exclusive_minimum),
            (Side::ExclusiveMaximum, &column.exclusive_maximum),
        ];
        let bounds = sides
            .into_iter()
            .filter_map(|(side, text)| text.as_ref().map(|text| Bound::compile(column, side, text)))
            .collect::<Result<_, _>>()?;
        let pattern = column.pattern.as_ref().map(|text| {
            patterns
                .compile(text)
                .map_err(|what| format!("The pattern of column {:?} {what}.", column.name))
        });
        let allowed = column.one_of.as_ref().map(|texts| {
            let mut allowed: Vec<Box<str>> =
                texts.iter().map(|text| text.as_str().into()).collect();
            allowed.sort_unstable();
            allowed
        });
        Ok(Constraints {
            bounds,
            min_length: column.min_length,
            max_length: column.max_length,
            pattern: pattern.transpose()?,
            allowed,
        })
    }

    /// Is nothing demanded? Then `check` need not be called.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty()
            && self.min_length.is_none()
            && self.max_length.is_none()
            && self.pattern.is_none()
            && self.allowed.is_none()
    }

    /// The first constraint that the value breaks, with the second half of a sentence that
    /// begins with the value: "is below the minimum 5."
    pub fn check(&self, lexical: &str, value: &Value<'_>) -> Result<(), (Code, String)> {
        for bound in &self.bounds {
            bound.check(value)?;
        }
        if self.min_length.is_some() || self.max_length.is_some() {
            self.check_length(lexical)?;
        }
        if let Some(pattern) = &self.pattern
            && !pattern.matches(lexical)
        {
            let reason = format!("does not match the pattern `{}`.", pattern.shown());
            return Err((Code::PatternMismatch, reason));
        }
        match &self.allowed {
            Some(allowed)
                if allowed
                    .binary_search_by(|one| (**one).cmp(lexical))
                    .is_err() =>
            {
                Err((
                    Code::NotInEnum,
                    format!("is not one of the values allowed: {}", list(allowed)),
                ))
            }
            _ => Ok(()),
        }
    }

    fn check_length(&self, lexical: &str) -> Result<(), (Code, String)> {
        let length = lexical.chars().count();
        let has = |what: &str, limit| {
            let characters = if length == 1 {
                "character"
            } else {
                "characters"
            };
            format!("has {length} {characters}, at {what} {limit} must be.")
        };
        match (self.min_length, self.max_length) {
            (Some(least), _) if length < least => Err((Code::TooShort, has("least", least))),
            (_, Some(most)) if length > most => Err((Code::TooLong, has("most", most))),
            _ => Ok(()),
        }
    }
}

/// The values, as far as a sentence can hold them.
fn list(allowed: &[Box<str>]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = allowed
        .iter()
        .take(SHOWN)
        .map(|text| format!("{text:?}"))
        .collect();
    let rest = allowed.len().saturating_sub(SHOWN);
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{}{more}.", shown.join(", "))
}

impl Bound {
    fn compile(column: &ColumnSpec, side: Side, text: &str) -> Result<Bound, String> {
        let plain = plain_number(column, text);
        let value = limit(column, text.as_bytes(), &plain).ok_or_else(|| {
            format!(
                "The {} of column {:?} cannot be read as the column's type: {text:?}.",
                side.name(),
                column.name
            )
        })?;
        Ok(Bound {
            side,
            text: text.to_owned(),
            plain,
            value,
        })
    }

    fn check(&self, value: &Value<'_>) -> Result<(), (Code, String)> {
        let limit = match self.value {
            Limit::Fixed(limit) => Some(limit),
            Limit::Decimal => decimal(&self.plain).ok().map(Value::Decimal),
        };
        let order = limit.and_then(|limit| compare(value, &limit));
        let (code, what) = match (self.side, order) {
            (Side::Minimum, Some(Ordering::Less)) => (Code::BelowMinimum, "is below the minimum"),
            (Side::Maximum, Some(Ordering::Greater)) => {
                (Code::AboveMaximum, "is above the maximum")
            }
            (Side::ExclusiveMinimum, Some(Ordering::Less | Ordering::Equal)) => {
                (Code::BelowMinimum, "is not above")
            }
            (Side::ExclusiveMaximum, Some(Ordering::Greater | Ordering::Equal)) => {
                (Code::AboveMaximum, "is not below")
            }
            _ => return Ok(()),
        };
        Err((code, format!("{what} {}.", self.text)))
    }
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Side::Minimum => "minimum",
            Side::Maximum => "maximum",
            Side::ExclusiveMinimum => "exclusive minimum",
            Side::ExclusiveMaximum => "exclusive maximum",
        }
    }
}

/// A bound of a number, plainly. What is plain already is taken so: contracts write numbers
/// as JSON does, whatever the data's decimal mark.
fn plain_number(column: &ColumnSpec, text: &str) -> Vec<u8> {
    if decimal(text.as_bytes()).is_ok() {
        return text.into();
    }
    let [decimal_char] = *column.decimal_char.as_bytes() else {
        return Vec::new();
    };
    let group_char = column
        .group_char
        .as_ref()
        .and_then(|char| char.bytes().next());
    let mut scratch = Vec::new();
    strip_number(
        text.as_bytes(),
        decimal_char,
        group_char,
        column.bare_number,
        &mut scratch,
    )
    .map(<[u8]>::to_vec)
    .unwrap_or_default()
}

/// The value of a bound, in the column's own format or in the default one.
fn limit(column: &ColumnSpec, text: &[u8], plain: &[u8]) -> Option<Limit> {
    let kind = column.kind.kind;
    let format = match column.format.as_str() {
        "default" | "any" | "" => None,
        pattern => Format::compile(pattern, kind).ok(),
    };
    let format = format.as_ref();
    let value = match kind {
        Kind::Decimal => return decimal(plain).is_ok().then_some(Limit::Decimal),
        Kind::Integer => Value::Integer(integer(plain).ok()?),
        Kind::Float => Value::Float(float64(plain).ok()?),
        Kind::Date => Value::Date(
            format
                .and_then(|f| f.date(text).ok())
                .or_else(|| date(text).ok())?,
        ),
        Kind::Time => {
            let clock = format
                .and_then(|f| f.time(text).ok())
                .or_else(|| time(text).ok());
            Value::Time(clock?.micros)
        }
        Kind::Timestamp => {
            let clock = format.and_then(|f| f.timestamp(text).ok());
            Value::Timestamp(clock.or_else(|| timestamp(text).ok())?.micros)
        }
        Kind::Timestamptz => {
            let clock = format.and_then(|f| f.timestamptz(text).ok());
            Value::Timestamp(clock.or_else(|| timestamptz(text).ok())?.micros)
        }
        Kind::Boolean | Kind::Text | Kind::Uuid | Kind::Json => return None,
    };
    Some(Limit::Fixed(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column of the kind, with the constraints that the JSON names.
    fn column(kind: &str, constraints: &str) -> ColumnSpec {
        let mut json = serde_json::json!({
            "field": 0, "name": "c",
            "type": {
                "kind": kind, "bits": 64, "unsigned": false, "precision": null, "scale": null,
                "fraction": 6, "max_chars": null, "max_bytes": null, "wire": ""
            },
            "format": "default", "required": false, "minimum": null, "maximum": null,
            "exclusive_minimum": null, "exclusive_maximum": null, "min_length": null,
            "max_length": null, "pattern": null, "enum": null, "true_values": null,
            "false_values": null, "decimal_char": ".", "group_char": null, "bare_number": true,
            "missing_values": null
        });
        let given: serde_json::Map<_, _> = serde_json::from_str(constraints).unwrap();
        json.as_object_mut().unwrap().extend(given);
        serde_json::from_value(json).unwrap()
    }

    fn compile(column: &ColumnSpec) -> Result<Constraints, String> {
        Constraints::compile(column, &mut Patterns::of(1))
    }

    fn check(column: &ColumnSpec, lexical: &str, value: Value<'_>) -> Result<(), (Code, String)> {
        compile(column).unwrap().check(lexical, &value)
    }

    #[test]
    fn bounds_are_compared_as_the_type() {
        let year = column("integer", r#"{"minimum": "1888", "maximum": "2024"}"#);
        assert_eq!(check(&year, "1888", Value::Integer(1888)), Ok(()));
        assert_eq!(check(&year, "2024", Value::Integer(2024)), Ok(()));
        let (code, reason) = check(&year, "1887", Value::Integer(1887)).unwrap_err();
        assert_eq!(
            (code, &*reason),
            (Code::BelowMinimum, "is below the minimum 1888.")
        );
        let (code, reason) = check(&year, "9999", Value::Integer(9999)).unwrap_err();
        assert_eq!(
            (code, &*reason),
            (Code::AboveMaximum, "is above the maximum 2024.")
        );

        let share = column(
            "decimal",
            r#"{"exclusive_minimum": "0", "exclusive_maximum": "0.30"}"#,
        );
        let decimal = |text: &'static str| Value::Decimal(decimal(text.as_bytes()).unwrap());
        assert_eq!(
            check(&share, "", decimal("0.2999999999999999999999")),
            Ok(())
        );
        assert_eq!(
            check(&share, "", decimal("0.3")).unwrap_err().0,
            Code::AboveMaximum
        );
        assert_eq!(
            check(&share, "", decimal("-0.0")).unwrap_err().0,
            Code::BelowMinimum
        );

        let float = column("float", r#"{"maximum": "1.5"}"#);
        assert_eq!(check(&float, "", Value::Float(1.5)), Ok(()));
        assert!(check(&float, "", Value::Float(1.6)).is_err());
    }

    #[test]
    fn bounds_of_dates_may_have_the_format_of_the_column() {
        for minimum in ["01/02/2024", "2024-02-01"] {
            let json = format!(r#"{{"format": "%d/%m/%Y", "minimum": "{minimum}"}}"#);
            let date = column("date", &json);
            let first = super::date(b"2024-02-01").unwrap();
            assert_eq!(check(&date, "", Value::Date(first)), Ok(()));
            assert!(check(&date, "", Value::Date(first - 1)).is_err());
        }
        for (kind, minimum, value) in [
            ("time", "12:00", Value::Time(1)),
            ("timestamp", "2024-01-01 12:00", Value::Timestamp(1)),
            ("timestamptz", "2024-01-01 12:00+01", Value::Timestamp(1)),
        ] {
            let column = column(kind, &format!(r#"{{"minimum": "{minimum}"}}"#));
            assert_eq!(check(&column, "", value).unwrap_err().0, Code::BelowMinimum);
        }
    }

    #[test]
    fn bounds_of_numbers_may_have_the_marks_of_the_column() {
        for maximum in ["1.234,5", "1234.5", "1234,5"] {
            let json =
                format!(r#"{{"decimal_char": ",", "group_char": ".", "maximum": "{maximum}"}}"#);
            let column = column("float", &json);
            assert_eq!(check(&column, "", Value::Float(1234.5)), Ok(()));
            assert!(check(&column, "", Value::Float(1234.6)).is_err());
        }
    }

    #[test]
    fn texts_are_checked_as_they_are() {
        let image = column("text", r#"{"pattern": ".+\\.(png|jpg)"}"#);
        assert_eq!(check(&image, "a.png", Value::Unordered), Ok(()));
        for text in [".png", "a.png ", "a.png\n", "a.gif", "xa.png.bak"] {
            assert_eq!(
                check(&image, text, Value::Unordered).unwrap_err().0,
                Code::PatternMismatch
            );
        }
        let either = column("text", r#"{"pattern": "a|b"}"#);
        assert!(check(&either, "ab", Value::Unordered).is_err());

        let awards = column("boolean", r#"{"enum": ["Yes", "No"]}"#);
        assert_eq!(check(&awards, "Yes", Value::Unordered), Ok(()));
        let (code, reason) = check(&awards, "yes", Value::Unordered).unwrap_err();
        assert_eq!(code, Code::NotInEnum);
        assert_eq!(reason, r#"is not one of the values allowed: "No", "Yes"."#);

        let name = column("text", r#"{"min_length": 2, "max_length": 3}"#);
        assert_eq!(check(&name, "\u{e9}\u{1f600}", Value::Unordered), Ok(()));
        let (code, reason) = check(&name, "\u{e9}", Value::Unordered).unwrap_err();
        assert_eq!(
            (code, &*reason),
            (Code::TooShort, "has 1 character, at least 2 must be.")
        );
        assert_eq!(
            check(&name, "abcd", Value::Unordered).unwrap_err().0,
            Code::TooLong
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (kind, constraints) in [
            ("integer", r#"{"minimum": "x"}"#),
            ("integer", r#"{"minimum": "1.5"}"#),
            ("date", r#"{"maximum": "2024-02-30"}"#),
            ("text", r#"{"minimum": "a"}"#),
            ("text", r#"{"pattern": "("}"#),
            ("text", r#"{"pattern": "a)(b"}"#),
        ] {
            let refusal = compile(&column(kind, constraints)).err().unwrap();
            assert!(refusal.contains("\"c\""), "{refusal}");
        }
        assert!(compile(&column("text", "{}")).unwrap().is_empty());
        assert!(
            !compile(&column("text", r#"{"enum": []}"#))
                .unwrap()
                .is_empty()
        );
    }
}
