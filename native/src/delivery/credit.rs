//! The right to send requests without asking Python first.

use std::time::{Duration, Instant};

use pyo3::prelude::*;

/// How many requests may follow plain successes, until when, and with which bytes they begin. It
/// counts the requests that were sent. Python grants the credit, and from time to time asks `answers`
/// and records the successes in the ledger.
#[pyclass(module = "snapshots._native")]
pub struct Credit {
    /// The requests that may still be sent.
    left: u64,
    until: Instant,
    head: Vec<u8>,
    used: u64,
    /// The number of successes since `answers` was called, by the last two digits of their status.
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

    /// Grants `requests` requests within `seconds` seconds, which begin with the bytes `head`.
    fn grant(&mut self, requests: u64, seconds: f64, head: &[u8]) {
        self.left = requests;
        self.until = Instant::now() + Duration::from_secs_f64(seconds);
        self.head.clear();
        self.head.extend(head);
    }

    /// Takes the credit back.
    fn revoke(&mut self) {
        self.left = 0;
    }

    /// The requests that were sent on this credit. Each followed a success.
    #[getter]
    fn used(&self) -> u64 {
        self.used
    }

    /// Gives (status, count) of the successes since the last call.
    fn answers(&mut self) -> Vec<(u16, u64)> {
        let counts = std::mem::replace(&mut self.answers, [0; 100]);
        let counted = (200..).zip(counts);
        counted.filter(|&(_, count)| count > 0).collect()
    }
}

impl Credit {
    /// The first bytes of the next request, if one may be sent now.
    pub fn head(&self) -> Option<&[u8]> {
        (self.left > 0 && Instant::now() < self.until).then_some(&self.head)
    }

    /// Counts a request that is sent after a success of this status.
    pub fn take(&mut self, status: u16) {
        self.left -= 1;
        self.used += 1;
        self.answers[usize::from(status - 200)] += 1;
    }
}
