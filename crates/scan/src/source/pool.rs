//! Threads that share tasks which bring up more tasks, as the directories of a tree do.
//!
//! On a local disk as many threads as processors are best; on a network file system nearly all the time is
//! spent waiting for it, and many threads wait at the same time. Which of the two it is shows in the work
//! itself: a thread that has mostly waited, while there are tasks left, starts another one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope, available_parallelism};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// A panic in one of the threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Defect;

/// Works at a first task and all that come of it, with `limit` threads at most, and gives what each thread
/// has made.
///
/// `work` gets a task, what its thread has made so far, and a place for further tasks. The newest tasks are
/// taken first, so that of a tree few are open at a time.
///
/// # Errors
/// A thread panicked; all have ended then, and what they made is lost.
pub(super) fn work_off<T, R, W>(first: T, limit: usize, work: W) -> Result<Vec<R>, Defect>
where
    T: Send,
    R: Default + Send,
    W: Fn(T, &mut R, &mut Vec<T>) + Sync,
{
    let limit = limit.max(1);
    let processors = available_parallelism().map_or(1, usize::from).min(limit);
    let state = State { tasks: vec![first], busy: 0, idle: 0, threads: processors, limit, defect: false };
    let pool = Pool { state: Mutex::new(state), more: Condvar::new(), results: Mutex::default(), work };
    std::thread::scope(|scope| {
        // This thread is one of them.
        for _ in 1..processors {
            pool.start(scope);
        }
        pool.run(scope);
    });
    if pool.state().defect {
        return Err(Defect);
    }
    Ok(pool.results.into_inner().unwrap_or_else(PoisonError::into_inner))
}

struct Pool<T, R, W> {
    state: Mutex<State<T>>,
    /// There are tasks, or there will be none any more.
    more: Condvar,
    results: Mutex<Vec<R>>,
    work: W,
}

struct State<T> {
    tasks: Vec<T>,
    /// Threads at a task.
    busy: usize,
    /// Threads without one.
    idle: usize,
    threads: usize,
    /// The most threads.
    limit: usize,
    defect: bool,
}

impl<T, R, W> Pool<T, R, W>
where
    T: Send,
    R: Default + Send,
    W: Fn(T, &mut R, &mut Vec<T>) + Sync,
{
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a thread that is counted already. When the system has no more of them, those that are there do.
    fn start<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        let thread = Builder::new().name("scan-walk".to_owned());
        if let Err(e) = thread.spawn_scoped(scope, move || self.run(scope)) {
            let mut state = self.state();
            state.threads -= 1;
            state.limit = state.threads;
            tracing::warn!(error = %e, threads = state.threads, "no more threads can be started");
        }
    }

    /// Works until nothing is left.
    fn run<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        // The others must not wait for a task that will never be done.
        match catch_unwind(AssertUnwindSafe(|| self.work_on(scope))) {
            Ok(result) => self.results.lock().unwrap_or_else(PoisonError::into_inner).push(result),
            Err(_) => {
                self.state().defect = true;
                self.more.notify_all();
            }
        }
    }

    fn work_on<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) -> R {
        let (mut result, mut found) = (R::default(), Vec::new());
        let Some(mut task) = self.next(None) else { return result };
        loop {
            let pace = Pace::begin();
            (self.work)(task, &mut result, &mut found);
            if pace.waited() && self.may_start() {
                self.start(scope);
            }
            task = match self.next(Some(&mut found)) {
                Some(next) => next,
                None => return result,
            };
        }
    }

    /// The next task; `None` when all is done. `done` is what the one before has brought up.
    fn next(&self, done: Option<&mut Vec<T>>) -> Option<T> {
        let mut state = self.state();
        if let Some(found) = done {
            // One of them is for this thread.
            for _ in 1..found.len().min(state.idle + 1) {
                self.more.notify_one();
            }
            state.tasks.append(found);
            state.busy -= 1;
        }
        loop {
            if state.defect {
                return None;
            }
            if let Some(task) = state.tasks.pop() {
                state.busy += 1;
                return Some(task);
            }
            if state.busy == 0 {
                self.more.notify_all();
                return None;
            }
            state.idle += 1;
            state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// Whether one more thread would find something to do. It is counted as started.
    fn may_start(&self) -> bool {
        let mut state = self.state();
        let may = state.idle == 0 && !state.tasks.is_empty() && state.threads < state.limit;
        state.threads += usize::from(may);
        may
    }
}

/// How much of its time a thread has worked.
struct Pace {
    began: Instant,
    worked: Duration,
}

impl Pace {
    fn begin() -> Self {
        Self { began: Instant::now(), worked: thread_time() }
    }

    /// Whether it has mostly waited. Of very short times nothing can be told.
    fn waited(&self) -> bool {
        const SHORT: Duration = Duration::from_micros(100);
        let (whole, worked) = (self.began.elapsed(), thread_time().saturating_sub(self.worked));
        whole > SHORT && worked < whole / 4
    }
}

/// Processor time of this thread.
fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn everything_that_comes_up_is_worked_off_once() {
        // Every number below 1000 brings up its double and the number behind that.
        let made = work_off(1_u32, 7, |task, out: &mut Vec<u32>, found| {
            out.push(task);
            found.extend([2 * task, 2 * task + 1].into_iter().filter(|task| *task < 1_000));
        });
        let mut all: Vec<u32> = made.unwrap().into_iter().flatten().collect();
        all.sort_unstable();
        assert_eq!(all, (1..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn threads_that_wait_are_joined_by_others_up_to_the_limit() {
        // Ten tasks that end together: nobody comes to an end before ten threads are there.
        let together = Barrier::new(10);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let wait = |_: &mut (), seconds: u64| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::park_timeout(Duration::from_millis(seconds));
            now.fetch_sub(1, Ordering::SeqCst);
        };
        let made = work_off(0_u32, 10, |task, out: &mut (), found| match task {
            0 => found.extend(std::iter::repeat_n(2, 10).chain(std::iter::repeat_n(1, 40))),
            1 => wait(out, 5),
            _ => drop(together.wait()),
        });
        assert_eq!(made.unwrap().len(), 10);
        assert!(most.into_inner() <= 10);
    }

    #[test]
    fn a_panic_ends_the_work() {
        let made = work_off(0_u32, 4, |task, _: &mut (), found| {
            assert!(task != 5, "a defect, made for this test");
            found.extend([task + 1, task + 2].into_iter().filter(|task| *task < 20));
        });
        assert_eq!(made, Err(Defect));
    }
}
