//! Requests that may be made without asking anybody.

use std::time::{Duration, Instant};

use pyo3::prelude::*;

/// How many requests may follow plain successes, until when, and how they begin; and a count of
/// those that did. Whoever grants it asks `answers` now and then, and takes what went well into
/// the books.
#[pyclass(module = "snapshots._native")]
pub struct Credit {
    left: u64,
    until: Instant,
    head: Vec<u8>,
    used: u64,
    /// Of the successes, by the last two digits of their status.
    answers: [u64; 100],
}

#[pymethods]
impl Credit {
    #[new]
    fn new() -> Credit {
        Credit {
            left: 0,
            until: Instant::now(),
            head: Vec::new(),
            used: 0,
            answers: [0; 100],
        }
    }

    /// From now on so many requests, within so many seconds, that begin with these bytes.
    fn grant(&mut self, requests: u64, seconds: f64, head: &[u8]) {
        self.left = requests;
        self.until = Instant::now() + Duration::from_secs_f64(seconds);
        self.head.clear();
        self.head.extend(head);
    }

    /// No request any more.
    fn revoke(&mut self) {
        self.left = 0;
    }

    /// Requests that were made: each followed a success.
    #[getter]
    fn used(&self) -> u64 {
        self.used
    }

    /// Statuses of the successes that came since this was asked for the last time, and how many.
    fn answers(&mut self) -> Vec<(u16, u64)> {
        let counts = std::mem::replace(&mut self.answers, [0; 100]);
        let counted = (200..).zip(counts);
        counted.filter(|&(_, count)| count > 0).collect()
    }
}

impl Credit {
    /// The first bytes of the next request, if one may be made now.
    pub fn head(&self) -> Option<&[u8]> {
        (self.left > 0 && Instant::now() < self.until).then_some(&self.head)
    }

    /// A request is made after a success of this status.
    pub fn take(&mut self, status: u16) {
        self.left -= 1;
        self.used += 1;
        self.answers[usize::from(status - 200)] += 1;
    }
}
