//! How long to wait before the next try: doubling, with jitter, so that a thousand clients of one broker do not come
//! back in the same instant. The jitter is seeded by the client id, so a run can be repeated.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::time::Duration;

/// Waiting times between `least` and `most`.
#[derive(Debug)]
pub(super) struct Backoff {
    least: Duration,
    most: Duration,
    next: Duration,
    random: ChaCha8Rng,
}

impl Backoff {
    pub(super) fn new(least: Duration, most: Duration, client_id: &str) -> Self {
        let mut seed = [0; 32];
        for (i, byte) in client_id.bytes().enumerate() {
            seed[i % 32] ^= byte.rotate_left((i / 32) as u32);
        }
        Self { least, most, next: least, random: ChaCha8Rng::from_seed(seed) }
    }

    /// How long to wait now: from half of the interval to all of it; the next interval is twice as long.
    pub(super) fn wait(&mut self) -> Duration {
        let interval = self.next;
        self.next = (interval * 2).min(self.most);
        let share = f64::from(self.random.next_u32()) / f64::from(u32::MAX);
        interval.mul_f64(0.5 + share / 2.0)
    }

    /// It worked: begin again.
    pub(super) fn reset(&mut self) {
        self.next = self.least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_vary_by_client() {
        let seconds = Duration::from_secs;
        let mut backoff = Backoff::new(seconds(1), seconds(64), "a");
        let waits: Vec<Duration> = (0..9).map(|_| backoff.wait()).collect();
        for (wait, interval) in waits.iter().zip([1, 2, 4, 8, 16, 32, 64, 64, 64]) {
            assert!((seconds(interval) / 2..=seconds(interval)).contains(wait), "{waits:?}");
        }
        let mut again = Backoff::new(seconds(1), seconds(64), "a");
        assert_eq!(waits[0], again.wait());
        let mut other = Backoff::new(seconds(1), seconds(64), "b");
        assert_ne!(waits[0], other.wait());
        backoff.reset();
        assert!(backoff.wait() <= seconds(1));
    }
}
