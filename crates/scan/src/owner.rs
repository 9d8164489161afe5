//! Who holds a lock: a process of a machine, and which of its scans.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name of a new scan of this process, unlike that of any other.
pub(crate) fn name() -> String {
    static SCANS: AtomicU64 = AtomicU64::new(0);
    let scan = SCANS.fetch_add(1, Ordering::Relaxed);
    format!("process {} of {}, scan {scan}", std::process::id(), machine())
}

/// Whether the holder of a name was a process of this machine that has ended.
pub(crate) fn is_gone(name: &str) -> bool {
    let Some((process, rest)) = name.strip_prefix("process ").and_then(|rest| rest.split_once(" of ")) else {
        return false;
    };
    let Some((machine_name, _)) = rest.rsplit_once(", scan ") else { return false };
    let Ok(process) = process.parse::<u32>() else { return false };
    machine_name == machine()
        && Path::new("/proc/self").exists()
        && !Path::new(&format!("/proc/{process}")).exists()
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
    fn only_an_ended_process_of_this_machine_is_gone() {
        assert!(!is_gone(&name()));
        assert_ne!(name(), name());
        let ended = format!("process {} of {}, scan 0", u32::MAX, machine());
        assert!(is_gone(&ended));
        assert!(!is_gone(&format!("process {} of elsewhere, scan 0", u32::MAX)));
        assert!(!is_gone("somebody"));
    }
}
