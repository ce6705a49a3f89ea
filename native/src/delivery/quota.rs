//! How many requests a minute or a day may have, and what servers say of how many are left.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hyper::HeaderMap;

/// A minute, and a little more: a request may arrive later than it was sent.
const MINUTE: Duration = Duration::from_millis(60_500);
/// The longest time that a server is believed.
const LONGEST: f64 = 366.0 * 86_400.0;
/// From here on a number is a moment, and not a time: seconds since 1970, or milliseconds.
const MOMENT: f64 = 1e9;
const MILLISECONDS: f64 = 1e12;
/// The names of the number of requests that are left, and of the time until there are more.
const PAIRS: [(&str, &str); 3] = [
    ("ratelimit-remaining", "ratelimit-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
];

/// At most so many requests begin in any minute.
pub struct Minute {
    most: usize,
    begun: VecDeque<Instant>,
}

impl Minute {
    pub fn new(most: usize) -> Minute {
        Minute {
            most: most.max(1),
            begun: VecDeque::new(),
        }
    }

    /// Counts a request that wants to begin at a time, and gives the time when it may.
    pub fn take(&mut self, at: Instant) -> Instant {
        let begin = match self.begun.len() < self.most {
            true => at,
            false => self
                .begun
                .pop_front()
                .map_or(at, |first| at.max(first + MINUTE)),
        };
        self.begun.push_back(begin);
        begin
    }
}

/// The requests that may still begin, as far as Python has said so.
pub struct Budget(AtomicUsize);

impl Budget {
    pub fn new(requests: usize) -> Budget {
        Budget(AtomicUsize::new(requests))
    }

    pub fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub fn add(&self, requests: usize) {
        self.0.fetch_add(requests, Ordering::Relaxed);
    }

    /// Counts a request that begins, if one may.
    pub fn spend(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        let spent = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        spent.is_ok()
    }
}

/// How long to wait where an answer says that no request is left. None: it does not say so.
pub fn wait(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok().and_then(number);
    let pairs = PAIRS.iter().filter_map(|(left, reset)| {
        let none_left = number(left)? <= 0.0;
        none_left.then(|| number(reset)).flatten().and_then(until)
    });
    let lines = headers.get_all("ratelimit").iter();
    let members = lines.filter_map(|line| by_member(line.to_str().ok()?));
    let longest = pairs.chain(members).fold(0.0, f64::max);
    (longest > 0.0).then(|| Duration::from_secs_f64(longest.min(LONGEST)))
}

/// Reads `"name";r=0;t=30`, and several of them, and the older `limit=9, remaining=0, reset=30`.
fn by_member(line: &str) -> Option<f64> {
    let mut older = (None, None);
    let mut longest: Option<f64> = None;
    for member in unquoted(line).split(',') {
        let (mut left, mut time) = (None, None);
        for part in member.split(';') {
            let Some((name, value)) = part.trim().split_once('=') else {
                continue;
            };
            match name.trim() {
                "r" => left = number(value),
                "t" => time = number(value),
                "remaining" => older.0 = number(value),
                "reset" => older.1 = number(value),
                _ => {}
            }
        }
        longest = longest.max(spent(left, time));
    }
    longest.max(spent(older.0, older.1))
}

trait Longer {
    fn max(self, other: Self) -> Self;
}

impl Longer for Option<f64> {
    fn max(self, other: Self) -> Self {
        match (self, other) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        }
    }
}

fn spent(left: Option<f64>, time: Option<f64>) -> Option<f64> {
    time.filter(|_| left.is_some_and(|left| left <= 0.0))
        .and_then(until)
}

/// A line without the texts in quotes: they may hold any character.
fn unquoted(line: &str) -> String {
    let (mut out, mut within, mut escaped) = (String::new(), false, false);
    for char in line.chars() {
        match char {
            '"' if !escaped => within = !within,
            _ if !within => out.push(char),
            _ => {}
        }
        escaped = within && char == '\\' && !escaped;
    }
    out
}

fn number(text: &str) -> Option<f64> {
    let found: f64 = text.trim().parse().ok()?;
    found.is_finite().then_some(found)
}

/// Seconds until a reset, which is given as seconds, or as a moment.
fn until(reset: f64) -> Option<f64> {
    if reset < MOMENT {
        return Some(reset);
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()?
        .as_secs_f64();
    let moment = if reset < MILLISECONDS {
        reset
    } else {
        reset / 1000.0
    };
    Some(moment - now)
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn seconds(headers: &[(&'static str, &str)]) -> Option<f64> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        wait(&map).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn no_more_in_any_minute() {
        let mut minute = Minute::new(3);
        let now = Instant::now();
        let begun: Vec<Instant> = (0..7).map(|_| minute.take(now)).collect();
        assert_eq!(begun[..3], [now; 3]);
        assert_eq!(begun[3..6], [now + MINUTE; 3]);
        assert_eq!(begun[6], now + 2 * MINUTE);
        let later = now + 5 * MINUTE;
        assert_eq!(minute.take(later), later);
    }

    #[test]
    fn a_budget_is_never_less_than_nothing() {
        let budget = Budget::new(1);
        assert!(budget.spend());
        assert!(!budget.spend());
        budget.add(3);
        assert!(budget.spend());
        assert_eq!(budget.left(), 2);
    }

    #[test]
    fn all_forms_of_nothing_left() {
        for (left, reset) in PAIRS {
            assert_eq!(seconds(&[(left, "0"), (reset, "12")]), Some(12.0));
            assert_eq!(seconds(&[(left, "1"), (reset, "12")]), None);
            assert_eq!(seconds(&[(left, "0"), (reset, "soon")]), None);
            assert_eq!(seconds(&[(left, "0")]), None);
        }
        assert_eq!(seconds(&[("ratelimit", "\"day\";r=0;t=7")]), Some(7.0));
        assert_eq!(seconds(&[("ratelimit", "\"a,b;r=0\";r=5;t=7")]), None);
        let both = [("ratelimit", "\"a\";r=0;t=7, \"b\";r=0;t=9")];
        assert_eq!(seconds(&both), Some(9.0));
        let lines = [
            ("ratelimit", "\"a\";r=3;t=7"),
            ("ratelimit", "\"b\";t=3;r=0"),
        ];
        assert_eq!(seconds(&lines), Some(3.0));
        let older = [("ratelimit", "limit=100, remaining=0, reset=50")];
        assert_eq!(seconds(&older), Some(50.0));
        assert_eq!(
            seconds(&[("ratelimit", "limit=1, remaining=1, reset=5")]),
            None
        );
        assert_eq!(seconds(&[("ratelimit", "\"a\\\"b\";r=0;t=4")]), Some(4.0));
        assert_eq!(seconds(&[("ratelimit", ";;=,r=0,t=")]), None);
    }

    #[test]
    fn a_reset_may_be_a_moment() {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let (left, reset) = PAIRS[1];
        let gone = format!("limit=9, remaining=0, reset={}", now - 5);
        assert_eq!(seconds(&[("ratelimit", &gone)]), None);
        let soon = format!("\"a\";r=0;t={}", now + 40);
        assert!(seconds(&[("ratelimit", &soon)]).unwrap() <= 41.0);
        for moment in [(now + 40).to_string(), format!("{}", (now + 40) * 1000)] {
            let found = seconds(&[(left, "0"), (reset, &moment)]).unwrap();
            assert!((30.0..=41.0).contains(&found), "{found}");
        }
        assert_eq!(
            seconds(&[(left, "0"), (reset, &(now - 5).to_string())]),
            None
        );
        let endless = seconds(&[(left, "0"), (reset, "9e14")]);
        assert!(endless.unwrap() <= LONGEST);
    }
}
