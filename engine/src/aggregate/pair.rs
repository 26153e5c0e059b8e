//! Double-double: a float and what was lost in rounding it, together about 106 bits.
//!
//! Additions keep the error of every rounding (Knuth's two-sum, Dekker's product), so a sum of millions of floats is as good as
//! if it were rounded once, when it is given out. Sums that grow out of the floats stay infinite.

use crate::error::Result;
use crate::key::{StateReader, StateWriter};

/// `high + low`, where `low` is at most half a unit in the last place of `high`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pair {
    high: f64,
    low: f64,
}

impl Pair {
    /// A float as it is.
    pub(super) fn of(value: f64) -> Pair {
        Pair { high: value, low: 0.0 }
    }

    /// A whole number, exactly up to 106 bits.
    pub(super) fn of_whole(value: i128) -> Pair {
        let high = value as f64;
        // A float of this size is a whole number, and the rest is small.
        let low = value.wrapping_sub(high as i128) as f64;
        quick(high, low)
    }

    /// `a - b`, exactly.
    pub(super) fn difference(a: f64, b: f64) -> Pair {
        let (high, low) = two_sum(a, -b);
        finite(high, low)
    }

    /// Adds a float.
    #[inline]
    pub(super) fn add(&mut self, value: f64) {
        let (sum, error) = two_sum(self.high, value);
        *self = quick(sum, error + self.low);
    }

    /// Adds another pair.
    #[inline]
    pub(super) fn add_pair(&mut self, other: Pair) {
        let (sum, error) = two_sum(self.high, other.high);
        let (low, low_error) = two_sum(self.low, other.low);
        let Pair { high, low: rest } = quick(sum, error + low);
        *self = quick(high, rest + low_error);
    }

    /// The product.
    pub(super) fn times(self, other: Pair) -> Pair {
        let (high, error) = two_product(self.high, other.high);
        quick(high, error + (self.high * other.low + self.low * other.high))
    }

    /// The quotient.
    pub(super) fn over(self, divisor: f64) -> Pair {
        let first = self.high / divisor;
        let (product, error) = two_product(first, divisor);
        let mut rest = self;
        rest.add(-product);
        rest.add(-error);
        quick(first, rest.value() / divisor)
    }

    /// The difference.
    pub(super) fn less(mut self, other: Pair) -> Pair {
        self.add_pair(Pair { high: -other.high, low: -other.low });
        self
    }

    /// Rounded.
    pub(super) fn value(self) -> f64 {
        self.high + self.low
    }

    pub(super) fn encode(self, out: &mut StateWriter) {
        out.f64(self.high);
        out.f64(self.low);
    }

    pub(super) fn decode(from: &mut StateReader<'_>) -> Result<Pair> {
        Ok(Pair { high: from.f64()?, low: from.f64()? })
    }
}

/// The rounded sum and the error of the rounding.
#[inline]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// The rounded product and the error of the rounding.
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    let ((a, a_low), (b, b_low)) = (split(a), split(b));
    (product, ((a * b - product) + a * b_low + a_low * b) + a_low * b_low)
}

/// The upper and the lower half of the digits.
fn split(value: f64) -> (f64, f64) {
    let spread = 134_217_729.0 * value;
    let high = spread - (spread - value);
    (high, value - high)
}

/// The sum of two floats of which the first is the greater.
#[inline]
fn quick(a: f64, b: f64) -> Pair {
    let high = a + b;
    if high.is_finite() { Pair { high, low: b - (high - a) } } else { finite(a, 0.0) }
}

/// Drops the rest of what has grown out of the floats.
fn finite(high: f64, low: f64) -> Pair {
    Pair { high, low: if high.is_finite() && low.is_finite() { low } else { 0.0 } }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exactness is what is tested")]
mod tests {
    use super::*;

    #[test]
    fn what_a_float_loses_is_kept() {
        let mut sum = Pair::default();
        for value in [1e16, 1.0, -1e16] {
            sum.add(value);
        }
        assert_eq!(sum.value(), 1.0);
        let mut tenth = Pair::default();
        (0..1_000_000).for_each(|_| tenth.add(0.1));
        assert_eq!(tenth.value(), 100_000.0);
        assert_eq!(Pair::of(1.0).over(3.0).times(Pair::of(3.0)).value(), 1.0);
        assert_eq!(Pair::of_whole(i128::from(i64::MAX)).over(1.0).value(), i64::MAX as f64);
    }

    #[test]
    fn a_sum_that_is_too_large_is_infinite() {
        let mut sum = Pair::of(f64::MAX);
        sum.add(f64::MAX);
        sum.add(-1.0);
        assert_eq!(sum.value(), f64::INFINITY);
        sum.add_pair(Pair::of(1.0));
        assert_eq!(sum.value(), f64::INFINITY);
    }

    #[test]
    fn merging_into_nothing_changes_no_bit() {
        let mut sum = Pair::of(0.1);
        sum.add(1e-20);
        let mut merged = Pair::default();
        merged.add_pair(sum);
        assert_eq!(merged, sum);
    }
}
