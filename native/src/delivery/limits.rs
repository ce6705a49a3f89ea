//! How many requests may be under way at once, and how many a second.
//!
//! The rule is additive increase and multiplicative decrease, as in TCP. Overload halves the number;
//! after each window of answers without overload, one more request may be under way. A 429, or a 503
//! with `Retry-After`, is overload by itself. A bare 503 is a fault that any server may have now and
//! then: it is overload if half the answers of a window are of that kind.

use std::time::{Duration, Instant};

/// The least number of answers that a judgement is made of.
const JUDGED: usize = 10;
/// The time whose unused requests may be made at once, because timers are not exact.
const BURST: Duration = Duration::from_millis(100);

/// The number of requests that may be under way.
#[derive(Debug)]
pub struct ConcurrencyLimit {
    most: usize,
    pub limit: usize,
    running: usize,
    answers: usize,
    faults: usize,
    /// Requests that began under an older limit: their answers say nothing of the new one.
    stale: usize,
}

impl ConcurrencyLimit {
    pub fn new(most: usize) -> ConcurrencyLimit {
        ConcurrencyLimit {
            most,
            limit: most,
            running: 0,
            answers: 0,
            faults: 0,
            stale: 0,
        }
    }

    /// Counts a request that begins, if it may.
    pub fn begin(&mut self) -> bool {
        let free = self.running < self.limit;
        self.running += usize::from(free);
        free
    }

    /// Counts a request that has ended.
    pub fn end(&mut self) {
        self.running -= 1;
    }

    /// Counts an answer that says nothing of overload.
    pub fn answered(&mut self) {
        if self.stale > 0 {
            self.stale -= 1;
            return;
        }
        self.answers += 1;
        if self.answers < self.limit.max(JUDGED) {
            return;
        }
        if self.faults * 2 >= self.answers {
            self.halve();
        } else {
            self.limit = self.most.min(self.limit + 1);
        }
        (self.answers, self.faults) = (0, 0);
    }

    /// Counts a 503: a fault, or the beginning of overload.
    pub fn faulted(&mut self) {
        self.faults += usize::from(self.stale == 0);
        self.answered();
    }

    /// Lowers the limit, because the API asks for fewer requests.
    pub fn throttled(&mut self) {
        match self.stale {
            0 => self.halve(),
            _ => self.stale -= 1,
        }
    }

    fn halve(&mut self) {
        self.limit = (self.limit / 2).max(1);
        (self.answers, self.faults) = (0, 0);
        self.stale = self.running;
    }
}

/// The longest time between two requests: longer than anybody waits.
const LONGEST: Duration = Duration::from_secs(1 << 25);

/// A token bucket, kept as the time at which it will have been filled again.
pub struct Rate {
    each: Duration,
    next: Instant,
}

impl Rate {
    pub fn new(per_second: f64) -> Rate {
        let each =
            Duration::try_from_secs_f64(1.0 / per_second).map_or(LONGEST, |each| each.min(LONGEST));
        let next = Instant::now();
        Rate { each, next }
    }

    /// Takes a token, and gives the time from which on it may be used.
    pub fn take(&mut self, now: Instant) -> Instant {
        let burst = BURST.saturating_sub(self.each);
        let begin = self.next.max(now.checked_sub(burst).unwrap_or(now));
        self.next = begin + self.each;
        begin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(limit: &mut ConcurrencyLimit, number: usize, say: impl Fn(&mut ConcurrencyLimit)) {
        for _ in 0..number {
            assert!(limit.begin());
            limit.end();
            say(limit);
        }
    }

    #[test]
    fn it_halves_once_for_a_volley_and_recovers() {
        let mut limit = ConcurrencyLimit::new(32);
        for _ in 0..32 {
            assert!(limit.begin());
        }
        assert!(!limit.begin());
        for _ in 0..32 {
            limit.end();
            limit.throttled();
        }
        assert_eq!(limit.limit, 16);
        for expected in 17..=32 {
            after(&mut limit, expected - 1, ConcurrencyLimit::answered);
            assert_eq!(limit.limit, expected);
        }
        after(&mut limit, 100, ConcurrencyLimit::answered);
        assert_eq!(limit.limit, 32);
    }

    #[test]
    fn half_the_answers_being_503_is_overload() {
        let mut limit = ConcurrencyLimit::new(16);
        after(&mut limit, 9, ConcurrencyLimit::answered);
        after(&mut limit, 7, ConcurrencyLimit::faulted);
        assert_eq!(limit.limit, 16);
        after(&mut limit, 8, ConcurrencyLimit::answered);
        after(&mut limit, 8, ConcurrencyLimit::faulted);
        assert_eq!(limit.limit, 8);
        after(&mut limit, 100, ConcurrencyLimit::faulted);
        assert_eq!(limit.limit, 1);
    }

    #[test]
    fn no_more_a_second_than_allowed() {
        let mut rate = Rate::new(1000.0);
        let now = Instant::now();
        let last = (0..1000).map(|_| rate.take(now)).last().unwrap();
        let wait = last.saturating_duration_since(now);
        assert!(wait > Duration::from_millis(800) && wait < Duration::from_millis(1100));
    }

    #[test]
    fn a_rate_that_no_clock_can_measure_is_kept() {
        let mut rate = Rate::new(1e-300);
        assert!(rate.take(Instant::now()) <= Instant::now());
        assert!(rate.take(Instant::now()) > Instant::now() + LONGEST / 2);
    }
}
