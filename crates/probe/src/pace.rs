//! How fast one machine may be asked: a pure rule, told the time (`spec/crawler.md` 11.4).
//!
//! It begins with two requests on their way, takes one more for each round of answers that came as quickly as
//! before, and halves when the mirror shows that it is too much: a timeout, 429, 503, a reset connection.

use std::time::Duration;

use tokio::time::Instant;

/// Answers that make a round at least.
const ROUND: usize = 4;
/// How much slower than the best round a round may be and still count as stable, beside twice its time.
const SLACK: Duration = Duration::from_millis(20);

/// How polite we are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Politeness {
    /// Requests on their way at the beginning.
    pub start: u32,
    /// Requests on their way to one host, and to one address, at most.
    pub most: u32,
    /// The same for a host that speaks HTTP/1.1 only, where each of them is a connection.
    pub most_connections: u32,
    /// Requests a second to one host, and to one address, at most. 0: no limit.
    pub per_second: u32,
    /// The longest `Retry-After` that is waited for. With a longer one the host is not asked any more.
    pub longest_pause: Duration,
}

impl Default for Politeness {
    fn default() -> Self {
        Self {
            start: 2,
            most: 16,
            most_connections: 4,
            per_second: 50,
            longest_pause: Duration::from_secs(600),
        }
    }
}

/// Why a request has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Until this time.
    Until(Instant),
    /// Until another request has ended.
    Turn,
    /// Longer than we wait: the machine said that it wants no requests for this long.
    TooLong(Duration),
}

/// What a request that has ended says about the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It answered after this long.
    Answered(Duration),
    /// It is too much for it.
    Overloaded,
    /// Nothing.
    None,
}

/// What is known about the speed of one machine.
#[derive(Debug)]
pub(crate) struct Pace {
    rules: Politeness,
    most: u32,
    window: u32,
    flying: u32,
    entered: u64,
    alone: bool,
    waiting_alone: u32,
    next: Option<Instant>,
    pause: Option<Instant>,
    halved: Option<Instant>,
    round: Vec<Duration>,
    best: Option<Duration>,
}

impl Pace {
    pub(crate) fn new(rules: Politeness, most: u32) -> Self {
        Self {
            rules,
            most: most.max(1),
            window: rules.start.clamp(1, most.max(1)),
            flying: 0,
            entered: 0,
            alone: false,
            waiting_alone: 0,
            next: None,
            pause: None,
            halved: None,
            round: Vec::new(),
            best: None,
        }
    }

    /// Lets a request go, or says what it has to wait for. One that goes `alone` waits for all others, and
    /// all others wait for it.
    pub(crate) fn enter(&mut self, now: Instant, alone: bool) -> Result<(), Wait> {
        if let Some(pause) = self.pause.filter(|pause| *pause > now) {
            let left = pause - now;
            let is_bearable = left <= self.rules.longest_pause;
            return Err(if is_bearable { Wait::Until(pause) } else { Wait::TooLong(left) });
        }
        let is_full = match alone {
            true => self.flying > 0,
            false => self.alone || self.waiting_alone > 0 || self.flying >= self.window,
        };
        if is_full {
            return Err(Wait::Turn);
        }
        if let Some(step) = self.step() {
            // A short burst may go at once: as many as may be on their way.
            let burst = step * self.most;
            let next = self.next.map_or(now, |next| next.max(now));
            if next > now + burst {
                return Err(Wait::Until(next - burst));
            }
            self.next = Some(next + step);
        }
        self.flying += 1;
        self.entered += 1;
        self.alone = alone;
        Ok(())
    }

    fn step(&self) -> Option<Duration> {
        (self.rules.per_second > 0).then(|| Duration::from_secs(1) / self.rules.per_second)
    }

    /// Whether other requests are on their way beside one.
    pub(crate) fn is_crowded(&self) -> bool {
        self.flying > 1
    }

    /// How many requests were let go so far.
    pub(crate) fn entered(&self) -> u64 {
        self.entered
    }

    /// A request that began at `began` has ended.
    pub(crate) fn leave(&mut self, now: Instant, began: Instant, sign: Sign) {
        self.flying = self.flying.saturating_sub(1);
        self.alone = false;
        match sign {
            Sign::None => {}
            // Requests that were on their way together halve it once.
            Sign::Overloaded if self.halved.is_some_and(|halved| began < halved) => {}
            Sign::Overloaded => {
                self.window = (self.window / 2).max(1);
                self.halved = Some(now);
                self.round.clear();
            }
            Sign::Answered(after) => self.answered(after),
        }
    }

    fn answered(&mut self, after: Duration) {
        self.round.push(after);
        if self.round.len() < ROUND.max(self.window as usize) {
            return;
        }
        self.round.sort_unstable();
        let at = (self.round.len() * 95).div_ceil(100).saturating_sub(1);
        let slow = self.round.get(at).copied().unwrap_or_default();
        self.round.clear();
        let best = self.best.map_or(slow, |best| best.min(slow));
        if slow <= best * 2 + SLACK {
            self.window = (self.window + 1).min(self.most);
            self.best = Some(best);
        } else {
            // A mirror may become slower for good; what it once could do is forgotten by and by.
            self.best = Some(best + best / 10);
        }
    }

    /// The machine wants no requests for this long.
    pub(crate) fn pause(&mut self, now: Instant, wanted: Duration) {
        let until = now + wanted;
        self.pause = Some(self.pause.map_or(until, |pause| pause.max(until)));
    }

    /// How many requests may be on their way at most, from now on.
    pub(crate) fn allow(&mut self, most: u32) {
        self.most = most.max(1);
        self.window = self.window.min(self.most);
    }

    /// One more, or one less, waits for going alone.
    pub(crate) fn wait_alone(&mut self, waits: bool) {
        self.waiting_alone =
            if waits { self.waiting_alone + 1 } else { self.waiting_alone.saturating_sub(1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn pace(per_second: u32) -> (Pace, Instant) {
        (Pace::new(Politeness { per_second, ..Politeness::default() }, 16), Instant::now())
    }

    /// Fills the window, then ends all requests alike; how many there were.
    fn round(pace: &mut Pace, now: Instant, sign: Sign) -> u32 {
        let mut count = 0;
        while pace.enter(now, false).is_ok() {
            count += 1;
        }
        for _ in 0..count {
            pace.leave(now + MS, now, sign);
        }
        count
    }

    #[test]
    fn it_grows_by_one_a_round_up_to_the_limit_and_halves() {
        let (mut pace, mut now) = pace(0);
        let mut seen = Vec::new();
        for _ in 0..40 {
            seen.push(round(&mut pace, now, Sign::Answered(50 * MS)));
            now += 10 * MS;
        }
        assert!(seen.starts_with(&[2, 2, 3, 3, 4, 5, 6]), "{seen:?}");
        assert_eq!(seen.iter().max(), Some(&16));
        // All sixteen fail together: that is one sign, not sixteen.
        assert_eq!(round(&mut pace, now, Sign::Overloaded), 16);
        now += 10 * MS;
        let halves: Vec<u32> = (0..5)
            .map(|_| {
                now += 10 * MS;
                round(&mut pace, now, Sign::Overloaded)
            })
            .collect();
        assert_eq!(halves, [8, 4, 2, 1, 1]);
    }

    #[test]
    fn it_does_not_grow_while_the_mirror_slows_down() {
        let (mut pace, now) = pace(0);
        for _ in 0..2 {
            round(&mut pace, now, Sign::Answered(50 * MS));
        }
        let before = round(&mut pace, now, Sign::None);
        for _ in 0..4 {
            round(&mut pace, now, Sign::Answered(500 * MS));
        }
        assert_eq!(round(&mut pace, now, Sign::None), before);
        // After a while that is its new speed.
        for _ in 0..100 {
            round(&mut pace, now, Sign::Answered(500 * MS));
        }
        assert!(round(&mut pace, now, Sign::None) > before);
    }

    #[test]
    fn no_more_than_the_rate_and_a_short_burst() {
        let (mut pace, start) = pace(50);
        let mut now = start;
        let mut sent = 0;
        while now < start + Duration::from_secs(2) {
            match pace.enter(now, false) {
                Ok(()) => {
                    sent += 1;
                    pace.leave(now, now, Sign::None);
                }
                Err(Wait::Until(then)) => now = then,
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!((100..=117).contains(&sent), "{sent}");
    }

    #[test]
    fn alone_is_alone() {
        let (mut pace, now) = pace(0);
        pace.enter(now, false).unwrap();
        pace.wait_alone(true);
        assert_eq!(pace.enter(now, true), Err(Wait::Turn));
        assert_eq!(pace.enter(now, false), Err(Wait::Turn), "nobody overtakes");
        pace.leave(now, now, Sign::None);
        assert_eq!(pace.enter(now, true), Ok(()));
        pace.wait_alone(false);
        assert!(!pace.is_crowded());
        assert_eq!(pace.enter(now, false), Err(Wait::Turn));
        pace.leave(now, now, Sign::None);
        assert_eq!(pace.enter(now, false), Ok(()));
    }

    #[test]
    fn a_pause_is_kept_and_a_long_one_is_a_goodbye() {
        let (mut pace, now) = pace(0);
        pace.pause(now, Duration::from_secs(600));
        assert_eq!(pace.enter(now, false), Err(Wait::Until(now + Duration::from_secs(600))));
        assert_eq!(pace.enter(now + Duration::from_secs(600), false), Ok(()));
        pace.pause(now, Duration::from_secs(7200));
        assert_eq!(pace.enter(now, false), Err(Wait::TooLong(Duration::from_secs(7200))));
    }
}
