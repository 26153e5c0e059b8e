//! Event time, watermarks and the one clock. No other file asks for the time.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Timestamp = i64;

/// A length of time in microseconds.
pub type Micros = i64;

/// A promise about event time: rows still to come are not expected to be older than this.
///
/// Ordered: [`Watermark::NONE`] < any time < [`Watermark::END`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watermark(Timestamp);

impl Watermark {
    /// Before the first row.
    pub const NONE: Watermark = Watermark(i64::MIN);
    /// After the last row of a bounded input: every window closes. It is not silence.
    pub const END: Watermark = Watermark(i64::MAX);

    /// The watermark at this time.
    pub fn at(time: Timestamp) -> Self {
        Watermark(time)
    }

    /// As a number that compares like the watermark: `i64::MIN` for none, `i64::MAX` for the end.
    pub fn micros(self) -> Timestamp {
        self.0
    }

    /// Whether no row comes any more.
    pub fn is_end(self) -> bool {
        self == Self::END
    }

    /// The time, unless it is none or the end.
    pub fn time(self) -> Option<Timestamp> {
        (self != Self::NONE && self != Self::END).then_some(self.0)
    }

    /// The watermark held back by `delay`; none and the end stay what they are.
    #[must_use]
    pub fn less(self, delay: Micros) -> Watermark {
        match self {
            Self::NONE | Self::END => self,
            Watermark(time) => Watermark(time.saturating_sub(delay).max(i64::MIN + 1)),
        }
    }
}

impl Default for Watermark {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Display for Watermark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time() {
            Some(time) => f.write_str(&format_timestamp(time)),
            None if self.is_end() => f.write_str("end"),
            None => f.write_str("none"),
        }
    }
}

/// RFC 3339 in UTC with 0, 3 or 6 fraction digits as needed: `2026-01-31T06:00:00.250Z`.
pub fn format_timestamp(micros: Timestamp) -> String {
    let Some(time) = chrono::DateTime::from_timestamp_micros(micros) else {
        return format!("{micros}us");
    };
    let form = match micros.rem_euclid(1_000_000) {
        0 => "%Y-%m-%dT%H:%M:%SZ",
        fraction if fraction % 1_000 == 0 => "%Y-%m-%dT%H:%M:%S%.3fZ",
        _ => "%Y-%m-%dT%H:%M:%S%.6fZ",
    };
    time.format(form).to_string()
}

/// Whether there is a time zone of this name in the database that comes with the binary: `Europe/Berlin`.
pub fn knows_zone(name: &str) -> bool {
    name.parse::<chrono_tz::Tz>().is_ok()
}

/// Where the time comes from. Operators never see one: the host hands them the time.
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// Time that never jumps, for intervals and rates: since some fixed start.
    fn elapsed(&self) -> Duration;

    /// Lets this much time pass. A manual clock only moves on.
    fn wait(&self, duration: Duration);
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
impl SystemClock {
    /// A clock whose [`Clock::elapsed`] starts now.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn wait(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    elapsed: Mutex<Duration>,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self { now: AtomicI64::new(now), elapsed: Mutex::new(Duration::ZERO) }
    }

    /// Sets the time of day; it may only move forward, an earlier time is ignored.
    pub fn set(&self, now: Timestamp) {
        let before = self.now.fetch_max(now, Ordering::SeqCst);
        if now > before {
            let mut elapsed =
                self.elapsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *elapsed += Duration::from_micros(now.abs_diff(before));
        }
    }

    /// Moves it on.
    pub fn advance(&self, by: Micros) {
        self.set(self.now().saturating_add(by));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.now.load(Ordering::SeqCst)
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn wait(&self, duration: Duration) {
        self.advance(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_time_is_handed_on_as_it_is() {
        assert_eq!(Watermark::END.less(5), Watermark::END);
        assert_eq!(Watermark::NONE.less(5), Watermark::NONE);
        assert_eq!(Watermark::at(7).less(5), Watermark::at(2));
    }

    #[test]
    fn timestamps_show_as_many_digits_as_they_need() {
        assert_eq!(format_timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(format_timestamp(250_000), "1970-01-01T00:00:00.250Z");
        assert_eq!(format_timestamp(-1), "1969-12-31T23:59:59.999999Z");
    }
}
