//! Who may ask whom when: one [`Pace`] per host and one per address, shared by all who ask.
//!
//! Several mirrors may be names of one machine. So a request needs a seat at its host and at every address
//! that the host's name has. Seats are taken in one order, so that nobody waits for each other for ever.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::pace::{Pace, Politeness, Sign, Wait};

/// When so many machines are remembered, those that nobody asks are forgotten.
const MANY: usize = 10_000;
/// How long the addresses of a name are taken for its budget. What is connected to is looked up each time.
const FRESH: Duration = Duration::from_secs(60);

/// A host or an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Machine {
    Host(String, u16),
    Address(IpAddr),
}

/// The budgets of all machines that are asked.
#[derive(Debug)]
pub(crate) struct Budgets {
    rules: Politeness,
    machines: Mutex<HashMap<Machine, Arc<Budget>>>,
}

/// The budget of one machine.
#[derive(Debug)]
pub(crate) struct Budget {
    pace: Mutex<Pace>,
    freed: Notify,
    about: Mutex<About>,
}

/// What is known of a host beside its pace.
#[derive(Debug, Default)]
struct About {
    addresses: Option<(Instant, Vec<IpAddr>)>,
    only_http1: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Budgets {
    pub(crate) fn new(rules: Politeness) -> Self {
        Self { rules, machines: Mutex::default() }
    }

    /// The budget of a host.
    pub(crate) fn host(&self, host: &str, port: u16) -> Arc<Budget> {
        self.of(Machine::Host(host.to_owned(), port), self.rules.most_connections.min(self.rules.most))
    }

    fn of(&self, machine: Machine, most: u32) -> Arc<Budget> {
        let mut machines = lock(&self.machines);
        if machines.len() >= MANY {
            machines.retain(|_, budget| Arc::strong_count(budget) > 1);
        }
        let budget = machines.entry(machine).or_insert_with(|| Arc::new(Budget::new(self.rules, most)));
        Arc::clone(budget)
    }

    /// A seat at a host with these addresses, waited for.
    ///
    /// # Errors
    /// The host wants to be left alone for this long, which is longer than we wait.
    pub(crate) async fn seat(
        &self,
        host: &Arc<Budget>,
        addresses: &[IpAddr],
        alone: bool,
    ) -> Result<Seat, Duration> {
        let mut sorted = addresses.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let at_addresses =
            sorted.into_iter().map(|address| self.of(Machine::Address(address), self.rules.most));
        let budgets: Vec<Arc<Budget>> = std::iter::once(Arc::clone(host)).chain(at_addresses).collect();
        let mut seat = Seat { budgets: Vec::with_capacity(budgets.len()), began: Instant::now() };
        for budget in budgets {
            budget.enter(alone).await?;
            let ticket = lock(&budget.pace).entered();
            seat.budgets.push((budget, ticket));
        }
        seat.began = Instant::now();
        Ok(seat)
    }

    /// The host is known to speak HTTP/2, or not to.
    pub(crate) fn speaks(&self, host: &Budget, http2: bool) {
        let most = if http2 { self.rules.most } else { self.rules.most_connections.min(self.rules.most) };
        lock(&host.pace).allow(most);
    }
}

impl Budget {
    fn new(rules: Politeness, most: u32) -> Self {
        Self { pace: Mutex::new(Pace::new(rules, most)), freed: Notify::new(), about: Mutex::default() }
    }

    /// The addresses of a host as they were found a moment ago.
    pub(crate) fn addresses(&self) -> Option<Vec<IpAddr>> {
        let about = lock(&self.about);
        let (at, addresses) = about.addresses.as_ref()?;
        (at.elapsed() < FRESH).then(|| addresses.clone())
    }

    pub(crate) fn found(&self, addresses: &[IpAddr]) {
        lock(&self.about).addresses = Some((Instant::now(), addresses.to_vec()));
    }

    /// Whether the host made a mess of HTTP/2.
    pub(crate) fn is_only_http1(&self) -> bool {
        lock(&self.about).only_http1
    }

    pub(crate) fn only_http1(&self) {
        lock(&self.about).only_http1 = true;
    }

    /// The host wants no requests for this long.
    pub(crate) fn pause(&self, wanted: Duration) {
        lock(&self.pace).pause(Instant::now(), wanted);
    }

    async fn enter(&self, alone: bool) -> Result<(), Duration> {
        let _waits = alone.then(|| WaitsAlone::new(self));
        loop {
            let freed = self.freed.notified();
            let entered = lock(&self.pace).enter(Instant::now(), alone);
            match entered {
                Ok(()) => return Ok(()),
                Err(Wait::Turn) => freed.await,
                Err(Wait::Until(then)) => tokio::time::sleep_until(then).await,
                Err(Wait::TooLong(wanted)) => return Err(wanted),
            }
        }
    }
}

/// Somebody waits for going alone; also when they stop waiting it is noticed.
struct WaitsAlone<'a>(&'a Budget);

impl<'a> WaitsAlone<'a> {
    fn new(budget: &'a Budget) -> Self {
        lock(&budget.pace).wait_alone(true);
        Self(budget)
    }
}

impl Drop for WaitsAlone<'_> {
    fn drop(&mut self) {
        lock(&self.0.pace).wait_alone(false);
        self.0.freed.notify_waiters();
    }
}

/// The right to have one request on its way. Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Each with how many requests it had let go when this one was.
    budgets: Vec<(Arc<Budget>, u64)>,
    began: Instant,
}

impl Seat {
    /// Whether others ask one of the same machines, or have done so since this seat was taken.
    pub(crate) fn is_crowded(&self) -> bool {
        self.budgets.iter().any(|(budget, ticket)| {
            let pace = lock(&budget.pace);
            pace.is_crowded() || pace.entered() != *ticket
        })
    }

    /// Gives it back and says what was seen.
    pub(crate) fn leave(mut self, sign: Sign) {
        self.give_back(sign);
    }

    fn give_back(&mut self, sign: Sign) {
        let now = Instant::now();
        for (budget, _) in self.budgets.drain(..) {
            lock(&budget.pace).leave(now, self.began, sign);
            budget.freed.notify_waiters();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.give_back(Sign::None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: [IpAddr; 1] = [IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)];

    #[tokio::test]
    async fn two_names_of_one_machine_share_its_budget() {
        let budgets = Budgets::new(Politeness { start: 1, per_second: 0, ..Politeness::default() });
        let (one, other) = (budgets.host("one", 80), budgets.host("other", 80));
        let seat = budgets.seat(&one, &HERE, false).await.unwrap();
        let mut waits = Box::pin(budgets.seat(&other, &HERE, false));
        assert!(futures_util::poll!(&mut waits).is_pending());
        drop(seat);
        assert!(waits.await.is_ok());
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_nothing_behind() {
        let budgets = Budgets::new(Politeness { start: 1, per_second: 0, ..Politeness::default() });
        let host = budgets.host("one", 80);
        let seat = budgets.seat(&host, &HERE, false).await.unwrap();
        let mut alone = Box::pin(budgets.seat(&host, &HERE, true));
        assert!(futures_util::poll!(&mut alone).is_pending());
        drop(alone);
        drop(seat);
        assert!(budgets.seat(&host, &HERE, false).await.is_ok());
        let alone = budgets.seat(&host, &HERE, true).await.unwrap();
        assert!(!alone.is_crowded());
    }

    #[tokio::test]
    async fn a_long_goodbye_is_not_waited_for() {
        let budgets = Budgets::new(Politeness::default());
        let host = budgets.host("one", 80);
        host.pause(Duration::from_secs(3600));
        assert!(budgets.seat(&host, &HERE, false).await.is_err());
    }
}
