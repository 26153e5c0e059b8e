//! What this machine has, and what this process has used of it.

use serde::Serialize;

/// How many cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// What this process has used so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Usage {
    /// CPU seconds, user and system, of all its threads.
    pub cpu_seconds: f64,
    /// The memory that it holds now, in bytes.
    pub resident_bytes: u64,
    /// The most memory it has held at a time, in bytes.
    pub peak_bytes: u64,
}

/// What this process has used so far; none where the system does not tell (it is read from Linux's `/proc`).
pub fn usage() -> Option<Usage> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the name in parentheses and may contain anything; times are the 14th and 15th, in ticks,
    // which Linux fixes at 100 a second for everything it shows to programs.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let bytes = |name: &str| -> Option<u64> {
        let found = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(found.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    };
    Some(Usage {
        cpu_seconds: ticks as f64 / 100.0,
        resident_bytes: bytes("VmRSS:")?,
        peak_bytes: bytes("VmHWM:")?,
    })
}

/// How much memory this process may have, in bytes: that of the machine, or of the container around it; none where the
/// system does not tell.
pub fn memory() -> Option<u64> {
    // Of the second and of the first version of control groups; no number where there is no limit.
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits =
        limits.iter().filter_map(|it| std::fs::read_to_string(it).ok()?.trim().parse().ok());
    limits.chain(machine_memory()).min()
}

fn machine_memory() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
