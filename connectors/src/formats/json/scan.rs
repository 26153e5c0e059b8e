//! Reading eight bytes at a time. A word is eight bytes of the text, the first one lowest; behind the end of the text
//! there are zeros, which no text of JSON may contain.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Powers of ten that fit 64 bits.
pub(super) const POWERS: [u64; 19] = {
    let mut powers = [1; 19];
    let mut i = 1;
    while i < powers.len() {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// Powers of ten that a float holds exactly.
const EXACT: [f64; 19] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18,
];

/// Numbers of more digits take the slow way.
const DIGITS_MAX: usize = 18;

/// The largest number up to which a float holds every whole number.
const WHOLE_MAX: u64 = 1 << 53;

/// The byte at a place, 0 behind the end.
#[inline]
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The word that begins at a place.
#[inline]
pub(super) fn word(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => last_word(bytes, at),
    }
}

#[cold]
fn last_word(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The closing quote of a text that begins at `at`; none if there is something else to look at before it: an escape, a
/// control character, the end.
#[inline]
pub(super) fn quote(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let word = word(bytes, at);
        // In each of these the lowest high bit is right: it marks the first such byte.
        let quotes = zero_bytes(word ^ (ONES * 0x22));
        let escapes = zero_bytes(word ^ (ONES * 0x5C));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = quotes | escapes | controls;
        if found != 0 {
            let first = found.trailing_zeros();
            return (quotes >> first & 1 == 1).then_some(at + (first as usize >> 3));
        }
        at += 8;
    }
}

#[inline]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// A number without exponent: `mantissa / 10^decimals`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    pub(super) negative: bool,
    pub(super) mantissa: u64,
    pub(super) decimals: usize,
    /// Behind it.
    pub(super) end: usize,
}

/// Reads a number; none if it is broken, long, or has an exponent.
#[inline]
pub(super) fn number(bytes: &[u8], start: usize) -> Option<Number> {
    let negative = byte(bytes, start) == b'-';
    let start = start + usize::from(negative);
    let (whole, length) = digits(bytes, start);
    if length == 0 || length > DIGITS_MAX || (length > 1 && byte(bytes, start) == b'0') {
        return None;
    }
    let end = start + length;
    match byte(bytes, end) {
        b'.' => {
            let (fraction, decimals) = digits(bytes, end + 1);
            let end = end + 1 + decimals;
            if decimals == 0 || length + decimals > DIGITS_MAX || byte(bytes, end) | 0x20 == b'e' {
                return None;
            }
            Some(Number { negative, mantissa: whole * POWERS[decimals] + fraction, decimals, end })
        }
        b'e' | b'E' => None,
        _ => Some(Number { negative, mantissa: whole, decimals: 0, end }),
    }
}

impl Number {
    /// As a whole number, if it has no decimals.
    #[inline]
    pub(super) fn int(self) -> Option<i64> {
        // At most 18 digits: it fits.
        let magnitude = self.mantissa as i64;
        (self.decimals == 0).then_some(if self.negative { -magnitude } else { magnitude })
    }

    /// As a float, if one division of two exact floats gives it: that is rounded correctly.
    #[inline]
    pub(super) fn float(self) -> Option<f64> {
        let magnitude = self.mantissa as f64 / EXACT[self.decimals];
        (self.mantissa <= WHOLE_MAX).then_some(if self.negative { -magnitude } else { magnitude })
    }
}

/// The value and the count of the digits that begin at `at`; the value is right for up to 19 of them.
#[inline]
fn digits(bytes: &[u8], at: usize) -> (u64, usize) {
    let (mut value, mut count) = (0_u64, 0);
    loop {
        let word = word(bytes, at + count);
        let here = leading_digits(word);
        if here == 8 {
            value = value.wrapping_mul(100_000_000).wrapping_add(eight_digits(word));
            count += 8;
            continue;
        }
        if here > 0 {
            // Zeros are put before them, so that there are eight again.
            let padded = word << (64 - 8 * here) | ZEROS >> (8 * here);
            value = value.wrapping_mul(POWERS[here]).wrapping_add(eight_digits(padded));
        }
        return (value, count + here);
    }
}

/// How many of a word's first bytes are digits.
#[inline]
fn leading_digits(word: u64) -> usize {
    let low = word ^ ZEROS;
    // A digit is now 0 to 9: its high half is empty, also after 6 is added.
    let others = (low.wrapping_add(ONES * 6) | low) & (ONES * 0xF0);
    (others.trailing_zeros() >> 3) as usize
}

/// Eight digits as a number: pairs, then fours, then all.
#[inline]
fn eight_digits(word: u64) -> u64 {
    const PAIRS: u64 = 0x0000_00FF_0000_00FF;
    let word = word.wrapping_sub(ZEROS);
    let word = word.wrapping_mul(10).wrapping_add(word >> 8);
    let high = (word & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let low = (word >> 16 & PAIRS).wrapping_mul(1 + (10_000 << 32));
    high.wrapping_add(low) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::syntax;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_those_of_the_standard_library(text in "-?[0-9]{0,20}(\\.[0-9]{0,12})?[eE, ]?") {
            if let Some(number) = number(text.as_bytes(), 0) {
                prop_assert_eq!(syntax::number(text.as_bytes(), 0), Ok(number.end), "{}", text);
                let text = &text[..number.end];
                if let Some(float) = number.float() {
                    prop_assert_eq!(float.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{}", text);
                }
                prop_assert_eq!(number.int(), text.parse::<i64>().ok(), "{}", text);
            }
        }

        #[test]
        fn texts_end_where_the_slow_way_says(text in "[ -~\\x00-\\x22é\\\\\"]{0,24}") {
            if let Some(end) = quote(text.as_bytes(), 0) {
                prop_assert_eq!(syntax::string(text.as_bytes(), 0), Ok(end + 1), "{}", text);
            }
        }
    }

    #[test]
    fn ordinary_values_do_not_need_the_slow_way() {
        assert_eq!(number(b"21.53,", 0).unwrap().float(), Some(21.53));
        assert_eq!(number(b"1700000000123}", 0).unwrap().int(), Some(1_700_000_000_123));
        assert_eq!(quote(b"dev-000123\",", 0), Some(10));
        assert_eq!(number(b"-0", 0).unwrap().float().map(f64::to_bits), Some((-0.0_f64).to_bits()));
    }
}
