//! Sends one request after the other, many at once, as long as the limits allow it.
//!
//! A stream takes rows and sends them until an answer is unusual; then Python decides. A single
//! letter is sent once. Everything here runs on one thread.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::header::RETRY_AFTER;
use hyper::{HeaderMap, Method};
use tokio::select;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::spawn_local;
use tokio::time::{sleep, sleep_until};

use super::exchange::{Answer, Exchange};
use super::failure::Failure;
use super::inbox::{Event, Inbox, Range};
use super::limits::{ConcurrencyLimit, Rate};
use super::outbox::Rows;
use super::quota::{self, Budget, Minute};
use super::request::Letter;
use super::settings::Settings;

/// How long answers wait for others before Python writes them down, if they are few.
const GATHER: Duration = Duration::from_millis(20);

/// What Python wants.
pub enum Command {
    /// Streams send these rows, once those before are on their way.
    Open(u64, Arc<Rows>),
    /// No more rows will be opened: streams end once all that are open were sent.
    End,
    /// Streams get no more rows, whatever is open.
    Stop,
    /// So many requests of rows are written down: as many others may begin.
    Allow(usize),
    Stream(u64),
    Send(u64, Letter),
    Authorize(HeaderMap),
    Answered,
    Faulted,
    Throttled,
    /// So many more requests may begin.
    Grant(usize),
    /// Lets no request begin for so long.
    Pause(Duration),
    /// Lets requests begin again that an event had held.
    Resume,
    /// Lets no request begin any more.
    Halt,
    /// Stops waiting for answers: this is why they did not come.
    GiveUp(String),
}

#[derive(Clone, PartialEq, Eq)]
enum State {
    Going,
    Halted,
    GivenUp(String),
}

pub struct Runner {
    exchange: Exchange,
    inbox: Arc<Inbox>,
    state: watch::Sender<State>,
    limit: RefCell<ConcurrencyLimit>,
    rate: Option<RefCell<Rate>>,
    minute: Option<RefCell<Minute>>,
    budget: Option<Arc<Budget>>,
    /// Whether Python was told that the budget is spent.
    short: Cell<bool>,
    /// Tells those who wait that something has changed that they wait for.
    changed: Notify,
    /// The numbers of single letters that wait for their turn. They go before rows.
    queue: RefCell<VecDeque<u64>>,
    open: RefCell<VecDeque<(u64, Arc<Rows>)>>,
    /// The number of outboxes that Python has opened.
    opened: Cell<u64>,
    ended: Cell<bool>,
    /// The requests of rows that may begin before more is written down.
    window: Cell<usize>,
    /// The rows that may still be sent; None: all.
    left: Cell<Option<usize>>,
    /// So many successes are written down at once.
    many: usize,
    held: Cell<bool>,
    paused_until: Cell<Option<Instant>>,
}

impl Runner {
    pub fn new(
        exchange: Exchange,
        inbox: Arc<Inbox>,
        settings: &Settings,
        budget: Option<Arc<Budget>>,
    ) -> Runner {
        Runner {
            exchange,
            inbox,
            state: watch::Sender::new(State::Going),
            limit: ConcurrencyLimit::new(settings.concurrency).into(),
            rate: settings.rate.map(|rate| Rate::new(rate).into()),
            minute: settings.per_minute.map(|most| Minute::new(most).into()),
            budget,
            short: Cell::new(false),
            changed: Notify::new(),
            queue: RefCell::default(),
            open: RefCell::default(),
            opened: Cell::new(0),
            ended: Cell::new(false),
            window: Cell::new(settings.window),
            left: Cell::new(settings.first),
            many: (settings.window / 2).max(1),
            held: Cell::new(false),
            paused_until: Cell::new(None),
        }
    }

    /// Does what Python wants, until Python has gone.
    pub async fn obey(self: Rc<Self>, mut commands: mpsc::UnboundedReceiver<Command>) {
        while let Some(command) = commands.recv().await {
            match command {
                Command::Open(place, rows) => {
                    self.opened.set(self.opened.get() + 1);
                    if !self.ended.get() {
                        self.open.borrow_mut().push_back((place, rows));
                    }
                }
                Command::End => self.ended.set(true),
                Command::Stop => {
                    self.ended.set(true);
                    self.open.borrow_mut().clear();
                }
                Command::Allow(requests) => self.window.set(self.window.get() + requests),
                Command::Stream(number) => drop(spawn_local(self.clone().stream(number))),
                Command::Send(number, letter) => {
                    self.queue.borrow_mut().push_back(number);
                    spawn_local(self.clone().send(number, letter));
                }
                Command::Authorize(headers) => self.exchange.authorize(headers),
                Command::Answered => self.limit.borrow_mut().answered(),
                Command::Faulted => self.limit.borrow_mut().faulted(),
                Command::Throttled => self.limit.borrow_mut().throttled(),
                Command::Grant(requests) => {
                    if let Some(budget) = &self.budget {
                        budget.add(requests);
                        self.short.set(false);
                    }
                }
                Command::Pause(time) => self.clone().pause(time),
                Command::Resume => self.held.set(false),
                Command::Halt => self.go_over_to(State::Halted),
                Command::GiveUp(text) => self.go_over_to(State::GivenUp(text)),
            }
            let limit = self.limit.borrow().limit;
            self.inbox.tell(|news| {
                news.limit = limit;
                false
            });
            self.changed.notify_waiters();
        }
    }

    /// Sends rows, one request after the other, until an answer is unusual or no rows are left.
    async fn stream(self: Rc<Self>, number: u64) {
        while let Some((rows, range)) = self.next_rows().await {
            let (_, start, end) = range;
            let letter = rows.request(start, end);
            match self.heard(&letter).await {
                Ok(answer) if self.exchange.plain(&answer) => {
                    rows.deliver(start, end);
                    self.succeeded(letter.method, answer.status);
                }
                heard => return self.tell(number, Some(range), heard),
            }
        }
        self.inbox.tell(|news| {
            news.events.push(Event::last(number));
            true
        });
    }

    /// Sends one letter, once it is its turn.
    async fn send(self: Rc<Self>, number: u64, letter: Letter) {
        loop {
            let changed = self.changed.notified();
            let first = self.queue.borrow().front() == Some(&number);
            if self.halted() || first && self.begin() {
                break;
            }
            changed.await;
        }
        let halted = self.halted();
        self.queue.borrow_mut().retain(|&one| one != number);
        self.changed.notify_waiters();
        let heard = match halted {
            true => Err(Failure::Halted),
            false if !self.afford().await => {
                self.limit.borrow_mut().end();
                Err(Failure::Halted)
            }
            false => self.heard(&letter).await,
        };
        self.tell(number, None, heard);
    }

    /// Makes a request that has begun, and ends it.
    async fn heard(self: &Rc<Self>, letter: &Letter) -> Result<Answer, Failure> {
        let heard = self.made(letter).await;
        match &heard {
            Ok(answer) => self.obey_limits(answer),
            Err(Failure::NoAnswer { sent: true, .. }) => {}
            Err(_) => {
                if let Some(budget) = &self.budget {
                    budget.add(1);
                }
            }
        }
        self.limit.borrow_mut().end();
        if !self.queue.borrow().is_empty() {
            self.changed.notify_waiters();
        }
        heard
    }

    async fn made(&self, letter: &Letter) -> Result<Answer, Failure> {
        let (mut state, begun) = (self.state.subscribe(), Cell::new(false));
        let now = Instant::now();
        let begin = self
            .rate
            .as_ref()
            .map_or(now, |rate| rate.borrow_mut().take(now));
        let minute = self.minute.as_ref();
        let begin = minute.map_or(begin, |minute| minute.borrow_mut().take(begin));
        if begin > now {
            select! {
                () = sleep_until(begin.into()) => {}
                _ = state.wait_for(|state| *state != State::Going) => return Err(Failure::Halted),
            }
        }
        select! {
            biased;
            heard = self.exchange.make(letter, &begun) => heard,
            over = state.wait_for(|state| matches!(state, State::GivenUp(_))) => match over.as_deref() {
                Ok(State::GivenUp(text)) if begun.get() => Err(Failure::sent(text)),
                    Ok(State::GivenUp(text)) => Err(Failure::unsent(text)),
                _ => Err(Failure::Halted),
            }
        }
    }

    /// The rows of the next request, which begins now. None if there will be no more.
    async fn next_rows(&self) -> Option<(Arc<Rows>, Range)> {
        loop {
            let changed = self.changed.notified();
            let over = self.ended.get() && self.open.borrow().is_empty();
            if over || self.halted() || self.left.get() == Some(0) {
                return None;
            }
            if self.window.get() > 0 && self.queue.borrow().is_empty() {
                if !self.rows_left() {
                    if self.ended.get() {
                        return None;
                    }
                    let after = Some(self.opened.get());
                    self.inbox
                        .tell(|news| std::mem::replace(&mut news.hungry, after) != after);
                } else if self.begin() {
                    let found = self.take();
                    if found.is_none() || !self.afford().await {
                        self.limit.borrow_mut().end();
                        return None;
                    }
                    self.window.set(self.window.get().saturating_sub(1));
                    return found;
                }
            }
            changed.await;
        }
    }

    /// Whether rows are open that were not taken. Forgets those that were.
    fn rows_left(&self) -> bool {
        let mut open = self.open.borrow_mut();
        while open.front().is_some_and(|(_, rows)| !rows.any_left()) {
            open.pop_front();
        }
        !open.is_empty()
    }

    fn take(&self) -> Option<(Arc<Rows>, Range)> {
        let open = self.open.borrow();
        let (place, rows) = open.front()?;
        let left = self.left.get();
        let (start, end) = rows.take(left.unwrap_or(usize::MAX))?;
        self.left.set(left.map(|left| left - (end - start)));
        if self.left.get() == Some(0) {
            self.changed.notify_waiters();
        }
        Some((rows.clone(), (*place, start, end)))
    }

    /// Counts a request that begins, if one may.
    fn begin(&self) -> bool {
        !self.held.get() && self.paused_until.get().is_none() && self.limit.borrow_mut().begin()
    }

    /// Waits until the budget has a request left. Gives false if nothing is sent any more.
    async fn afford(&self) -> bool {
        loop {
            let changed = self.changed.notified();
            if self.halted() {
                return false;
            }
            if self.budget.as_ref().is_none_or(|budget| budget.spend()) {
                return true;
            }
            if !self.short.replace(true) {
                self.inbox.tell(|news| {
                    news.short = true;
                    true
                });
            }
            changed.await;
        }
    }

    /// Waits with all requests if an answer says that none is left.
    fn obey_limits(self: &Rc<Self>, answer: &Answer) {
        if let Some(wait) = quota::wait(&answer.headers) {
            self.clone().pause(wait);
            self.inbox.tell(|news| {
                news.pause = news.pause.max(wait);
                true
            });
        }
    }

    fn halted(&self) -> bool {
        *self.state.borrow() != State::Going
    }

    /// Changes the state, if it goes on from there.
    fn go_over_to(&self, state: State) {
        if !matches!(*self.state.borrow(), State::GivenUp(_)) {
            self.state.send_replace(state);
        }
    }

    /// Lets no request begin for some time. Of two times the one that ends later counts.
    fn pause(self: Rc<Self>, time: Duration) {
        let until = Instant::now() + time;
        if self.paused_until.get().is_some_and(|other| until <= other) {
            return;
        }
        self.paused_until.set(Some(until));
        spawn_local(async move {
            sleep_until(until.into()).await;
            if self.paused_until.get() == Some(until) {
                self.paused_until.set(None);
                self.changed.notify_waiters();
            }
        });
    }

    /// Counts a plain success, and tells Python of many, or of few after a while.
    fn succeeded(self: &Rc<Self>, method: Option<Method>, status: u16) {
        let before = self.limit.borrow().limit;
        self.limit.borrow_mut().answered();
        let limit = self.limit.borrow().limit;
        if limit != before {
            self.changed.notify_waiters();
        }
        let mut first = false;
        self.inbox.tell(|news| {
            news.limit = limit;
            *news.successes.entry((method, status)).or_default() += 1;
            news.untold += 1;
            first = news.untold == 1;
            news.due |= news.untold == self.many;
            news.untold == self.many
        });
        if first {
            let runner = self.clone();
            spawn_local(async move {
                sleep(GATHER).await;
                runner.inbox.tell(|news| {
                    news.due |= news.untold > 0;
                    news.due
                });
            });
        }
    }

    /// Tells Python of what is unusual. If it may end everything, no request begins until then.
    fn tell(&self, number: u64, rows: Option<Range>, heard: Result<Answer, Failure>) {
        let holds = match &heard {
            Ok(answer) => match answer.status {
                207 => !self.exchange.body_decides(answer),
                300..=399 | 401 | 403 | 404 | 405 | 407 | 415 | 429 => true,
                status => status == 503 && answer.headers.contains_key(RETRY_AFTER),
            },
            Err(Failure::Impossible { .. }) => true,
            Err(_) => false,
        };
        self.held.set(self.held.get() || holds);
        self.inbox.tell(|news| {
            news.held |= holds;
            news.events.push(Event {
                number,
                rows,
                heard: Some(heard),
            });
            true
        });
    }
}
