//! Numbers in the sentences that say why a reading is an anomaly.

/// Digits that are shown.
const DIGITS: i32 = 6;

/// A number as people read it: six digits, no zeros behind the point, an exponent only where it is far from 1.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:.*e}", (DIGITS - 1) as usize);
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-5..15).contains(&exponent) {
        return format!("{}e{exponent}", trimmed(digits));
    }
    let decimals = (DIGITS - 1 - exponent).max(0) as usize;
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

/// Without the zeros at the end of a fraction.
fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_shown() {
        let cases = [
            (85.0, "85"),
            (-0.0, "0"),
            (1.0 / 3.0, "0.333333"),
            (25.299_999_999_7, "25.3"),
            (1_234_567.5, "1234568"),
            (99_999.96, "100000"),
            (0.000_012_3, "0.0000123"),
            (-1.5e-9, "-1.5e-9"),
            (6.02e23, "6.02e23"),
            (f64::INFINITY, "inf"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }
}
