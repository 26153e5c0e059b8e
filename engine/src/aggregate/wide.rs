//! Sums of decimals: 128 bits are not enough for two of them, so there are 64 more.

use crate::error::Result;
use crate::key::{StateReader, StateWriter};

/// A signed number of 192 bits: no sum of decimals that fits into memory grows out of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Wide {
    low: u128,
    high: i64,
}

impl Wide {
    /// Adds a number.
    #[inline]
    pub(super) fn add(&mut self, value: i128) {
        self.add_wide(Wide { low: value as u128, high: if value < 0 { -1 } else { 0 } });
    }

    /// Adds another one.
    #[inline]
    pub(super) fn add_wide(&mut self, other: Wide) {
        let (low, carry) = self.low.overflowing_add(other.low);
        self.low = low;
        self.high = self.high.wrapping_add(other.high).wrapping_add(carry.into());
    }

    /// The number, if 128 bits are enough for it.
    pub(super) fn narrow(self) -> Option<i128> {
        let value = self.low as i128;
        (self.high == if value < 0 { -1 } else { 0 }).then_some(value)
    }

    /// `factor` times the number, divided by a positive number and rounded half away from zero; none if 128 bits are not
    /// enough for it.
    pub(super) fn times_over(self, factor: u64, divisor: u64) -> Option<i128> {
        let negative = self.high < 0;
        let (factor, divisor) = (u128::from(factor), u128::from(divisor));
        // The number without its sign, in digits of 64 bits.
        let (low, carry) =
            if negative { (!self.low).overflowing_add(1) } else { (self.low, false) };
        let high = if negative { (!self.high).wrapping_add(carry.into()) } else { self.high };
        let mut rest = 0_u128;
        let mut quotient = [0_u128; 3];
        let digits = [u128::from(high as u64), low >> 64, low & u128::from(u64::MAX)];
        for (digit, out) in digits.into_iter().zip(&mut quotient) {
            let part = (rest << 64) | digit;
            *out = part / divisor;
            rest = part % divisor;
        }
        let [0, upper, lower] = quotient else { return None };
        let behind = rest * factor;
        let (part, rest) = (behind / divisor, behind % divisor);
        let up = u128::from(rest >= divisor - rest);
        let whole = (upper << 64 | lower).checked_mul(factor)?;
        let magnitude = i128::try_from(whole.checked_add(part)?.checked_add(up)?).ok()?;
        Some(if negative { -magnitude } else { magnitude })
    }

    pub(super) fn encode(self, out: &mut StateWriter) {
        out.i128(self.low as i128);
        out.i64(self.high);
    }

    pub(super) fn decode(from: &mut StateReader<'_>) -> Result<Wide> {
        Ok(Wide { low: from.i128()? as u128, high: from.i64()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(values: &[i128]) -> Wide {
        let mut sum = Wide::default();
        for value in values {
            sum.add(*value);
        }
        sum
    }

    #[test]
    fn sums_beyond_128_bits_come_back() {
        let beyond = sum(&[i128::MAX, i128::MAX, 5]);
        assert_eq!(beyond.narrow(), None);
        assert_eq!(beyond.times_over(1, 2), None);
        assert_eq!(beyond.times_over(1, 4), Some((1 << 126) + 1), "(2^128 + 3) / 4, rounded");
        let mut back = beyond;
        back.add_wide(sum(&[-i128::MAX, -i128::MAX]));
        assert_eq!(back.narrow(), Some(5));
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        assert_eq!(sum(&[5]).times_over(1, 2), Some(3));
        assert_eq!(sum(&[-5]).times_over(1, 2), Some(-3));
        assert_eq!(sum(&[-4]).times_over(1, 3), Some(-1));
        assert_eq!(sum(&[-2]).times_over(10_000, 3), Some(-6_667));
        assert_eq!(sum(&[i128::MIN]).times_over(1, 1), None);
        assert_eq!(sum(&[i128::MIN]).times_over(1, 2), Some(i128::MIN / 2));
    }
}
