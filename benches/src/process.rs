//! What the kernel says about a process: CPU time and memory.

use std::fs;
use std::io;
use std::time::Duration;

/// Clock ticks of `/proc/PID/stat` in one second; Linux never tells another number.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time of all threads of a process since it was started, in user and kernel.
///
/// # Errors
/// The process is gone.
pub fn cpu(process: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is a name in brackets that may hold anything; user and system time are the 14th
    // and 15th field.
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks: u64 =
        after.split_ascii_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND))
}

/// CPU time of this thread, to the nanosecond.
///
/// # Errors
/// The kernel does not tell.
pub fn thread_cpu() -> io::Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_ascii_whitespace().next().and_then(|field| field.parse().ok());
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The memory of a process now, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Pages of its own.
    pub anonymous: u64,
    /// Pages of files: the program itself, and files that it has mapped.
    pub file: u64,
    /// The most of both at one time, since the start or [`forget_peak`].
    pub peak: u64,
}

impl Memory {
    /// Both kinds of pages.
    pub fn resident(&self) -> u64 {
        self.anonymous + self.file
    }
}

/// Reads it.
///
/// # Errors
/// The process is gone.
pub fn memory(process: u32) -> io::Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let bytes = |name: &str| {
        let kilobytes = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split_ascii_whitespace().next())
            .and_then(|number| number.parse::<u64>().ok());
        kilobytes.map(|kilobytes| kilobytes * 1024).ok_or(io::ErrorKind::InvalidData)
    };
    Ok(Memory {
        anonymous: bytes("RssAnon:")?,
        file: bytes("RssFile:")? + bytes("RssShmem:")?,
        peak: bytes("VmHWM:")?,
    })
}

/// Begins to look for the peak anew.
///
/// # Errors
/// The process is gone, or another user's.
pub fn forget_peak(process: u32) -> io::Result<()> {
    fs::write(format!("/proc/{process}/clear_refs"), "5")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_memory_of_this_process_show() {
        let own = std::process::id();
        let (before, thread_before) = (cpu(own).unwrap(), thread_cpu().unwrap());
        let mut bytes = vec![0_u8; 64 << 20];
        let mut sum = 0_u64;
        while thread_cpu().unwrap() - thread_before < Duration::from_millis(60) {
            for byte in &mut bytes {
                *byte = byte.wrapping_add(1);
                sum += u64::from(*byte);
            }
        }
        assert!(sum > 0 && cpu(own).unwrap() - before >= Duration::from_millis(30));
        assert!(memory(own).unwrap().anonymous >= 64 << 20);
        drop(bytes);
        assert!(memory(own).unwrap().peak >= 64 << 20);
        forget_peak(own).unwrap();
        let memory = memory(own).unwrap();
        assert!(memory.peak < 64 << 20 && memory.resident() <= memory.peak, "{memory:?}");
    }
}
