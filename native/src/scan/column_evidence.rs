//! The evidence that the values of one column give about its type.

use super::cells::Cells;
use super::example::Example;
use super::extremes::Extremes;
use super::fitting_types::{self, Number, TYPES, TypeSet};
use super::pace::Pace;
use super::rules::Rules;
use crate::values::{
    Field, ParsedTime, ShortTexts, date, json, normalize_number, time, timestamp, timestamptz, uuid,
};

/// The evidence about one column. A type that one value has disproved is not tried again.
#[derive(Clone, Debug)]
pub(super) struct ColumnEvidence {
    /// Types that fit every value so far.
    pub(super) alive: TypeSet,
    pub(super) nulls: u64,
    pub(super) empties: u64,
    pub(super) max_chars: usize,
    pub(super) max_bytes: usize,
    min: i64,
    max: i64,
    pub(super) integer_digits: usize,
    pub(super) fraction_digits: usize,
    pub(super) second_digits: u8,
    pub(super) pace: Pace,
    /// In the order of `TYPES`.
    examples: [Option<Example>; TYPES.len()],
    /// Kept only for a person who wants to see them: an import has no use for them.
    extremes: Option<Box<Extremes>>,
}

impl ColumnEvidence {
    pub(super) fn new(extremes: bool) -> ColumnEvidence {
        ColumnEvidence {
            alive: fitting_types::ALL,
            nulls: 0,
            empties: 0,
            max_chars: 0,
            max_bytes: 0,
            min: i64::MAX,
            max: i64::MIN,
            integer_digits: 0,
            fraction_digits: 0,
            second_digits: 0,
            pace: Pace::default(),
            examples: [const { None }; TYPES.len()],
            extremes: extremes.then(Box::default),
        }
    }

    /// Adds the fields of a column. `examine` adds the one in a row by a full look.
    pub(super) fn add_all(
        &mut self,
        cells: &impl Cells,
        count: usize,
        rules: &Rules,
        texts: &mut ShortTexts,
        mut examine: impl FnMut(&mut ColumnEvidence, usize),
    ) {
        let mut row = 0;
        while row < count {
            if self.extremes.is_none() {
                row += self.glance(cells, row, rules, texts);
            }
            if row < count {
                examine(self, row);
                row += 1;
            }
        }
    }

    /// Adds one field.
    pub(super) fn add(&mut self, field: Field<'_>, is_null: bool, line: u64) {
        if is_null {
            self.nulls += 1;
        } else if field.is_empty() {
            self.empties += 1;
        } else {
            self.see(field, line);
        }
    }

    /// Adds one field of an input whose numbers have a comma before their fraction. `scratch` is for
    /// such a number.
    #[inline]
    pub(super) fn add_with_comma(
        &mut self,
        field: Field<'_>,
        is_null: bool,
        line: u64,
        scratch: &mut Vec<u8>,
    ) {
        let text = field.text();
        if is_null || !text.iter().any(|byte| matches!(byte, b',' | b'.')) {
            return self.add(field, is_null, line);
        }
        scratch.clear();
        match normalize_number(text, b',', None, true, scratch) {
            Ok(plain) => {
                self.disprove_alive(!fitting_types::NUMBERS, text, line);
                self.see(Field::new(plain, 0, field.quoted), line);
            }
            Err(_) => {
                self.disprove_alive(fitting_types::NUMBERS, text, line);
                self.see(field, line);
            }
        }
    }

    /// Adds one value of a JSON object. It says itself what it is: a text is never a number.
    #[inline]
    pub(super) fn add_token(&mut self, token: Field<'_>, is_null: bool, line: u64) {
        if is_null || token.is_empty() {
            return self.add(token, is_null, line);
        }
        let may_be = fitting_types::of_token(token);
        self.disprove_alive(!may_be, token.text(), line);
        match token.text() {
            // A whole number has no negative zero; a text has what was written.
            b"-0" if !token.quoted => self.see_as(b"-0", Field::new(b"0", 0, false), line),
            text => {
                if self.alive & fitting_types::DECIMAL != 0
                    && let Some((whole, fraction)) = fitting_types::digits_with_exponent(text)
                {
                    self.see_exponent(text, (whole, fraction), line);
                } else {
                    self.see(token, line);
                }
            }
        }
    }

    /// Adds a number with an exponent. A decimal holds it, too, with all of its digits.
    #[cold]
    fn see_exponent(&mut self, text: &[u8], (whole, fraction): (usize, usize), line: u64) {
        let integer_digits = self.integer_digits.max(whole);
        let fraction_digits = self.fraction_digits.max(fraction);
        let decimal = self.alive & fitting_types::DECIMAL;
        self.alive &= !decimal;
        self.see(Field::new(text, 0, false), line);
        self.alive |= decimal;
        (self.integer_digits, self.fraction_digits) = (integer_digits, fraction_digits);
    }

    /// Adds one value that is neither NULL nor empty.
    #[inline(always)]
    fn see(&mut self, field: Field<'_>, line: u64) {
        self.see_as(field.text(), field, line);
    }

    /// Adds a value that is written in another way than its types see it.
    #[inline(always)]
    fn see_as(&mut self, written: &[u8], field: Field<'_>, line: u64) {
        // There are never more characters than bytes.
        if written.len() > self.max_chars {
            self.max_bytes = self.max_bytes.max(written.len());
            self.max_chars = self.max_chars.max(characters(written));
        }
        if self.alive != 0 {
            let fits = self.fitting(field.text());
            if self.alive & !fits != 0 {
                self.disprove(self.alive & !fits, field.text(), line);
            }
        }
        if let Some(extremes) = &mut self.extremes {
            extremes.see(field.text(), characters(written), self.alive);
        }
    }

    /// The types among `alive` that the value fits.
    #[inline]
    fn fitting(&mut self, text: &[u8]) -> TypeSet {
        let mut fits = 0;
        if self.alive & fitting_types::NUMBERS != 0 {
            let number = fitting_types::number(text, self.alive);
            self.keep_digits(&number);
            fits |= number.fits;
        }
        if self.alive & fitting_types::TEMPORALS != 0 {
            fits |= self.fitting_temporals(text);
        }
        if self.alive & fitting_types::OTHERS != 0 {
            fits |= self.fitting_others(text);
        }
        fits
    }

    #[inline]
    fn keep_digits(&mut self, number: &Number) {
        if number.fits & fitting_types::INTEGER != 0 {
            self.min = self.min.min(number.integer);
            self.max = self.max.max(number.integer);
        }
        if number.fits & fitting_types::DECIMAL != 0 {
            self.integer_digits = self.integer_digits.max(number.integer_digits);
            self.fraction_digits = self.fraction_digits.max(number.fraction_digits);
        }
    }

    #[inline]
    fn fitting_temporals(&mut self, text: &[u8]) -> TypeSet {
        let mut fits = 0;
        let mut clock = |kind, read: fn(&[u8]) -> Option<ParsedTime>| {
            if self.alive & kind != 0
                && let Some(clock) = read(text)
            {
                fits |= kind;
                self.second_digits = self.second_digits.max(clock.digits);
            }
        };
        clock(fitting_types::TIMESTAMP, |text| timestamp(text).ok());
        clock(fitting_types::TIMESTAMPTZ, |text| timestamptz(text).ok());
        clock(fitting_types::TIME, |text| time(text).ok());
        if self.alive & fitting_types::DATE != 0 && date(text).is_ok() {
            fits |= fitting_types::DATE;
        }
        fits
    }

    #[inline]
    fn fitting_others(&self, text: &[u8]) -> TypeSet {
        let mut fits = 0;
        if self.alive & fitting_types::BOOLEAN != 0 && fitting_types::is_boolean(text) {
            fits |= fitting_types::BOOLEAN;
        }
        if self.alive & fitting_types::UUID != 0
            && uuid(text).is_ok()
            && !text.iter().any(u8::is_ascii_uppercase)
        {
            fits |= fitting_types::UUID;
        }
        if self.alive & fitting_types::JSON != 0
            && matches!(text[0], b'{' | b'[')
            && json(text).is_ok()
        {
            fits |= fitting_types::JSON;
        }
        fits
    }

    #[cold]
    fn disprove(&mut self, disproved: TypeSet, text: &[u8], line: u64) {
        let found = Example::of(line, text);
        for (kind, example) in TYPES.iter().zip(&mut self.examples) {
            if disproved & kind.bit != 0 {
                *example = Some(found.clone());
            }
        }
        self.alive &= !disproved;
    }

    /// Disproves those of the types that are not yet.
    #[inline]
    fn disprove_alive(&mut self, types: TypeSet, text: &[u8], line: u64) {
        if self.alive & types != 0 {
            self.disprove(self.alive & types, text, line);
        }
    }

    /// Adds the evidence of another scanner about the same column.
    pub(super) fn merge(&mut self, other: &ColumnEvidence) {
        self.alive &= other.alive;
        self.nulls += other.nulls;
        self.empties += other.empties;
        self.max_chars = self.max_chars.max(other.max_chars);
        self.max_bytes = self.max_bytes.max(other.max_bytes);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.integer_digits = self.integer_digits.max(other.integer_digits);
        self.fraction_digits = self.fraction_digits.max(other.fraction_digits);
        self.second_digits = self.second_digits.max(other.second_digits);
        for (mine, other) in self.examples.iter_mut().zip(&other.examples) {
            let earlier = match (&*mine, other) {
                (Some(mine), Some(other)) => other.is_before(mine),
                (None, Some(_)) => true,
                (_, None) => false,
            };
            if earlier {
                mine.clone_from(other);
            }
        }
        if let (Some(mine), Some(other)) = (&mut self.extremes, &other.extremes) {
            mine.merge(other, self.alive);
        }
    }

    pub(super) fn bounds(&self) -> (i64, i64) {
        (self.min, self.max)
    }

    pub(super) fn set_bounds(&mut self, min: i64, max: i64) {
        (self.min, self.max) = (min, max);
    }

    /// The least and the greatest of the values that are integers.
    pub(super) fn range(&self) -> Option<(i64, i64)> {
        (self.min <= self.max).then_some((self.min, self.max))
    }

    /// The characters of the shortest value. None if there is no value, or nobody asked for it.
    pub(super) fn min_chars(&self) -> Option<usize> {
        self.extremes.as_ref()?.min_chars()
    }

    /// The least and the greatest value as written, if all are numbers, or all are dates or times.
    pub(super) fn extremes(&self) -> Option<(String, String)> {
        self.extremes.as_ref()?.shown(self.alive)
    }

    /// The name of each type, and the value that it does not fit, if any.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = (&'static str, Option<&Example>)> {
        TYPES
            .iter()
            .map(|kind| kind.name)
            .zip(self.examples.iter().map(Option::as_ref))
    }
}

/// The number of characters: of the bytes that do not continue one.
pub(super) fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}
