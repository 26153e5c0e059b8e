//! How long to wait before the next try: doubling, with jitter, so that a thousand clients of one server do not come
//! back in the same instant. The jitter is seeded by the client's name, so a run can be repeated.

use dsl::signature::{Constant, Param, Takes};
use dsl::value::Value;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::time::Duration;

/// The least and the most time between two tries.
pub(crate) type Waits = (Duration, Duration);

/// The option `retry`.
pub(crate) fn retry_param() -> Param {
    Param::option(
        "retry",
        Takes::Constant(Constant::DurationRange),
        "How long to wait before each new try: from the first to the last, doubling.",
    )
    .within("1ms..1d")
    .default("1s..64s")
}

/// The value of the option `retry`.
pub(crate) fn waits(range: &Value) -> Result<Waits, String> {
    let end = |value: &Option<Box<Value>>| match value.as_deref() {
        Some(Value::Duration(micros)) if *micros > 0 => {
            Some(Duration::from_micros(micros.unsigned_abs()))
        }
        _ => None,
    };
    match range {
        Value::Range(least, most) => {
            end(least).zip(end(most)).filter(|(least, most)| least <= most)
        }
        _ => None,
    }
    .ok_or_else(|| format!("expected two waiting times like `1s..64s`, found {range}"))
}

/// Waiting times between `least` and `most`.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    least: Duration,
    most: Duration,
    next: Duration,
    random: ChaCha8Rng,
}

impl Backoff {
    pub(crate) fn new((least, most): Waits, seed: &str) -> Self {
        let mut bytes = [0; 32];
        for (i, byte) in seed.bytes().enumerate() {
            bytes[i % 32] ^= byte.rotate_left((i / 32) as u32);
        }
        Self { least, most, next: least, random: ChaCha8Rng::from_seed(bytes) }
    }

    /// How long to wait now: from half of the interval to all of it; the next interval is twice as long.
    pub(crate) fn wait(&mut self) -> Duration {
        let interval = self.next;
        self.next = (interval * 2).min(self.most);
        let share = f64::from(self.random.next_u32()) / f64::from(u32::MAX);
        interval.mul_f64(0.5 + share / 2.0)
    }

    /// It worked: begin again.
    pub(crate) fn reset(&mut self) {
        self.next = self.least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_vary_by_client() {
        let seconds = Duration::from_secs;
        let mut backoff = Backoff::new((seconds(1), seconds(64)), "a");
        let waits: Vec<Duration> = (0..9).map(|_| backoff.wait()).collect();
        for (wait, interval) in waits.iter().zip([1, 2, 4, 8, 16, 32, 64, 64, 64]) {
            assert!((seconds(interval) / 2..=seconds(interval)).contains(wait), "{waits:?}");
        }
        let mut again = Backoff::new((seconds(1), seconds(64)), "a");
        assert_eq!(waits[0], again.wait());
        let mut other = Backoff::new((seconds(1), seconds(64)), "b");
        assert_ne!(waits[0], other.wait());
        backoff.reset();
        assert!(backoff.wait() <= seconds(1));
    }
    #[test]
    fn a_range_has_two_ends_in_order() {
        let second = |it: i64| Some(Box::new(Value::Duration(it * 1_000_000)));
        assert!(waits(&Value::Range(second(1), second(64))).is_ok());
        assert!(waits(&Value::Range(second(64), second(1))).is_err());
        assert!(waits(&Value::Range(second(1), None)).is_err());
        assert!(waits(&Value::Range(second(0), second(1))).is_err());
    }
}
