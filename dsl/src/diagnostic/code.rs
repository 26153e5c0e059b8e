//! Every code a diagnostic can have. A code that appeared in a release is never used for anything else.
//!
//! | range | about |
//! |---|---|
//! | E01xx | the text does not parse |
//! | E02xx | names: unknown, defined twice, in a circle |
//! | E03xx | types and expressions |
//! | E04xx | arguments and options of a word |
//! | E05xx | steps, windows, time |
//! | E06xx | sources, sinks and what they can promise |
//! | E07xx | tests in a file |
//! | E08xx | not in this version |
//! | W09xx | warnings |

use super::Severity;
use std::fmt;

macro_rules! codes {
    ($($name:ident = $number:literal, $meaning:literal;)*) => {
        /// A stable code: `E0201`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $meaning] $name = $number,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// What it stands for, one line.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    UnexpectedText = 101, "something else was expected here";
    UnclosedBracket = 102, "a bracket is not closed, or by another one";
    UnopenedBracket = 103, "a bracket closes nothing";
    TooDeep = 104, "brackets are nested too deep";
    UnclosedText = 105, "a text or quoted name is not closed in its line";
    LeadingZero = 106, "a number begins with a superfluous 0";
    NumberTooLarge = 107, "a number does not fit its type";
    OddDuration = 108, "a duration is no whole number of microseconds";
    UnknownUnit = 109, "letters behind a number that mean nothing together";
    NoSuchTime = 110, "a date or time that is in no calendar";
    UnknownName = 201, "no such name";
    WrongType = 301, "a value of another type is needed";
    NotInThisVersion = 801, "the language has it, this version does not run it yet";
}

impl Code {
    /// Numbers from 900 are warnings.
    pub fn severity(self) -> Severity {
        if (self as u16) < 900 { Severity::Error } else { Severity::Warning }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = if self.severity() == Severity::Error { 'E' } else { 'W' };
        write!(f, "{letter}{:04}", *self as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_written_with_four_digits() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(Code::UnknownName.to_string(), "E0201");
    }
}
