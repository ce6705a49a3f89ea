//! What a cell looks like to a person. Only the detection of dialects uses it: what a value is, the
//! converter decides.

use crate::dialect::Dialect;

/// The appearance of a cell in some dialect: evidence for or against that dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appearance {
    Empty,
    /// A number, a date, a time, a UUID, a URL and the like.
    Typed,
    /// In quotes, which may hold anything.
    Quoted,
    Text,
    /// Text with a character in it that is a delimiter in other dialects.
    Odd,
    /// Text with a quote, a tab or a control character, which belong between fields.
    Wrong,
}

impl Appearance {
    /// How much the cell speaks for the dialect, from 0 to 1.
    pub fn worth(self) -> f64 {
        match self {
            Appearance::Empty => 0.0,
            Appearance::Typed => 1.0,
            Appearance::Quoted => 0.9,
            Appearance::Text => 0.8,
            Appearance::Odd => 0.4,
            Appearance::Wrong => 0.1,
        }
    }
}

/// The number of bytes of a cell that are examined.
const ENOUGH: usize = 200;

/// Characters that are delimiters in some dialects, and rare within a text.
const SEPARATORS: &[u8] = b";|^~#";

/// The appearance of a cell. `raw` is its text without the quotes around it, if it is `quoted`.
pub fn appearance_of(raw: &[u8], quoted: bool, dialect: &Dialect) -> Appearance {
    let text = raw[..raw.len().min(ENOUGH)].trim_ascii();
    if text.is_empty() {
        return if quoted {
            Appearance::Quoted
        } else {
            Appearance::Empty
        };
    }
    if is_typed(text) {
        return Appearance::Typed;
    }
    if quoted {
        return Appearance::Quoted;
    }
    if is_half_quoted(text, dialect) || text.iter().any(|&byte| byte < 0x20) {
        return Appearance::Wrong;
    }
    let is_edge = |byte: u8| matches!(byte, b',' | b';' | b':' | b'|' | b'=');
    let comma_in_word = text
        .windows(2)
        .any(|pair| pair[0] == b',' && pair[1] != b' ');
    if comma_in_word
        || is_edge(text[0])
        || is_edge(text[text.len() - 1])
        || text.iter().any(|byte| SEPARATORS.contains(byte))
    {
        return Appearance::Odd;
    }
    Appearance::Text
}

/// Whether a text begins or ends with one quote of a pair that a wrong dialect has separated. A
/// quote within a text, or after a digit (6"), is data.
fn is_half_quoted(text: &[u8], dialect: &Dialect) -> bool {
    let is_quote = |byte: u8| byte == b'"' || Some(byte) == dialect.quote;
    match text {
        [first, ..] if is_quote(*first) => true,
        [.., before, last] if is_quote(*last) => {
            !before.is_ascii_digit() && count(text, *last) % 2 == 1
        }
        _ => false,
    }
}

fn count(text: &[u8], byte: u8) -> usize {
    text.iter().filter(|&&one| one == byte).count()
}

fn is_typed(text: &[u8]) -> bool {
    is_number(text) || is_moment(text) || is_hex(text) || is_address(text) || is_word(text)
}

/// Whether a text is a number: it may have a sign, a currency, groups, decimals, an exponent and a
/// percent sign.
fn is_number(text: &[u8]) -> bool {
    let mut rest = text;
    if let [b'+' | b'-', more @ ..] = rest {
        rest = more;
    }
    rest = without_currency(rest);
    let mut marks = [(0, 0); 8];
    let (mut digits, mut last, mut found) = (0, 0, 0);
    while let [byte, more @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                last += 1;
            }
            b'.' | b',' | b' ' | b'\'' if more.first().is_some_and(u8::is_ascii_digit) => {
                if found == marks.len() {
                    return false;
                }
                marks[found] = (*byte, last);
                found += 1;
                last = 0;
            }
            _ => break,
        }
        rest = more;
    }
    if digits == 0 || !are_groups(&marks[..found], last) {
        return false;
    }
    if let [b'e' | b'E', more @ ..] = rest {
        let more = more.strip_prefix(b"-").unwrap_or(more);
        let more = more.strip_prefix(b"+").unwrap_or(more);
        return !more.is_empty() && more.iter().all(u8::is_ascii_digit);
    }
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    rest.is_empty() || rest == b"%" || rest == b"." || without_currency(rest).is_empty()
}

/// Whether the marks within a number group its thousands. Each mark has the number of digits before
/// it, and `last` digits follow the last mark. The last mark may be the decimal mark.
fn are_groups(marks: &[(u8, usize)], last: usize) -> bool {
    let may_be_decimal = |mark: u8| mark == b'.' || mark == b',';
    match marks {
        [] => true,
        [(mark, first)] => may_be_decimal(*mark) || (last == 3 && (1..=3).contains(first)),
        [(mark, first), middle @ .., (end, before)] => {
            let alike = middle.iter().all(|(one, size)| one == mark && *size == 3);
            let thousands = (1..=3).contains(first) && alike && *before == 3;
            thousands
                && if end == mark {
                    last == 3
                } else {
                    may_be_decimal(*end)
                }
        }
    }
}

fn without_currency(text: &[u8]) -> &[u8] {
    for sign in ["$", "€", "£"] {
        if let Some(rest) = text.strip_prefix(sign.as_bytes()) {
            return rest.strip_prefix(b" ").unwrap_or(rest);
        }
    }
    text
}

/// Whether a text is a date, a time, or both.
fn is_moment(text: &[u8]) -> bool {
    if !text[0].is_ascii_digit() {
        return false;
    }
    let (date, time) = match text.iter().position(|&byte| byte == b' ' || byte == b'T') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &b""[..]),
    };
    if is_date(date) {
        return time.is_empty() || is_time(time);
    }
    is_time(text)
}

fn is_date(text: &[u8]) -> bool {
    let mark = text.iter().find(|byte| !byte.is_ascii_digit());
    let Some(&mark @ (b'-' | b'/' | b'.')) = mark else {
        return false;
    };
    let mut sizes = [0; 3];
    for (index, part) in text.split(|&byte| byte == mark).enumerate() {
        if index == sizes.len() || !part.iter().all(u8::is_ascii_digit) {
            return false;
        }
        sizes[index] = part.len();
    }
    matches!(sizes, [4, 1..=2, 1..=2] | [1..=2, 1..=2, 2 | 4])
}

/// Whether a text is a time such as 9:30 or 09:30:15.25, perhaps with AM, PM or a zone.
fn is_time(text: &[u8]) -> bool {
    let (mut parts, mut size, mut at) = (0, 0, 0);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'0'..=b'9' => size += 1,
            b':' if size == 2 || (size == 1 && parts == 0) => {
                parts += 1;
                size = 0;
            }
            _ => break,
        }
        at += 1;
    }
    if !(1..=2).contains(&parts) || size != 2 {
        return false;
    }
    let mut rest = &text[at..];
    if let [b'.' | b',', more @ ..] = rest {
        let digits = more.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = &more[digits..];
    }
    match rest.trim_ascii_start() {
        b"" | b"Z" | b"UTC" => true,
        [b'+' | b'-', zone @ ..] => {
            zone.len() >= 2 && zone.iter().all(|b| b.is_ascii_digit() || *b == b':')
        }
        word => word.eq_ignore_ascii_case(b"am") || word.eq_ignore_ascii_case(b"pm"),
    }
}

/// Whether a text is a UUID, or hexadecimal bytes with colons between them.
fn is_hex(text: &[u8]) -> bool {
    let is_hex_with = |mark| text.iter().all(|&b| b.is_ascii_hexdigit() || b == mark);
    let uuid = text.len() == 36 && count(text, b'-') == 4;
    let pairs = matches!(text.len(), 17 | 23) && text.split(|&b| b == b':').all(|it| it.len() == 2);
    (uuid && is_hex_with(b'-')) || (pairs && is_hex_with(b':'))
}

/// Whether a text is an address of the Web or of mail.
fn is_address(text: &[u8]) -> bool {
    let schemes = ["http://", "https://", "ftp://", "s3://", "www."];
    if schemes.iter().any(|it| text.starts_with(it.as_bytes())) {
        return !text.iter().any(|byte| b" \",;|^\t".contains(byte));
    }
    count(text, b'@') == 1
        && text.contains(&b'.')
        && text
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || b"@.-_+".contains(&byte) || byte >= 0x80)
}

/// Whether a text is a word for true, false or a missing value.
fn is_word(text: &[u8]) -> bool {
    let words = ["true", "false", "null", "nan", "n/a", "na", "\\n"];
    words
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_are_values() {
        for text in [
            "1",
            "-2.5",
            "1,5",
            "1.234,50",
            "1,234,567.89",
            "10 000",
            "5%",
            "$3",
            "7 €",
            "12e3",
            "2024-01-31",
            "31.1.2024",
            "1/2/24",
            "10:15",
            "2024-01-31T10:15:00Z",
            "2024-01-31 10:15:00+02:00",
            "9:05 PM",
            "https://example.org:80/a?b#c",
            "ann@example.org",
            "00:1b:44:11:3a:b7",
            "0b8f3f3e-57a4-4d1b-9c1c-000000000000",
            "TRUE",
            "N/A",
        ] {
            assert!(is_typed(text.as_bytes()), "{text}");
        }
        for text in [
            "pen",
            "1;2",
            "51,47,45",
            "1 2",
            "1,",
            "-",
            "10:15,1.5",
            "2024-01-31,5",
            "a@b",
            "10:1b",
            "https://a,b",
            "1 pen",
            "932:61:291:605",
        ] {
            assert!(!is_typed(text.as_bytes()), "{text}");
        }
    }
}
