//! Turns numbers with other decimal marks, group marks or a currency into the form that the other
//! parsers read.
//!
//! A text that could be read in two ways is no number, because a guess would be a silent change.

use crate::reject_code::RejectCode;

/// Gives `[+-]digits.digits` for a number with its own decimal mark, with marks between
/// groups of digits, or (where `bare` is false) with a currency or a percent sign around it.
///
/// Group marks stand between groups of two to four digits before the decimal mark, and the
/// last group has at least three: with `,` as the mark `1,234` and `12,34,567` are numbers, and
/// `1,5` is none. Text around a number is dropped, a minus in front of it is kept.
/// Every failure is `NotANumber`, whatever the type of the column.
#[inline]
pub fn normalize_number<'a>(
    text: &'a [u8],
    decimal_char: u8,
    group_char: Option<u8>,
    bare: bool,
    scratch: &'a mut Vec<u8>,
) -> Result<&'a [u8], RejectCode> {
    if bare && decimal_char == b'.' && group_char.is_none() {
        return Ok(text);
    }
    scratch.clear();
    let text = if bare {
        text
    } else {
        without_surroundings(text, decimal_char, scratch)?
    };
    plain(text, decimal_char, group_char, scratch)?;
    Ok(scratch)
}

/// Drops the text around a number. A sign that stands apart from it is written to `out`.
fn without_surroundings<'a>(
    text: &'a [u8],
    decimal_char: u8,
    out: &mut Vec<u8>,
) -> Result<&'a [u8], RejectCode> {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let first = (0..text.len())
        .find(|at| is_digit(*at))
        .ok_or(RejectCode::NotANumber)?;
    let last = (0..text.len())
        .rfind(|at| is_digit(*at))
        .ok_or(RejectCode::NotANumber)?;
    let mut start = first;
    if start > 0 && text[start - 1] == decimal_char {
        start -= 1;
        // In `Rs.500` it is unclear whether the mark belongs to the number.
        if start > 0 && text[start - 1].is_ascii_alphabetic() {
            return Err(RejectCode::NotANumber);
        }
    }
    let end = if text.get(last + 1) == Some(&decimal_char) {
        last + 2
    } else {
        last + 1
    };
    let is_sign = |byte: &&u8| matches!(byte, b'-' | b'+');
    // A minus behind the number and parentheses around it say "negative" in some books.
    if text[end..]
        .iter()
        .any(|byte| matches!(byte, b'-' | b'+' | b'(' | b')'))
    {
        return Err(RejectCode::NotANumber);
    }
    let mut signs = text[..start].iter().filter(is_sign);
    let sign = signs.next();
    if signs.next().is_some() || text[..start].contains(&b'(') {
        return Err(RejectCode::NotANumber);
    }
    out.extend(sign);
    Ok(&text[start..end])
}

/// Writes the number with `.` as its mark and without group marks.
fn plain(
    text: &[u8],
    decimal_char: u8,
    group_char: Option<u8>,
    out: &mut Vec<u8>,
) -> Result<(), RejectCode> {
    let start = out.len();
    let whole = text
        .iter()
        .position(|byte| *byte == decimal_char || matches!(byte, b'e' | b'E'))
        .unwrap_or(text.len());
    let (whole, rest) = text.split_at(whole);
    match group_char {
        Some(mark) if whole.contains(&mark) => ungroup(whole, mark, out)?,
        _ => out.extend_from_slice(whole),
    }
    match rest.split_first() {
        Some((byte, rest)) if *byte == decimal_char => {
            out.push(b'.');
            // A point that is not the decimal mark must not become one.
            if rest.contains(&b'.') {
                return Err(RejectCode::NotANumber);
            }
            out.extend_from_slice(rest);
        }
        _ => out.extend_from_slice(rest),
    }
    let marks = out[start..].iter().filter(|byte| **byte == b'.').count();
    let expected = usize::from(rest.first() == Some(&decimal_char));
    if marks == expected {
        Ok(())
    } else {
        Err(RejectCode::NotANumber)
    }
}

fn ungroup(whole: &[u8], mark: u8, out: &mut Vec<u8>) -> Result<(), RejectCode> {
    let signed = matches!(whole.first(), Some(b'-' | b'+'));
    let (sign, digits) = whole.split_at(usize::from(signed));
    out.extend_from_slice(sign);
    let mut last = 0;
    for (index, group) in digits.split(|byte| *byte == mark).enumerate() {
        let least = if index == 0 { 1 } else { 2 };
        if !(least..=4).contains(&group.len()) || !group.iter().all(u8::is_ascii_digit) {
            return Err(RejectCode::NotANumber);
        }
        out.extend_from_slice(group);
        last = group.len();
    }
    if last < 3 {
        Err(RejectCode::NotANumber)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(text: &str, decimal: u8, group: Option<u8>, bare: bool) -> Option<String> {
        let mut scratch = Vec::new();
        let plain = normalize_number(text.as_bytes(), decimal, group, bare, &mut scratch).ok()?;
        Some(String::from_utf8(plain.to_vec()).unwrap())
    }

    #[test]
    fn knows_other_marks() {
        for (text, plain) in [
            ("1.234,5", "1234.5"),
            ("-1.234.567", "-1234567"),
            ("0,5", "0.5"),
            (",5", ".5"),
            ("1,5e3", "1.5e3"),
            ("1234", "1234"),
            ("12.34.567", "1234567"),
            ("+1.0000", "+10000"),
        ] {
            assert_eq!(
                strip(text, b',', Some(b'.'), true).as_deref(),
                Some(plain),
                "{text}"
            );
        }
        for text in [
            "1.5",
            "1.2.3",
            "1..234",
            ".123",
            "123.",
            "1,5.0",
            "1,234.567",
            "12345.678",
        ] {
            assert_eq!(strip(text, b',', Some(b'.'), true), None, "{text}");
        }
        assert_eq!(strip("1.5", b',', None, true), None);
        assert_eq!(
            strip("1,234.50", b'.', Some(b','), true).as_deref(),
            Some("1234.50")
        );
        assert_eq!(
            strip("1 234", b'.', Some(b' '), true).as_deref(),
            Some("1234")
        );
        assert_eq!(strip("1,5", b'.', Some(b','), true), None);
        assert_eq!(strip("1_000", b'.', None, true).as_deref(), Some("1_000"));
    }

    #[test]
    fn drops_what_stands_around() {
        for (text, plain) in [
            ("$1,234.50", "1234.50"),
            ("95%", "95"),
            ("-5 %", "-5"),
            ("-$5", "-5"),
            ("$-5", "-5"),
            ("€ 5", "5"),
            ("5 EUR", "5"),
            ("$.5", ".5"),
            ("5.", "5."),
            ("+3°", "+3"),
            ("USD 12", "12"),
        ] {
            assert_eq!(
                strip(text, b'.', Some(b','), false).as_deref(),
                Some(plain),
                "{text}"
            );
        }
        for text in ["", "$", "%", "(5)", "5-", "--5", "Rs.500", "-$-5", "1.2.3$"] {
            assert_eq!(strip(text, b'.', Some(b','), false), None, "{text}");
        }
    }
}
