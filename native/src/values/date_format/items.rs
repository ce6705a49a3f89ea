//! Parses formats of dates and times, and checks that they have all parts that their type needs.

use super::super::temporal::MAX_FRACTION;
use crate::conversion_spec::TypeKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Year,
    ShortYear,
    Month,
    MonthName,
    ShortMonthName,
    Day,
    DayOfYear,
    Hour,
    Hour12,
    HalfDay,
    Minute,
    Second,
    Fraction,
    Zone,
}

impl Part {
    fn of(letter: char) -> Option<Part> {
        Some(match letter {
            'Y' => Part::Year,
            'y' => Part::ShortYear,
            'm' => Part::Month,
            'B' => Part::MonthName,
            'b' => Part::ShortMonthName,
            'd' => Part::Day,
            'j' => Part::DayOfYear,
            'H' => Part::Hour,
            'I' => Part::Hour12,
            'p' => Part::HalfDay,
            'M' => Part::Minute,
            'S' => Part::Second,
            'f' => Part::Fraction,
            'z' => Part::Zone,
            _ => return None,
        })
    }

    /// The most digits of a part. None if the part is no number.
    pub(super) fn width(self) -> Option<usize> {
        match self {
            Part::Year => Some(4),
            Part::DayOfYear => Some(3),
            Part::Fraction => Some(MAX_FRACTION),
            Part::MonthName | Part::ShortMonthName | Part::HalfDay | Part::Zone => None,
            _ => Some(2),
        }
    }
}

#[derive(Debug)]
pub(super) enum Item {
    Literal(Box<[u8]>),
    /// A part, and the least number of its digits.
    Part(Part, usize),
}

/// Parses a format for a date, time, timestamp or timestamptz. The error is a sentence.
pub(super) fn compile(pattern: &str, kind: TypeKind) -> Result<Vec<Item>, String> {
    let refuse = |what: String| Err(format!("The format {pattern:?} {what}."));
    let mut items = Vec::new();
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            literal.push(char);
            continue;
        }
        let part = match chars.next() {
            Some('%') => {
                literal.push('%');
                continue;
            }
            None => return refuse("ends with a lone %".to_owned()),
            Some(letter) => match Part::of(letter) {
                Some(part) => part,
                None => return refuse(format!("has %{letter}, which is unknown")),
            },
        };
        if !literal.is_empty() {
            items.push(Item::Literal(
                std::mem::take(&mut literal).into_bytes().into(),
            ));
        }
        items.push(Item::Part(part, 1));
        parts.push(part);
    }
    if !literal.is_empty() {
        items.push(Item::Literal(literal.into_bytes().into()));
    }
    if let Some(what) = complaint(&parts, kind) {
        return refuse(what);
    }
    set_widths(&mut items);
    Ok(items)
}

/// The reason why these parts do not make a value of the kind. None if they do.
fn complaint(parts: &[Part], kind: TypeKind) -> Option<String> {
    use Part::{
        Day, DayOfYear, Fraction, HalfDay, Hour, Hour12, Minute, Month, MonthName, Second,
        ShortMonthName, ShortYear, Year, Zone,
    };
    let count = |wanted: &[Part]| parts.iter().filter(|part| wanted.contains(part)).count();
    let dated = count(&[
        Year,
        ShortYear,
        Month,
        MonthName,
        ShortMonthName,
        Day,
        DayOfYear,
    ]);
    let months = count(&[Month, MonthName, ShortMonthName]);
    let days = (months, count(&[Day]), count(&[DayOfYear]));
    let whole_date = count(&[Year, ShortYear]) == 1 && matches!(days, (1, 1, 0) | (0, 0, 1));
    let clock = [Hour, Hour12, HalfDay, Minute, Second, Fraction];
    let hours = (count(&[Hour]), count(&[Hour12]), count(&[HalfDay]));
    let whole_time = matches!(hours, (1, 0, 0) | (0, 1, 1))
        && count(&[Minute]) <= 1
        && count(&[Second]) <= count(&[Minute])
        && count(&[Fraction]) <= count(&[Second]);
    let zones = count(&[Zone]);
    let (needs_date, needs_time, needs_zone, name) = match kind {
        TypeKind::Date => (true, false, false, "date"),
        TypeKind::Time => (false, true, false, "time"),
        TypeKind::Timestamp => (true, true, false, "timestamp"),
        TypeKind::Timestamptz => (true, true, true, "timestamp with a time zone"),
        _ => return Some("is for dates and times only".to_owned()),
    };
    let complaint = if needs_date && !whole_date {
        "needs one year (%Y, %y) and one day (%m, %b or %B with %d; or %j)"
    } else if !needs_date && dated > 0 {
        "has parts of a date"
    } else if needs_time && !whole_time {
        "needs one hour (%H, or %I with %p), and %M before %S before %f"
    } else if !needs_time && count(&clock) > 0 {
        "has parts of a time"
    } else if zones != usize::from(needs_zone) {
        if needs_zone {
            "needs one zone (%z)"
        } else {
            "has a zone (%z)"
        }
    } else {
        return None;
    };
    Some(format!("{complaint}, but is for a {name}"))
}

/// A year has all its digits; any other number does where another number touches it.
fn set_widths(items: &mut [Item]) {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let touches = |item: Option<&Item>, at_end: bool| match item {
        Some(Item::Part(part, _)) => part.width().is_some(),
        Some(Item::Literal(text)) => is_digit(if at_end { text.last() } else { text.first() }),
        None => false,
    };
    for index in 0..items.len() {
        let beside = index
            .checked_sub(1)
            .is_some_and(|before| touches(items.get(before), true))
            || touches(items.get(index + 1), false);
        if let Item::Part(part, least) = &mut items[index] {
            *least = match (*part, part.width()) {
                (Part::Year, _) => 4,
                (Part::Fraction, _) => 1,
                (_, Some(width)) if beside => width,
                _ => 1,
            };
        }
    }
}
