//! Deadlines of connections: what a connection waits for, since when, and what happens when it takes too
//! long.
//!
//! Every state of a connection has a total deadline, which no trickle of bytes puts off, so that silent,
//! half-sent, slow and stuck clients all end. A request must not pay for that with timers: it only notes
//! in a cell what it waits for and the time of the thread's coarse clock, and one task per thread looks at
//! all connections a few times a second.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// How often deadlines are looked at. A deadline is kept to within twice this.
const TICK: Duration = Duration::from_millis(250);

/// Why a connection was cut off, or not served at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Unused for too long.
    Idle,
    /// The headers of a request did not arrive in time.
    Headers,
    /// The client did not take its answer in time.
    Answer,
    /// Open for too long, and not finished when it was told so.
    Age,
    /// Not finished in time when the server stopped.
    Stop,
    /// The client has too many connections already.
    Client,
}

impl Cut {
    /// All causes.
    pub(crate) const ALL: [Self; 6] =
        [Self::Idle, Self::Headers, Self::Answer, Self::Age, Self::Stop, Self::Client];

    /// A short name, for metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Headers => "headers",
            Self::Answer => "answer",
            Self::Age => "age",
            Self::Stop => "stop",
            Self::Client => "client",
        }
    }
}

/// How long a connection may take for each thing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// Without a request.
    pub(crate) idle: Duration,
    /// From the first byte of a request to the end of its headers.
    pub(crate) headers: Duration,
    /// From the answer to its last byte taken.
    pub(crate) answer: Duration,
    /// In all; then the request under way is answered and no other taken. `None`: for ever.
    pub(crate) age: Option<Duration>,
}

/// The connections of one thread.
pub(crate) struct Deadlines {
    times: Times,
    /// The time when somebody last looked at the clock.
    now: Cell<Instant>,
    connections: RefCell<Vec<Weak<Deadline>>>,
    open: Cell<usize>,
    changed: Notify,
}

impl Deadlines {
    pub(crate) fn new(times: Times) -> Self {
        Self {
            times,
            now: Cell::new(Instant::now()),
            connections: RefCell::default(),
            open: Cell::new(0),
            changed: Notify::new(),
        }
    }

    /// A connection begins.
    pub(crate) fn begin(self: &Rc<Self>) -> Rc<Deadline> {
        let now = Instant::now();
        self.now.set(now);
        self.open.set(self.open.get() + 1);
        if self.open.get() == 1 {
            self.changed.notify_waiters();
        }
        let deadline = Rc::new(Deadline {
            of: Rc::clone(self),
            began: now,
            since: Cell::new(now),
            phase: Cell::new(Phase::Idle),
            multiplexed: Cell::new(false),
            unsent: Cell::new(false),
            turns: Cell::new(0),
            streams: RefCell::default(),
            order: Cell::new(Order::GoOn),
            waker: RefCell::default(),
        });
        self.connections.borrow_mut().push(Rc::downgrade(&deadline));
        deadline
    }

    /// Enforces the deadlines, for ever.
    pub(crate) async fn enforce(&self) {
        loop {
            if self.open.get() == 0 {
                self.changed.notified().await;
            }
            tokio::time::sleep(TICK).await;
            let now = Instant::now();
            self.now.set(now);
            self.each(|deadline| deadline.enforce(now));
        }
    }

    /// Tells all connections to answer what is under way and end.
    pub(crate) fn finish(&self) {
        self.each(|deadline| deadline.order(Order::Finish));
    }

    /// Ends connections on which nothing has come in, after a moment in which what the kernel has for them
    /// can be noticed.
    pub(crate) async fn leave(&self) {
        let _ = tokio::time::timeout(TICK, self.ended()).await;
        self.each(|deadline| deadline.order(Order::Leave));
    }

    /// Ends all connections at once.
    pub(crate) fn cut(&self) {
        self.each(|deadline| deadline.order(Order::Cut(Cut::Stop)));
    }

    /// Connections that are open.
    pub(crate) fn open(&self) -> usize {
        self.open.get()
    }

    /// Waits until no connection is open.
    pub(crate) async fn ended(&self) {
        while self.open.get() > 0 {
            self.changed.notified().await;
        }
    }

    fn each(&self, tell: impl Fn(&Deadline)) {
        self.connections.borrow_mut().retain(|connection| match connection.upgrade() {
            Some(deadline) => {
                tell(&deadline);
                true
            }
            None => false,
        });
    }
}

/// What a connection without multiplexing waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A request.
    Idle,
    /// The rest of a request's headers.
    Headers,
    /// The request's body, whose reader has a time limit of its own, and the answer.
    Request,
    /// That the client takes the answer.
    Answer,
}

/// What a connection is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    GoOn,
    /// Answer what is under way, then end.
    Finish,
    /// The same, and end now if nothing is.
    Leave,
    Cut(Cut),
}

impl Order {
    /// No order takes back a higher one.
    const fn rank(self) -> u8 {
        match self {
            Self::GoOn => 0,
            Self::Finish => 1,
            Self::Leave => 2,
            Self::Cut(_) => 3,
        }
    }
}

/// The deadline of one connection.
pub(crate) struct Deadline {
    of: Rc<Deadlines>,
    began: Instant,
    since: Cell<Instant>,
    phase: Cell<Phase>,
    /// HTTP/2: several requests at one time, `streams`, and no phase but `Idle` between them.
    multiplexed: Cell<bool>,
    /// An answer was made that may not have left this process.
    unsent: Cell<bool>,
    /// Requests under way.
    turns: Cell<u32>,
    /// Of a multiplexed connection: since when the client could take which answer, oldest first.
    streams: RefCell<BTreeSet<(Instant, u32)>>,
    order: Cell<Order>,
    waker: RefCell<Option<Waker>>,
}

impl Deadline {
    /// From now on there may be several requests at one time.
    pub(crate) fn multiplex(&self) {
        self.multiplexed.set(true);
    }

    /// Bytes came in.
    pub(crate) fn received(&self) {
        if self.phase.get() == Phase::Idle && !self.multiplexed.get() {
            self.enter(Phase::Headers);
        }
    }

    /// All bytes are out.
    pub(crate) fn sent(&self) {
        self.unsent.set(false);
        if self.phase.get() == Phase::Answer && self.turns.get() == 0 {
            self.enter(Phase::Idle);
        }
    }

    /// The headers of a request are there.
    pub(crate) fn turn(self: &Rc<Self>) -> Turn {
        self.turns.set(self.turns.get() + 1);
        self.phase.set(Phase::Request);
        Turn { deadline: Rc::clone(self), stream: None }
    }

    /// Runs the part of the connection before its first bytes; `None` when it is to end instead.
    pub(crate) async fn guard<F: Future>(&self, part: F) -> Option<F::Output> {
        let mut part = pin!(part);
        std::future::poll_fn(|cx| {
            self.listen(cx.waker());
            match (self.order.get(), part.as_mut().poll(cx)) {
                (Order::Cut(_), _) => Poll::Ready(None),
                (_, Poll::Ready(output)) => Poll::Ready(Some(output)),
                (Order::Leave, Poll::Pending) => Poll::Ready(None),
                (Order::GoOn | Order::Finish, Poll::Pending) => Poll::Pending,
            }
        })
        .await
    }

    /// Runs the connection to its end, however it comes. `finish` tells it to end after the request under
    /// way; what is there to be read by then counts as under way.
    pub(crate) async fn run<F: Future>(&self, connection: F, finish: impl Fn(std::pin::Pin<&mut F>)) {
        let mut connection = pin!(connection);
        let mut finishing = false;
        std::future::poll_fn(|cx| {
            self.listen(cx.waker());
            if matches!(self.order.get(), Order::Cut(_)) {
                return Poll::Ready(());
            }
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if self.order.get() != Order::GoOn && !std::mem::replace(&mut finishing, true) {
                finish(connection.as_mut());
                return connection.as_mut().poll(cx).map(drop);
            }
            Poll::Pending
        })
        .await;
    }

    /// Why the connection was cut off, if it was.
    pub(crate) fn cause(&self) -> Option<Cut> {
        match self.order.get() {
            Order::Cut(cause) => Some(cause),
            Order::GoOn | Order::Finish | Order::Leave => None,
        }
    }

    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(self.of.now.get());
    }

    fn listen(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    fn order(&self, order: Order) {
        if order.rank() <= self.order.get().rank() {
            return;
        }
        self.order.set(order);
        if let Some(waker) = self.waker.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }

    fn enforce(&self, now: Instant) {
        let times = &self.of.times;
        // The coarse clock may have been a tick late when the time was noted.
        let over = |since: Instant, limit: Duration| now.duration_since(since) > limit + TICK;
        if let Some(age) = times.age
            && over(self.began, age)
        {
            self.order(if over(self.began, age + times.answer) {
                Order::Cut(Cut::Age)
            } else {
                Order::Finish
            });
        }
        let oldest = self.streams.borrow().first().map(|(since, _)| *since);
        let (since, limit, cause) = match (oldest, self.phase.get()) {
            (Some(oldest), _) => (oldest, times.answer, Cut::Answer),
            (None, Phase::Idle) => (self.since.get(), times.idle, Cut::Idle),
            (None, Phase::Headers) => (self.since.get(), times.headers, Cut::Headers),
            (None, Phase::Answer) => (self.since.get(), times.answer, Cut::Answer),
            (None, Phase::Request) => return,
        };
        if over(since, limit) {
            self.order(Order::Cut(cause));
        }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let open = self.of.open.get().saturating_sub(1);
        self.of.open.set(open);
        if open == 0 {
            self.of.changed.notify_waiters();
        }
    }
}

/// A request under way: from its headers until its answer has been handed over for sending.
pub(crate) struct Turn {
    deadline: Rc<Deadline>,
    /// Its place among the streams of a multiplexed connection.
    stream: Option<(Instant, u32)>,
}

impl Turn {
    /// The answer is there; the client may take it.
    pub(crate) fn answer(&mut self) {
        let deadline = &self.deadline;
        if deadline.multiplexed.get() {
            let mut streams = deadline.streams.borrow_mut();
            let since = deadline.of.now.get();
            let next = streams.range((since, 0)..).next_back().map_or(0, |(_, number)| number + 1);
            streams.insert((since, next));
            self.stream = Some((since, next));
        } else {
            deadline.unsent.set(true);
            deadline.enter(Phase::Answer);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let deadline = &self.deadline;
        deadline.turns.set(deadline.turns.get().saturating_sub(1));
        if let Some(stream) = &self.stream {
            deadline.streams.borrow_mut().remove(stream);
        }
        if deadline.turns.get() == 0 && !deadline.unsent.get() {
            deadline.enter(Phase::Idle);
        }
    }
}
