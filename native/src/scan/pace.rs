//! When numbers of a column are looked at many at a time.

use crate::values::MOST_SHORT;

/// How numbers of a column are seen. To look at many of them is lost time if one of them is an odd
/// one. Where that happened, they are seen one by one for a while: the longer, the more often.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// So many more are seen one by one.
    each: usize,
    /// How often it happened in succession.
    odd: u32,
    /// Whether some of the last ones were long.
    pub(super) long: bool,
}

/// How often the while gets longer.
const MOST_ODD: u32 = 4;

impl Pace {
    pub(super) fn may_see_many(self) -> bool {
        self.each == 0
    }

    pub(super) fn saw_many(&mut self, many: bool) {
        if many {
            self.odd = 0;
        } else if self.each == 0 {
            self.each = MOST_SHORT << self.odd;
            self.odd = MOST_ODD.min(self.odd + 1);
        }
    }

    pub(super) fn saw_each(&mut self, count: usize) {
        self.each = self.each.saturating_sub(count);
    }
}
