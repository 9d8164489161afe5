//! Who holds a lock: a process of a machine, and which of its scans.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use store::master::Holder;

/// The name of a new scan of this process, unlike that of any other.
pub(crate) fn name() -> String {
    static SCANS: AtomicU64 = AtomicU64::new(0);
    let scan = SCANS.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    format!("process {process} of {}, started at {}, scan {scan}", machine(), started(process).unwrap_or(0))
}

/// What is known of the holder of a name: only of a process of this machine anything is.
pub(crate) fn state(name: &str) -> Holder {
    let Some((process, machine_name, start)) = parts(name) else { return Holder::Unknown };
    if machine_name != machine() || !Path::new("/proc/self").exists() {
        return Holder::Unknown;
    }
    match started(process) {
        // Numbers of processes are used again; with its time of start one is unmistakable.
        Some(now) if now == start => Holder::Running,
        Some(_) => Holder::Ended,
        None if Path::new(&format!("/proc/{process}")).exists() => Holder::Unknown,
        None => Holder::Ended,
    }
}

fn parts(name: &str) -> Option<(u32, &str, u64)> {
    let (process, rest) = name.strip_prefix("process ")?.split_once(" of ")?;
    let (rest, _) = rest.rsplit_once(", scan ")?;
    let (machine, start) = rest.rsplit_once(", started at ")?;
    Some((process.parse().ok()?, machine, start.parse().ok()?))
}

/// When a process of this machine began, in ticks of its clock. `None`: it has ended, or this is no Linux.
fn started(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

fn machine() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "an unnamed machine".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_of_processes_of_this_machine_anything_is_known() {
        assert_eq!(state(&name()), Holder::Running);
        assert_ne!(name(), name());
        let of = |process: u32, machine: &str, start: u64| {
            state(&format!("process {process} of {machine}, started at {start}, scan 0"))
        };
        let me = std::process::id();
        let start = started(me).unwrap();
        assert_eq!(of(me, &machine(), start), Holder::Running);
        assert_eq!(of(me, &machine(), start + 1), Holder::Ended, "another process of the same number");
        assert_eq!(of(u32::MAX, &machine(), start), Holder::Ended);
        assert_eq!(of(u32::MAX, "elsewhere", start), Holder::Unknown);
        assert_eq!(state("somebody"), Holder::Unknown);
    }
}
