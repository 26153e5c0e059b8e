//! How unlikely a deviation is, as a score that detectors have in common.

use std::f64::consts::{FRAC_1_SQRT_2, LOG10_E};

/// No score is above this.
pub(crate) const SCORE_MAX: f64 = 300.0;

/// −log10 of the probability that a normally distributed value is at least this many deviations away from the mean, on
/// either side. The functions are those of `libm`, so that the bits are the same on every machine.
pub(crate) fn normal_score(deviations: f64) -> f64 {
    let x = deviations * FRAC_1_SQRT_2;
    if x < 0.5 {
        // The probability is near 1: its logarithm is told from how far it is from 1.
        return -libm::log1p(-libm::erf(x)) * LOG10_E;
    }
    let probability = libm::erfc(x);
    if probability <= 0.0 { SCORE_MAX } else { (-libm::log10(probability)).min(SCORE_MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unreadable_literal, reason = "digits as they were worked out")]
    /// Worked out with 60 digits (mpmath): `-log10(erfc(z / sqrt(2)))`.
    const KNOWN: &[(f64, f64)] = &[
        (1e-09, 3.465168620907243e-10),
        (0.01, 0.0034790084018169664),
        (0.5, 0.2096619936012596),
        (0.7, 0.3152198731677723),
        (0.71, 0.32084099838095026),
        (1.0, 0.4985155458279893),
        (2.0, 1.3419860844769558),
        (2.846049894151541, 2.3539369944695263),
        (3.0, 2.568669040265388),
        (5.0, 6.241615676726673),
        (10.0, 22.817023409822095),
        (20.0, 88.2590653474116),
        (30.0, 197.00817926599697),
        (37.0, 298.94115118294593),
    ];

    #[test]
    fn the_score_is_accurate_near_nothing_and_far_out() {
        for &(deviations, expected) in KNOWN {
            let score = normal_score(deviations);
            assert!((score - expected).abs() <= expected * 4e-15, "{deviations}: {score}");
        }
        assert_eq!(normal_score(0.0).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn it_is_at_most_300() {
        assert_eq!(normal_score(37.5).to_bits(), SCORE_MAX.to_bits());
        assert_eq!(normal_score(f64::INFINITY).to_bits(), SCORE_MAX.to_bits());
    }
}
