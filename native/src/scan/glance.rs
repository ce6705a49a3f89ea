//! A quick look at many fields of a column. Nearly all have the form that all before them had; the
//! first that has not ends the look, and is examined in full.

use super::cells::{Cell, Cells};
use super::column_evidence::{ColumnEvidence, characters};
use super::fitting_types::{
    self, BOOLEAN, DATE, DECIMAL, INTEGER, NUMBERS, Number, TIME, TIMESTAMP, TIMESTAMPTZ, UUID,
};
use super::rules::Rules;
use crate::values::{
    MOST_SHORT, ShortTexts, common_time, common_timestamp, common_timestamptz, is_common_date,
    plain_number, uuid,
};

/// The most bytes of short numbers and of long ones.
const SHORT: usize = 8;
const LONG: usize = 16;

/// Fields that hold no value, without and with quotes, and the longest of the others.
#[derive(Default)]
struct Lengths {
    blank: [u64; 2],
    missing: u64,
    longest: usize,
}

impl ColumnEvidence {
    /// Adds the fields from a row on, as long as a quick look is enough. Gives how many.
    pub(super) fn glance(
        &mut self,
        cells: &impl Cells,
        from: usize,
        rules: &Rules,
        texts: &mut ShortTexts,
    ) -> usize {
        match self.alive {
            0 => self.see_texts(cells, from, rules),
            alive if alive & !NUMBERS == 0 => {
                if alive & INTEGER != 0 {
                    self.see_numbers::<true>(cells, from, rules, texts)
                } else {
                    self.see_numbers::<false>(cells, from, rules, texts)
                }
            }
            fitting_types::ALL => self.see_alike(cells, from, rules, |_, _| None),
            DATE => self.see_alike(cells, from, rules, |text, quoted| {
                (quoted && is_common_date(text)).then_some(0)
            }),
            TIME => self.see_alike(cells, from, rules, |text, quoted| {
                common_time(text).filter(|_| quoted)
            }),
            TIMESTAMP => self.see_alike(cells, from, rules, |text, quoted| {
                common_timestamp(text).filter(|_| quoted)
            }),
            TIMESTAMPTZ => self.see_alike(cells, from, rules, |text, quoted| {
                common_timestamptz(text).filter(|_| quoted)
            }),
            UUID => self.see_alike(cells, from, rules, |text, quoted| {
                (quoted && is_common_uuid(text)).then_some(0)
            }),
            BOOLEAN => self.see_alike(cells, from, rules, |text, quoted| {
                (!(quoted && rules.tokens) && fitting_types::is_boolean(text)).then_some(0)
            }),
            _ => 0,
        }
    }

    /// Of a column of text only the lengths are left to see.
    fn see_texts(&mut self, cells: &impl Cells, from: usize, rules: &Rules) -> usize {
        if let Some(seen) = self.see_no_longer_texts(cells, from, rules) {
            return seen;
        }
        let data = cells.data();
        let mut lengths = Lengths::default();
        let mut seen = 0;
        for cell in cells.from(from) {
            let length = cell.end - cell.start;
            if length == 0 {
                lengths.blank[usize::from(cell.quoted)] += 1;
            } else {
                let text = &data[cell.start..cell.end];
                if cell.escaped || (rules.errors && text[0] == b'#') {
                    break;
                }
                if rules.is_missing(text) {
                    lengths.missing += 1;
                } else if length > self.max_chars {
                    self.max_bytes = self.max_bytes.max(length);
                    self.max_chars = self.max_chars.max(characters(text));
                }
            }
            seen += 1;
        }
        self.keep_lengths(&lengths, rules);
        seen
    }

    /// Does it at once, up to the first with escapes, if no text is longer than those before.
    fn see_no_longer_texts(
        &mut self,
        cells: &impl Cells,
        from: usize,
        rules: &Rules,
    ) -> Option<usize> {
        if rules.looks_at_texts() {
            return None;
        }
        let mut lengths = Lengths::default();
        let mut seen = 0;
        for cell in cells.from(from) {
            // To look behind it, once for each, would take the square of the time.
            if cell.escaped {
                break;
            }
            let length = cell.end - cell.start;
            lengths.blank[usize::from(cell.quoted)] += u64::from(length == 0);
            lengths.longest = lengths.longest.max(length);
            seen += 1;
        }
        if lengths.longest > self.max_chars {
            return None;
        }
        self.keep_lengths(&lengths, rules);
        Some(seen)
    }

    /// Sees short numbers many at a time, and others one by one.
    fn see_numbers<const WHOLE: bool>(
        &mut self,
        cells: &impl Cells,
        from: usize,
        rules: &Rules,
        texts: &mut ShortTexts,
    ) -> usize {
        let mut seen = 0;
        loop {
            let block = if !self.pace.may_see_many() {
                None
            } else if self.pace.long {
                self.see_many_numbers::<WHOLE, LONG>(cells, from + seen, rules, texts)
            } else {
                let short = self.see_many_numbers::<WHOLE, SHORT>(cells, from + seen, rules, texts);
                self.pace.long = short.is_none();
                short.or_else(|| {
                    self.see_many_numbers::<WHOLE, LONG>(cells, from + seen, rules, texts)
                })
            };
            self.pace.saw_many(block.is_some());
            let more = match block {
                Some(more) => more,
                None => self.see_each_number::<WHOLE>(cells, from + seen, rules),
            };
            if block.is_none() {
                // The one behind them that ends the look counts, too.
                self.pace.saw_each(more + 1);
            }
            seen += more;
            if more < MOST_SHORT {
                return seen;
            }
        }
    }

    /// Sees so many numbers of at most `LENGTH` bytes at once. None: some need another look.
    fn see_many_numbers<const WHOLE: bool, const LENGTH: usize>(
        &mut self,
        cells: &impl Cells,
        from: usize,
        rules: &Rules,
        texts: &mut ShortTexts,
    ) -> Option<usize> {
        if rules.has_missing() {
            return None;
        }
        let data = cells.data();
        let mut lengths = Lengths::default();
        texts.clear();
        let mut seen = 0;
        for cell in cells.from(from).take(MOST_SHORT) {
            let length = cell.end - cell.start;
            if cell.escaped | (cell.quoted & rules.tokens) | (length > LENGTH) {
                return None;
            }
            let until = data.get(..cell.end)?;
            if LENGTH == SHORT {
                texts.push(u64::from_le_bytes(*until.last_chunk()?), length);
            } else {
                texts.push_long(u128::from_le_bytes(*until.last_chunk()?), length);
            }
            lengths.blank[usize::from(cell.quoted)] += u64::from(length == 0);
            lengths.longest = lengths.longest.max(length);
            seen += 1;
        }
        let numbers = if LENGTH == SHORT {
            texts.numbers(rules.point)?
        } else {
            texts.long_numbers(rules.point)?
        };
        self.pace.long = lengths.longest > SHORT;
        if WHOLE && numbers.has_point {
            return None;
        }
        let (min, max) = self.bounds();
        self.set_bounds(min.min(numbers.min), max.max(numbers.max));
        self.integer_digits = self.integer_digits.max(numbers.integer_digits);
        self.fraction_digits = self.fraction_digits.max(numbers.fraction_digits);
        self.keep_lengths(&lengths, rules);
        Some(seen)
    }

    fn see_each_number<const WHOLE: bool>(
        &mut self,
        cells: &impl Cells,
        from: usize,
        rules: &Rules,
    ) -> usize {
        let data = cells.data();
        let mut lengths = Lengths::default();
        let mut seen = 0;
        let (mut min, mut max) = self.bounds();
        let (mut integer_digits, mut fraction_digits) = (self.integer_digits, self.fraction_digits);
        for cell in cells.from(from).take(MOST_SHORT) {
            let length = cell.end - cell.start;
            if cell.escaped | (cell.quoted & rules.tokens) {
                break;
            }
            if rules.is_missing(&data[cell.start..cell.end]) {
                lengths.missing += 1;
                seen += 1;
                continue;
            }
            let Some(number) = plain_number(data, cell.start, cell.end, rules.point) else {
                let text = &data[cell.start..cell.end];
                let Some(number) = self.odd_number(text, rules) else {
                    break;
                };
                if number.fits & INTEGER != 0 {
                    (min, max) = (min.min(number.integer), max.max(number.integer));
                }
                if number.fits & DECIMAL != 0 {
                    integer_digits = integer_digits.max(number.integer_digits);
                    fraction_digits = fraction_digits.max(number.fraction_digits);
                }
                lengths.longest = lengths.longest.max(length);
                seen += 1;
                continue;
            };
            if WHOLE & number.has_point {
                break;
            }
            let blank = length == 0;
            lengths.blank[usize::from(cell.quoted)] += u64::from(blank);
            lengths.longest = lengths.longest.max(length);
            let magnitude = number.mantissa as i64;
            let value = if number.negative {
                -magnitude
            } else {
                magnitude
            };
            let whole = !(blank | (!WHOLE & number.has_point));
            min = min.min(if whole { value } else { i64::MAX });
            max = max.max(if whole { value } else { i64::MIN });
            integer_digits = integer_digits.max(number.integer_digits);
            if !WHOLE {
                fraction_digits = fraction_digits.max(number.fraction_digits);
            }
            seen += 1;
        }
        self.set_bounds(min, max);
        (self.integer_digits, self.fraction_digits) = (integer_digits, fraction_digits);
        self.keep_lengths(&lengths, rules);
        seen
    }

    /// A number of another form than nearly all have: with many digits, an exponent or a negative zero.
    /// None: it does not fit all the types that are left, or its text means something else here.
    fn odd_number(&self, text: &[u8], rules: &Rules) -> Option<Number> {
        if rules.point != b'.' {
            return None;
        }
        let number = fitting_types::number(text, self.alive);
        (self.alive & !number.fits == 0).then_some(number)
    }

    /// Adds fields that `form` knows, which are of ASCII alone. It is given a text, and whether the text
    /// may be one of those that JSON has in quotes; it gives the digits of the second.
    #[inline(always)]
    fn see_alike(
        &mut self,
        cells: &impl Cells,
        from: usize,
        rules: &Rules,
        form: impl Fn(&[u8], bool) -> Option<u8>,
    ) -> usize {
        let data = cells.data();
        let mut lengths = Lengths::default();
        let mut second_digits = self.second_digits;
        let mut seen = 0;
        for Cell {
            start,
            end,
            quoted,
            escaped,
        } in cells.from(from)
        {
            if start == end {
                lengths.blank[usize::from(quoted)] += 1;
                seen += 1;
                continue;
            }
            let text = &data[start..end];
            if escaped {
                break;
            }
            if rules.is_missing(text) {
                lengths.missing += 1;
                seen += 1;
                continue;
            }
            let Some(digits) = form(text, quoted | !rules.tokens) else {
                break;
            };
            second_digits = second_digits.max(digits);
            lengths.longest = lengths.longest.max(text.len());
            seen += 1;
        }
        self.second_digits = second_digits;
        self.keep_lengths(&lengths, rules);
        seen
    }

    fn keep_lengths(&mut self, lengths: &Lengths, rules: &Rules) {
        self.nulls += lengths.missing;
        for quoted in [false, true] {
            let blank = lengths.blank[usize::from(quoted)];
            if rules.empty_is_null(quoted) {
                self.nulls += blank;
            } else {
                self.empties += blank;
            }
        }
        self.max_chars = self.max_chars.max(lengths.longest);
        self.max_bytes = self.max_bytes.max(lengths.longest);
    }
}

#[inline]
fn is_common_uuid(text: &[u8]) -> bool {
    uuid(text).is_ok() && !text.iter().any(u8::is_ascii_uppercase)
}
