//! The only place that reads the clocks.

use std::time::Duration;

use base::Timestamp;

/// Now.
#[allow(clippy::disallowed_methods)] // This is the clock that everybody else is handed.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// CPU time this process has used, all threads together.
pub fn cpu_time() -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(spent.tv_sec).unwrap_or(0), u32::try_from(spent.tv_nsec).unwrap_or(0))
}

/// The most memory this process has held, in bytes; `None` where the system does not tell.
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
