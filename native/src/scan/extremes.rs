//! The shortest value of a column, and the least and the greatest of numbers, dates and times.

use std::cmp::Ordering;

use super::example::shown;
use super::fitting_types::{DATE, NUMBERS, TEMPORALS, TIME, TIMESTAMP, TIMESTAMPTZ, TypeSet};
use crate::values::{date, decimal, time, timestamp, timestamptz};

/// What orders a value. A number is ordered by its digits, so that none is lost.
#[derive(Clone, Copy, Debug)]
enum Key {
    Number,
    Time(i64),
}

/// A value as it was written, and what orders it.
#[derive(Clone, Debug)]
struct Extreme {
    key: Key,
    text: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Extremes {
    min_chars: Option<usize>,
    least: Option<Extreme>,
    greatest: Option<Extreme>,
}

impl Extremes {
    /// Adds a value. `alive`: the types that fit it and all values before it.
    pub(super) fn see(&mut self, text: &[u8], chars: usize, alive: TypeSet) {
        self.min_chars = Some(self.min_chars.map_or(chars, |least| least.min(chars)));
        if let Some(key) = key(text, alive) {
            self.keep(key, text);
        }
    }

    /// Adds the extremes of other values. `alive`: the types that fit those of both.
    pub(super) fn merge(&mut self, other: &Extremes, alive: TypeSet) {
        self.min_chars = match (self.min_chars, other.min_chars) {
            (Some(mine), Some(other)) => Some(mine.min(other)),
            (mine, other) => mine.or(other),
        };
        if alive & (NUMBERS | TEMPORALS) != 0 {
            for extreme in [&other.least, &other.greatest].into_iter().flatten() {
                self.keep(extreme.key, &extreme.text);
            }
        }
    }

    pub(super) fn min_chars(&self) -> Option<usize> {
        self.min_chars
    }

    /// The first characters of the least and of the greatest value. None if the values have no order.
    pub(super) fn shown(&self, alive: TypeSet) -> Option<(String, String)> {
        if alive & (NUMBERS | TEMPORALS) == 0 {
            return None;
        }
        Some((
            shown(&self.least.as_ref()?.text),
            shown(&self.greatest.as_ref()?.text),
        ))
    }

    fn keep(&mut self, key: Key, text: &[u8]) {
        keep_if(&mut self.least, key, text, Ordering::Less);
        keep_if(&mut self.greatest, key, text, Ordering::Greater);
    }
}

/// Keeps the value if it stands in this order to the one that is kept. Of equal values the shortest
/// text is kept, so that the order of the values does not matter.
fn keep_if(kept: &mut Option<Extreme>, key: Key, text: &[u8], wanted: Ordering) {
    match kept {
        None => {
            *kept = Some(Extreme {
                key,
                text: text.to_vec(),
            });
        }
        Some(kept) => {
            let order = compare(key, text, kept);
            let shorter = (text.len(), text) < (kept.text.len(), kept.text.as_slice());
            if order == Some(wanted) || (order == Some(Ordering::Equal) && shorter) {
                kept.key = key;
                text.clone_into(&mut kept.text);
            }
        }
    }
}

/// Compares a value with one that is kept. None: they are of different kinds.
fn compare(key: Key, text: &[u8], kept: &Extreme) -> Option<Ordering> {
    match (key, kept.key) {
        (Key::Time(one), Key::Time(other)) => Some(one.cmp(&other)),
        (Key::Number, Key::Number) => Some(decimal(text).ok()?.compare(&decimal(&kept.text).ok()?)),
        _ => None,
    }
}

/// What orders the value among those of a type that fits it. None: its types have no order.
fn key(text: &[u8], alive: TypeSet) -> Option<Key> {
    if alive & NUMBERS != 0 {
        return Some(Key::Number);
    }
    let micros = match alive & TEMPORALS {
        DATE => i64::from(date(text).ok()?),
        TIME => time(text).ok()?.micros,
        TIMESTAMP => timestamp(text).ok()?.micros,
        TIMESTAMPTZ => timestamptz(text).ok()?.micros,
        _ => return None,
    };
    Some(Key::Time(micros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::fitting_types::{ALL, INTEGER};

    fn seen(texts: &[&str], alive: TypeSet) -> Option<(String, String)> {
        let mut extremes = Extremes::default();
        for text in texts {
            extremes.see(text.as_bytes(), text.len(), alive);
        }
        extremes.shown(alive)
    }

    fn pair(least: &str, greatest: &str) -> Option<(String, String)> {
        Some((least.to_owned(), greatest.to_owned()))
    }

    #[test]
    fn numbers_are_ordered_by_their_digits() {
        assert_eq!(seen(&["10", "9", "-3"], NUMBERS), pair("-3", "10"));
        assert_eq!(
            seen(&["0.10000000000000000001", "0.1"], NUMBERS),
            pair("0.1", "0.10000000000000000001")
        );
        assert_eq!(seen(&["1e3", "999"], NUMBERS), pair("999", "1e3"));
    }

    #[test]
    fn times_are_ordered_by_the_clock() {
        assert_eq!(
            seen(
                &["2024-01-01 00:00:00+02:00", "2023-12-31 23:00:00Z"],
                TIMESTAMPTZ
            ),
            pair("2024-01-01 00:00:00+02:00", "2023-12-31 23:00:00Z")
        );
        assert_eq!(
            seen(&["9999-12-31", "0001-01-01"], DATE),
            pair("0001-01-01", "9999-12-31")
        );
    }

    #[test]
    fn texts_have_no_order() {
        assert_eq!(seen(&["b", "a"], 0), None);
    }

    #[test]
    fn parts_give_what_the_whole_gives() {
        let mut one = Extremes::default();
        one.see(b"5", 1, INTEGER);
        let mut other = Extremes::default();
        other.see(b"12", 2, INTEGER);
        one.merge(&other, INTEGER);
        assert_eq!(one.shown(INTEGER), pair("5", "12"));
        assert_eq!(one.min_chars(), Some(1));
        one.merge(&Extremes::default(), ALL);
        assert_eq!(one.min_chars(), Some(1));
    }
}
