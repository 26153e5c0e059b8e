//! Mean and deviation of the last readings, in constant time a reading.
//!
//! ```text
//!  ring     ┌─────┬─────┬ … ┬─────┐   the readings themselves; the next one takes the place of the oldest
//!           └─────┴─────┴ … ┴─────┘
//!  sums     of (reading − shift) and of its square: the new one is added, the oldest taken away
//! ```
//!
//! Sums that are only ever changed drift, and what a large reading has pushed out of them does not come back when it
//! leaves. So they are worked out anew from the ring once a turn, and whenever what is left of them is small against what
//! they were made of. The shift is a reading of the ring: squares stay small, and equal readings have no deviation at all.

/// Readings beyond this have squares that cannot be summed.
pub(crate) const READING_MAX: f64 = 1e150;

/// Sums are worked out anew when less than one part in so many is left of them, for each reading in the ring.
const LEFT_MIN: f64 = 64.0;

/// Sums over the readings of a ring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moments {
    /// What every reading is taken relative to.
    pub(crate) shift: f64,
    /// The sum of the readings less the shift.
    pub(crate) sum: f64,
    /// The sum of the squares of these.
    pub(crate) squares: f64,
    /// The largest that `squares` has been since the sums were worked out anew.
    pub(crate) peak: f64,
    /// Where the next reading goes.
    pub(crate) next: u32,
    /// How many readings there are.
    pub(crate) count: u32,
}

impl Moments {
    /// No reading.
    pub(crate) const NONE: Moments =
        Moments { shift: 0.0, sum: 0.0, squares: 0.0, peak: 0.0, next: 0, count: 0 };

    /// Takes a reading in, in place of the oldest where the ring is full.
    #[inline]
    pub(crate) fn push(&mut self, ring: &mut [f64], reading: f64) {
        let slot = &mut ring[self.next as usize];
        let oldest = std::mem::replace(slot, reading);
        self.next += 1;
        if (self.count as usize) < ring.len() {
            if self.count == 0 {
                self.shift = reading;
            }
            self.count += 1;
        } else {
            let gone = oldest - self.shift;
            self.sum -= gone;
            self.squares -= gone * gone;
        }
        let come = reading - self.shift;
        self.sum += come;
        self.squares += come * come;
        self.peak = self.peak.max(self.squares);
        if self.next as usize == ring.len() {
            self.next = 0;
            self.renew(ring, ring[0]);
        } else if self.spread() * LEFT_MIN * f64::from(self.count) < self.peak {
            self.renew(ring, reading);
        }
    }

    /// Works the sums out anew, relative to a reading of the ring. The sum of squares is then at most `count + 1` times
    /// the spread, so that this is not needed again at once.
    fn renew(&mut self, ring: &[f64], shift: f64) {
        self.shift = shift;
        (self.sum, self.squares) = (0.0, 0.0);
        for reading in &ring[..self.count as usize] {
            let come = reading - shift;
            self.sum += come;
            self.squares += come * come;
        }
        self.peak = self.squares;
    }

    /// The sum of the squared distances from the mean.
    #[inline]
    fn spread(&self) -> f64 {
        self.squares - self.sum * self.sum / f64::from(self.count)
    }

    /// The mean, of at least one reading.
    #[inline]
    pub(crate) fn mean(&self) -> f64 {
        self.shift + self.sum / f64::from(self.count)
    }

    /// How far a value is above the mean.
    #[inline]
    pub(crate) fn distance(&self, value: f64) -> f64 {
        (value - self.shift) - self.sum / f64::from(self.count)
    }

    /// The sample deviation, of at least two readings.
    #[inline]
    pub(crate) fn deviation(&self) -> f64 {
        (self.spread().max(0.0) / f64::from(self.count - 1)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Mean and sample deviation of readings, each in a pass of its own.
    fn two_passes(readings: &[f64]) -> (f64, f64) {
        let n = readings.len() as f64;
        let rough = readings.iter().sum::<f64>() / n;
        let mean = rough + readings.iter().map(|it| it - rough).sum::<f64>() / n;
        let squares: f64 = readings.iter().map(|it| (it - mean).powi(2)).sum();
        (mean, (squares / (n - 1.0)).sqrt())
    }

    fn agrees(readings: &[f64], last: usize) -> Result<(), TestCaseError> {
        let mut ring = vec![0.0; last];
        let mut moments = Moments::NONE;
        for (i, &reading) in readings.iter().enumerate() {
            moments.push(&mut ring, reading);
            let window = &readings[(i + 1).saturating_sub(last)..=i];
            prop_assert_eq!(moments.count as usize, window.len());
            if window.len() < 2 {
                continue;
            }
            let (mean, deviation) = two_passes(window);
            let size = window.iter().fold(0.0_f64, |most, it| most.max(it.abs()));
            prop_assert!((moments.mean() - mean).abs() <= size * 1e-12, "mean after {}", i);
            let error = (moments.deviation() - deviation).abs();
            prop_assert!(
                error <= deviation * 1e-9 + size * 1e-15,
                "deviation after {}: {} for {}",
                i,
                moments.deviation(),
                deviation
            );
        }
        Ok(())
    }

    /// Readings around levels that jump by many orders of magnitude.
    fn readings() -> impl Strategy<Value = Vec<f64>> {
        let level = prop_oneof![Just(0.0), Just(20.0), Just(-1e6), Just(1e12), Just(3e100)];
        let noise = prop_oneof![Just(0.0), Just(1e-3), Just(1.0)];
        let run = (level, noise, prop::collection::vec(-1.0..1.0, 1..60)).prop_map(
            |(level, noise, run)| run.into_iter().map(|it: f64| level + noise * it).collect(),
        );
        prop::collection::vec(run, 1..8).prop_map(|runs: Vec<Vec<f64>>| runs.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn sums_agree_with_two_passes_over_the_window(readings in readings(), last in 2_usize..70) {
            agrees(&readings, last)?;
        }
    }

    #[test]
    fn a_spike_leaves_nothing_behind() {
        let mut ring = [0.0; 10];
        let mut moments = Moments::NONE;
        for reading in [1.0, 1e12, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0] {
            moments.push(&mut ring, reading);
        }
        assert!((moments.deviation() - two_passes(&ring).1).abs() < 1e-15);
    }

    #[test]
    fn equal_readings_have_no_deviation_whatever_was_before_them() {
        for before in [0.0, 0.1, 1e9, -3e149] {
            let mut ring = [0.0; 7];
            let mut moments = Moments::NONE;
            (0..5).for_each(|i| moments.push(&mut ring, before + f64::from(i)));
            for i in 0..20 {
                moments.push(&mut ring, 0.3);
                if i >= 6 {
                    let found = [moments.mean(), moments.deviation(), moments.distance(0.3)];
                    assert_eq!(found.map(f64::to_bits), [0.3, 0.0, 0.0].map(f64::to_bits));
                }
            }
        }
    }
}
