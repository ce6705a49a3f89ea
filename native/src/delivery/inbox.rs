//! What Python must know: it is woken through a socket, and then takes all of it together.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::Mutex;
use std::time::Duration;

use hyper::Method;

use super::exchange::Answer;
use super::failure::Failure;
use crate::system::{Socket, number_of, pair};

/// The rows of a request: the place of their outbox, the first row, and the row after the last.
pub type Range = (u64, usize, usize);

/// What came of a request that Python must look at. None: there is nothing more to be sent.
pub struct Event {
    /// The number that Python has given.
    pub number: u64,
    pub rows: Option<Range>,
    pub heard: Option<Result<Answer, Failure>>,
}

/// What happened since Python was told the last time.
#[derive(Default)]
pub struct News {
    pub events: Vec<Event>,
    /// The number of plain successes by method and status. No method: that of all requests.
    pub successes: HashMap<(Option<Method>, u16), u64>,
    /// The number of plain successes.
    pub untold: usize,
    /// The most requests that may be under way now.
    pub limit: usize,
    /// Whether it is time to write down what was heard.
    pub due: bool,
    /// Rows are wanted that follow those of so many outboxes.
    pub hungry: Option<u64>,
    /// Whether no request begins until Python has looked at the events.
    pub held: bool,
    /// For how long a server has said that no request is left.
    pub pause: Duration,
    /// Whether no request may begin until more are granted.
    pub short: bool,
    /// Whether Python was woken for this.
    woken: bool,
}

pub struct Inbox {
    news: Mutex<News>,
    waking: Socket,
    woken: Socket,
}

impl Event {
    pub fn last(number: u64) -> Event {
        Event {
            number,
            rows: None,
            heard: None,
        }
    }
}

impl Inbox {
    pub fn new(limit: usize) -> io::Result<Inbox> {
        let (waking, woken) = pair()?;
        waking.set_nonblocking(true)?;
        woken.set_nonblocking(true)?;
        Ok(Inbox {
            news: Mutex::new(News {
                limit,
                ..News::default()
            }),
            waking,
            woken,
        })
    }

    /// Changes the news, and wakes Python if `change` says so. Gives what it says.
    pub fn tell(&self, change: impl FnOnce(&mut News) -> bool) -> bool {
        let mut news = self.news.lock().expect("nobody panics with the news");
        let wake = change(&mut news);
        if wake && !news.woken {
            news.woken = true;
            // A socket that is full wakes just as well.
            let _ = (&self.waking).write(&[0]);
        }
        wake
    }

    pub fn take(&self) -> News {
        let mut news = self.news.lock().expect("nobody panics with the news");
        if news.woken {
            let _ = (&self.woken).read(&mut [0; 8]);
        }
        let limit = news.limit;
        std::mem::replace(
            &mut *news,
            News {
                limit,
                ..News::default()
            },
        )
    }

    /// The number of the socket that becomes readable when there is news.
    pub fn number(&self) -> i64 {
        number_of(&self.woken)
    }
}
