//! Measures work by the clock and by the processor time of this process, and prints the median.

use engine::time::{Clock, SystemClock};
use std::time::Duration;

/// How often each is measured.
pub const REPEAT: usize = 3;

/// What a measurement found.
pub struct Measured {
    pub rows: usize,
    pub wall: Duration,
    pub cpu: Duration,
}

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
pub fn say(line: &str) {
    println!("{line}");
}

/// Measures it several times, telling it how often it was measured before, and prints the median.
pub fn report(name: &str, unit: &str, mut measure: impl FnMut(usize) -> Measured) {
    let mut found: Vec<Measured> = (0..REPEAT).map(&mut measure).collect();
    found.sort_by_key(|it| it.wall);
    let median = &found[REPEAT / 2];
    let count = median.rows as f64;
    say(&format!(
        "{name:34} {:>10.0} {unit}s/s   {:>6.2} µs of processor a {unit}",
        count / median.wall.as_secs_f64(),
        median.cpu.as_secs_f64() * 1e6 / count,
    ));
}

/// Does the work, which is one of so many rows.
pub fn measured(rows: usize, work: impl FnOnce()) -> Measured {
    let clock = SystemClock::new();
    let before = cpu();
    work();
    Measured { rows, wall: clock.elapsed(), cpu: cpu().saturating_sub(before) }
}

/// Processor time of this process, in the kernel and outside.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may contain anything, stand the fields from the third on.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|it| it.parse::<u64>().unwrap()).sum();
    // The kernel counts in hundredths of a second for user space, on every architecture.
    Duration::from_millis(ticks * 10)
}
