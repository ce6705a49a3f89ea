//! Finds texts that a column would store as another value. They are rejected as `altered_by_target`.
//!
//! The errors are the second half of a sentence that begins with the value.

use std::borrow::Cow;

use memchr::memchr2;

use super::float::float64;
use super::integer::integer;

/// The most members of an object for which each name is compared with each.
const FEW: usize = 16;

/// A member of a JSON object: its name as it is written, and its value.
struct Member<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

/// Checks a valid JSON text for a column that keeps one member of each name. `doubles` says that it
/// also stores numbers as 64-bit integers or doubles.
pub fn json_members(text: &[u8], doubles: bool) -> Result<(), String> {
    let mut members: Vec<Member<'_>> = Vec::new();
    // For each open array or object: the index of its first member. An array has none.
    let mut open: Vec<Option<usize>> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'"' => {
                at = string_end(text, at);
                let rest = text[at..].trim_ascii_start();
                if let (Some(Some(_)), Some(b':')) = (open.last(), rest.first()) {
                    at = text.len() - rest.len() + 1;
                    let name = &text[start..];
                    let name = &name[..string_end(name, 1)];
                    let value = &text[at..];
                    members.push(Member { name, value });
                }
            }
            b'{' => open.push(Some(members.len())),
            b'[' => open.push(None),
            b',' | b'}' | b']' => {
                let within = open.last().copied().flatten();
                if let (Some(first), true) = (within, byte != b']')
                    && first < members.len()
                    && let Some(last) = members.last_mut()
                {
                    let end = last.value.len().saturating_sub(text.len() - start);
                    last.value = last.value[..end].trim_ascii();
                }
                if byte != b',' {
                    open.pop();
                    if let Some(first) = within {
                        all_differ(&members[first..])?;
                        members.truncate(first);
                    }
                }
            }
            b'-' | b'0'..=b'9' if doubles => {
                let number =
                    |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
                at += text[at..].iter().take_while(|byte| number(byte)).count();
                number_64(&text[start..at])?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The offset after the closing quote of a string that `at` is within.
fn string_end(text: &[u8], mut at: usize) -> usize {
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if text[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    text.len()
}

fn all_differ(members: &[Member<'_>]) -> Result<(), String> {
    let again = if members.len() <= FEW && !members.iter().any(|one| one.name.contains(&b'\\')) {
        let same = |(n, one): &(usize, &Member<'_>)| {
            members[..*n].iter().any(|other| other.name == one.name)
        };
        members.iter().enumerate().rev().find(same).map(|(n, _)| n)
    } else {
        let mut names: Vec<(Cow<'_, [u8]>, usize)> =
            members.iter().map(unescaped).zip(0..).collect();
        names.sort_unstable();
        let pairs = names.windows(2);
        let repeated = pairs.filter(|pair| pair[0].0 == pair[1].0);
        repeated.map(|pair| pair[1].1).max()
    };
    match again {
        None => Ok(()),
        Some(n) => {
            let shown = |text: &[u8]| String::from_utf8_lossy(text).chars().take(60).collect();
            let (name, value): (String, String) = (shown(members[n].name), shown(members[n].value));
            Err(format!(
                "has the member {name} more than once, and the column would keep only {value}."
            ))
        }
    }
}

fn unescaped<'a>(member: &Member<'a>) -> Cow<'a, [u8]> {
    if member.name.contains(&b'\\')
        && let Ok(name) = serde_json::from_slice::<String>(member.name)
    {
        return format!("\"{name}\"").into_bytes().into();
    }
    member.name.into()
}

/// Checks a JSON text for a column that stores a text as a number if it looks like one.
pub fn json_number(text: &[u8]) -> Result<(), String> {
    match text.trim_ascii() {
        number @ [b'-' | b'0'..=b'9', ..] => number_64(number),
        _ => Ok(()),
    }
}

/// Checks a number for a column that stores 64-bit integers and doubles.
fn number_64(number: &[u8]) -> Result<(), String> {
    if integer(number).is_ok_and(|value| i64::try_from(value).is_ok()) || float64(number).is_ok() {
        return Ok(());
    }
    let other = str::from_utf8(number)
        .ok()
        .and_then(|text| text.parse::<f64>().ok());
    Err(format!(
        "would be stored as {:e}.",
        other.unwrap_or(f64::NAN)
    ))
}

/// Checks a text for a column that stores it as a number if it looks like one: 007 would become 7.
pub fn like_a_number(text: &[u8]) -> Result<(), String> {
    let number = text.trim_ascii();
    let looks = matches!(number, [b'+' | b'-' | b'.' | b'0'..=b'9', ..])
        && number
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let Some(value) = looks
        .then(|| str::from_utf8(number).ok()?.parse::<f64>().ok())
        .flatten()
    else {
        return Ok(());
    };
    let stored = match integer(number) {
        Ok(whole) if i64::try_from(whole).is_ok() => whole.to_string(),
        _ => value.to_string(),
    };
    if stored.as_bytes() == text {
        return Ok(());
    }
    Err(format!("would be stored as the number {stored}."))
}

/// Checks a text for a column that fills its texts with blanks, and removes blanks at the end.
pub fn padded(text: &[u8]) -> Result<(), String> {
    if text.last() != Some(&b' ') {
        return Ok(());
    }
    let kept = String::from_utf8_lossy(text);
    let kept: String = kept.trim_end_matches(' ').chars().take(60).collect();
    Err(format!(
        "ends in blanks, and the column would keep \"{kept}\"."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_stands_twice_is_found_wherever_it_is() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"b":{"a":2},"a":3}"#,
            r#"[1,{"x":[{"k":null , "k" : {"y":1}}]}]"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"":1,"":2}"#,
            r#"{"a":"}","a":"{"}"#,
            r#"{"é":1,"\u00e9":1}"#,
        ] {
            assert!(json_members(text.as_bytes(), false).is_err(), "{text}");
        }
        let reason = json_members(br#"{"a":1, "b": 3, "a" : [1, {"c": 2}] , "d":4}"#, false);
        assert_eq!(
            reason.unwrap_err(),
            r#"has the member "a" more than once, and the column would keep only [1, {"c": 2}]."#
        );
        let many: Vec<String> = (0..100).map(|n| format!("\"k{}\":{n}", n % 99)).collect();
        let many = format!("{{{}}}", many.join(","));
        let reason = json_members(many.as_bytes(), false).unwrap_err();
        assert!(
            reason.contains("\"k0\"") && reason.contains("99"),
            "{reason}"
        );
    }

    #[test]
    fn members_of_different_objects_may_have_one_name() {
        for text in [
            "{}",
            "[]",
            "1e400",
            r#""a:""#,
            r#"{"a":{"a":{"a":1}}}"#,
            r#"[{"a":1},{"a":1}]"#,
            r#"{"a":"a","b":"a"}"#,
            r#"{"a":["a","a"],"A":"\":"}"#,
            r#"{"a\"":1,"a":2,"a\\":3}"#,
            r#"{"x":[],"y":{},"z":[[{"x":1}],{"y":2}]}"#,
        ] {
            assert_eq!(json_members(text.as_bytes(), false), Ok(()), "{text}");
        }
    }

    #[test]
    fn numbers_that_a_double_cannot_hold_are_found() {
        for (text, kept) in [
            (r#"{"a":1.10,"b":[-0.5,1e10]}"#, true),
            ("9223372036854775807", true),
            ("[12345678901234567890123]", false),
            (r#"{"a":0.12345678901234567890}"#, false),
            ("1e400", false),
            (r#"["1e400"]"#, true),
        ] {
            assert_eq!(json_members(text.as_bytes(), true).is_ok(), kept, "{text}");
            assert_eq!(json_members(text.as_bytes(), false), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_looks_like_a_number_may_become_one() {
        for text in [
            "5",
            "-3",
            "1.5",
            "9223372036854775807",
            "abc",
            "",
            "1-2",
            "2024-01-05",
            "1e",
        ] {
            assert_eq!(like_a_number(text.as_bytes()), Ok(()), "{text}");
        }
        for text in [
            "007",
            "1.50",
            "+1",
            " 1",
            "1 ",
            "1e3",
            "12345678901234567890",
            "1e400",
            "-0",
        ] {
            assert!(like_a_number(text.as_bytes()).is_err(), "{text}");
        }
        for text in [
            "1.50",
            "-0",
            "1e3",
            " 7 ",
            "9007199254740993",
            "\"007\"",
            "{}",
            "null",
        ] {
            assert_eq!(json_number(text.as_bytes()), Ok(()), "{text}");
        }
        for text in ["12345678901234567890", "1E400", "0.10000000000000000001"] {
            assert!(json_number(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn blanks_at_the_end_are_lost_in_a_padded_column() {
        assert_eq!(padded(b"ab"), Ok(()));
        assert_eq!(padded(b""), Ok(()));
        assert_eq!(padded(b" a\t"), Ok(()));
        assert!(padded(b"ab ").unwrap_err().ends_with("would keep \"ab\"."));
        assert!(padded(b"  ").is_err());
    }
}
