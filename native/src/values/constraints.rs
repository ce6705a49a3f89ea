//! The constraints of a contract on the values of a column.

use std::sync::Arc;

use super::patterns::{Pattern, Patterns};
use super::range_bound::{RangeBound, Side};
use super::value::Value;
use crate::conversion_spec::ColumnSpec;
use crate::reject_code::RejectCode;

/// The compiled constraints of one column. `lexical` is the text of a value.
pub struct Constraints {
    bounds: Vec<RangeBound>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    pattern: Option<Arc<Pattern>>,
    /// The allowed texts, sorted.
    allowed: Option<Vec<Box<str>>>,
}

impl Constraints {
    /// Compiles the constraints of a column. The error is a sentence.
    pub fn compile(column: &ColumnSpec, patterns: &mut Patterns) -> Result<Constraints, String> {
        let sides = [
            (Side::Minimum, &column.minimum),
            (Side::Maximum, &column.maximum),
            (Side::ExclusiveMinimum, &column.exclusive_minimum),
            (Side::ExclusiveMaximum, &column.exclusive_maximum),
        ];
        let bounds = sides
            .into_iter()
            .filter_map(|(side, text)| {
                text.as_ref()
                    .map(|text| RangeBound::compile(column, side, text))
            })
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

    /// Whether there are no constraints. Then `check` need not be called.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty()
            && self.min_length.is_none()
            && self.max_length.is_none()
            && self.pattern.is_none()
            && self.allowed.is_none()
    }

    /// Checks a value. The error has the code of the first constraint that the value breaks, and the
    /// second half of a sentence that begins with the value: "is below the minimum 5."
    pub fn check(&self, lexical: &str, value: &Value<'_>) -> Result<(), (RejectCode, String)> {
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
            return Err((RejectCode::PatternMismatch, reason));
        }
        match &self.allowed {
            Some(allowed)
                if allowed
                    .binary_search_by(|one| (**one).cmp(lexical))
                    .is_err() =>
            {
                Err((
                    RejectCode::NotInEnum,
                    format!("is not one of the allowed values: {}", list(allowed)),
                ))
            }
            _ => Ok(()),
        }
    }

    fn check_length(&self, lexical: &str) -> Result<(), (RejectCode, String)> {
        let length = lexical.chars().count();
        let has = |what: &str, limit| {
            let characters = if length == 1 {
                "character"
            } else {
                "characters"
            };
            format!("has {length} {characters}; the {what} is {limit}.")
        };
        match (self.min_length, self.max_length) {
            (Some(least), _) if length < least => {
                Err((RejectCode::TooShort, has("minimum", least)))
            }
            (_, Some(most)) if length > most => Err((RejectCode::TooLong, has("maximum", most))),
            _ => Ok(()),
        }
    }
}

/// Lists the values, as far as a sentence can hold them.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::decimal;

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

    fn check(
        column: &ColumnSpec,
        lexical: &str,
        value: Value<'_>,
    ) -> Result<(), (RejectCode, String)> {
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
            (RejectCode::BelowMinimum, "is below the minimum 1888.")
        );
        let (code, reason) = check(&year, "9999", Value::Integer(9999)).unwrap_err();
        assert_eq!(
            (code, &*reason),
            (RejectCode::AboveMaximum, "is above the maximum 2024.")
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
            RejectCode::AboveMaximum
        );
        assert_eq!(
            check(&share, "", decimal("-0.0")).unwrap_err().0,
            RejectCode::BelowMinimum
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
            let first = crate::values::date(b"2024-02-01").unwrap();
            assert_eq!(check(&date, "", Value::Date(first)), Ok(()));
            assert!(check(&date, "", Value::Date(first - 1)).is_err());
        }
        for (kind, minimum, value) in [
            ("time", "12:00", Value::Time(1)),
            ("timestamp", "2024-01-01 12:00", Value::Timestamp(1)),
            ("timestamptz", "2024-01-01 12:00+01", Value::Timestamp(1)),
        ] {
            let column = column(kind, &format!(r#"{{"minimum": "{minimum}"}}"#));
            assert_eq!(
                check(&column, "", value).unwrap_err().0,
                RejectCode::BelowMinimum
            );
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
                RejectCode::PatternMismatch
            );
        }
        let either = column("text", r#"{"pattern": "a|b"}"#);
        assert!(check(&either, "ab", Value::Unordered).is_err());

        let awards = column("boolean", r#"{"enum": ["Yes", "No"]}"#);
        assert_eq!(check(&awards, "Yes", Value::Unordered), Ok(()));
        let (code, reason) = check(&awards, "yes", Value::Unordered).unwrap_err();
        assert_eq!(code, RejectCode::NotInEnum);
        assert_eq!(reason, r#"is not one of the allowed values: "No", "Yes"."#);

        let name = column("text", r#"{"min_length": 2, "max_length": 3}"#);
        assert_eq!(check(&name, "\u{e9}\u{1f600}", Value::Unordered), Ok(()));
        let (code, reason) = check(&name, "\u{e9}", Value::Unordered).unwrap_err();
        assert_eq!(
            (code, &*reason),
            (RejectCode::TooShort, "has 1 character; the minimum is 2.")
        );
        assert_eq!(
            check(&name, "abcd", Value::Unordered).unwrap_err().0,
            RejectCode::TooLong
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
