//! Random numbers by row: the same for a row wherever generating begins.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::ops::Range;

/// Rows that get their random numbers together.
const BLOCK_ROWS: u64 = 4_096;

/// What a row gets for the noise of its four values.
const NOISE_BYTES: usize = 16;

/// What a row gets for what may happen to it.
const EVENT_BYTES: usize = 32;

/// The random numbers of a run.
pub(super) struct Chance {
    seed: u64,
    /// Whether anything can happen to a row: otherwise half of the work is left out.
    events: bool,
    block: Option<u64>,
    noise: Vec<u8>,
    event: Vec<u8>,
}

/// The random numbers of one row.
#[derive(Clone, Copy)]
pub(super) struct Draw<'a> {
    noise: &'a [u8],
    event: &'a [u8],
}

/// What can happen to a row, each by its own number.
#[derive(Clone, Copy)]
pub(super) enum Event {
    Spike = 0,
    SpikeHeight = 1,
    /// And the three behind it: one for each value.
    DropOut = 2,
    Late = 6,
    Bad = 7,
}

impl Chance {
    pub(super) fn new(seed: u64, events: bool) -> Chance {
        Chance { seed, events, block: None, noise: Vec::new(), event: Vec::new() }
    }

    /// Calls `each` with the numbers of every row.
    pub(super) fn each(&mut self, rows: Range<u64>, mut each: impl FnMut(u64, Draw<'_>)) {
        let mut row = rows.start;
        while row < rows.end {
            let block = row / BLOCK_ROWS;
            self.fill(block);
            let end = rows.end.min((block + 1) * BLOCK_ROWS);
            for row in row..end {
                let place = (row % BLOCK_ROWS) as usize;
                let noise = &self.noise[place * NOISE_BYTES..][..NOISE_BYTES];
                let event = if self.events {
                    &self.event[place * EVENT_BYTES..][..EVENT_BYTES]
                } else {
                    &[]
                };
                each(row, Draw { noise, event });
            }
            row = end;
        }
    }

    fn fill(&mut self, block: u64) {
        if self.block == Some(block) {
            return;
        }
        let stream = |number: u64, bytes: &mut Vec<u8>, row_bytes: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(self.seed);
            random.set_stream(number);
            bytes.resize(BLOCK_ROWS as usize * row_bytes, 0);
            random.fill_bytes(bytes);
        };
        stream(block * 2, &mut self.noise, NOISE_BYTES);
        if self.events {
            stream(block * 2 + 1, &mut self.event, EVENT_BYTES);
        }
        self.block = Some(block);
    }
}

impl Draw<'_> {
    /// Noise with a deviation of 1: the sum of four bytes, which never exceeds 3.45.
    pub(super) fn noise(&self, value: usize) -> f64 {
        const MEAN: f64 = 510.0;
        const DEVIATION: f64 = 147.8;
        let sum: u32 = self.noise[value * 4..value * 4 + 4].iter().map(|&it| u32::from(it)).sum();
        (f64::from(sum) - MEAN) / DEVIATION
    }

    /// A number from 0 to 1, without 1.
    pub(super) fn uniform(&self, event: Event, and: usize) -> f64 {
        let at = (event as usize + and) * 4;
        let bytes = self.event.get(at..at + 4).and_then(|it| it.try_into().ok());
        // Without events nothing happens: no share is above this.
        bytes.map_or(1.0, |it| f64::from(u32::from_le_bytes(it)) / 4_294_967_296.0)
    }

    /// Whether it happens, for this share of rows.
    pub(super) fn happens(&self, event: Event, and: usize, share: f64) -> bool {
        share > 0.0 && self.uniform(event, and) < share
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice::from_ref;

    #[test]
    fn a_row_has_the_same_numbers_wherever_one_begins() {
        let numbers = |ranges: &[Range<u64>]| {
            let mut chance = Chance::new(7, true);
            let mut numbers = Vec::new();
            for range in ranges {
                chance.each(range.clone(), |row, draw| {
                    numbers.push((row, draw.noise(0), draw.noise(3), draw.uniform(Event::Bad, 0)));
                });
            }
            numbers
        };
        let all = numbers(from_ref(&(0..10_000)));
        assert_eq!(all.len(), 10_000);
        assert_eq!(numbers(&[0..5, 5..4_096, 4_096..4_100, 4_100..10_000]), all);
        assert_eq!(numbers(from_ref(&(8_191..8_193))), all[8_191..8_193]);
    }

    #[test]
    fn noise_has_a_deviation_of_one() {
        let (mut sum, mut squares, mut rows) = (0.0, 0.0, 0.0);
        Chance::new(1, false).each(0..50_000, |_, draw| {
            assert!(draw.noise(1).abs() < 3.46);
            assert!(!draw.happens(Event::Spike, 0, 1.0));
            sum += draw.noise(1);
            squares += draw.noise(1) * draw.noise(1);
            rows += 1.0;
        });
        let (mean, deviation): (f64, f64) = (sum / rows, f64::sqrt(squares / rows));
        assert!(mean.abs() < 0.02 && (deviation - 1.0).abs() < 0.02, "{mean} {deviation}");
    }
}
