//! What the live view costs: the same pipeline on a terminal with the view, on a terminal with `--quiet`, and with
//! standard error in a pipe, where a line now and then is all there would be.
//!
//! ```text
//!  cargo bench --bench live            5,000,000 rows as fast as they go, and 10 s at 2,000 rows a second
//!  cargo bench --bench live -- 20000000
//! ```
//!
//! The terminal is one of `script`, which is part of every Linux; its own processor time is in the figures, that of this
//! process, which reads what is drawn, is not.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use engine::time::{Clock, SystemClock};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How often each is measured.
const REPEAT: usize = 3;
/// How long the steady run takes, in seconds, and how many rows come a second.
const STEADY: (usize, usize) = (10, 2_000);

/// Two sources and four sinks, so that the view has something to show.
fn pipeline(rate: &str, rows: usize) -> String {
    let half = rows / 2;
    format!(
        r"source north = generate(devices: 500, rate: {rate}, rows: {half}, seed: 1, time: timestamp, out_of_order: 1s)

source south = generate(devices: 500, rate: {rate}, rows: {half}, seed: 2, time: timestamp, out_of_order: 1s)

stream all = union(north, south)

stream minutes = all
  | window tumbling(1m), by: device_id
  | aggregate readings = count(), average = avg(temperature)

sink everything = all | into null()

sink averages = minutes | into null()

sink hot = all | where temperature > 85.0 | into null()

sink cold = all | where temperature < 0.0 | into null()
"
    )
}

/// How a run is shown.
#[derive(Clone, Copy)]
enum Shown {
    View,
    Quiet,
    Pipe,
}

impl Shown {
    const ALL: [(Self, &'static str); 3] = [
        (Self::View, "live view"),
        (Self::Quiet, "terminal, --quiet"),
        (Self::Pipe, "pipe, --quiet"),
    ];
}

fn main() {
    let rows = std::env::args().find_map(|it| it.parse().ok()).unwrap_or(5_000_000);
    let folder = Folder::new();
    say(&format!("{rows} rows as fast as they go, median of {REPEAT}"));
    std::fs::write(folder.0.join("live.pipe"), pipeline("max", rows)).unwrap();
    for (shown, name) in Shown::ALL {
        let found = median(|| run(&folder, shown));
        say(&format!(
            "{name:20} {:>10.0} rows/s   {:>6.3} µs of processor a row   {:>8} bytes drawn",
            rows as f64 / found.wall.as_secs_f64(),
            found.cpu.as_secs_f64() * 1e6 / rows as f64,
            found.drawn,
        ));
    }
    let (seconds, rate) = STEADY;
    say(&format!("{rate} rows a second for {seconds} s, median of {REPEAT}"));
    let each = (rate / 2).to_string();
    std::fs::write(folder.0.join("live.pipe"), pipeline(&each, rate * seconds)).unwrap();
    for (shown, name) in Shown::ALL {
        let found = median(|| run(&folder, shown));
        say(&format!(
            "{name:20} {:>10.2} % of a core   {:>8} bytes drawn",
            found.cpu.as_secs_f64() / found.wall.as_secs_f64() * 100.0,
            found.drawn,
        ));
    }
}

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
fn say(line: &str) {
    println!("{line}");
}

/// A folder that is gone when it is not needed any more.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("weir-bench-live-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

struct Found {
    wall: Duration,
    cpu: Duration,
    /// How many bytes came out.
    drawn: usize,
}

fn median(mut measure: impl FnMut() -> Found) -> Found {
    let mut found: Vec<Found> = (0..REPEAT).map(|_| measure()).collect();
    found.sort_by_key(|it| it.wall);
    found.swap_remove(REPEAT / 2)
}

fn run(folder: &Folder, shown: Shown) -> Found {
    let weir = env!("CARGO_BIN_EXE_weir");
    let quiet = if matches!(shown, Shown::View) { "" } else { " --quiet" };
    let line = format!("'{weir}' run live.pipe{quiet}");
    let mut command = match shown {
        Shown::Pipe => {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("exec {line} 2>&1")]);
            command
        }
        Shown::View | Shown::Quiet => {
            let mut command = Command::new("script");
            let sized = format!("stty rows 50 cols 120; exec {line}");
            command.args(["-qfec", &sized, "/dev/null"]);
            command
        }
    };
    command.current_dir(&folder.0).env("TERM", "xterm-256color");
    command.env_remove("NO_COLOR").env_remove("WEIR_LOG");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let clock = SystemClock::new();
    let before = cpu_of_children();
    let mut child = command.spawn().unwrap();
    let mut written = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut written).unwrap();
    assert!(child.wait().unwrap().success(), "{}", String::from_utf8_lossy(&written));
    let wall = clock.elapsed();
    let cpu = cpu_of_children().saturating_sub(before);
    let text = String::from_utf8_lossy(&written);
    assert_eq!(text.contains("p99"), matches!(shown, Shown::View), "{text}");
    Found { wall, cpu, drawn: written.len() }
}

/// Processor time of the processes that this one has waited for, and of those that they waited for.
fn cpu_of_children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may contain anything, stand the fields from the third on.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[13..15].iter().map(|it| it.parse::<u64>().unwrap()).sum();
    // The kernel counts in hundredths of a second for user space, on every architecture.
    Duration::from_millis(ticks * 10)
}
