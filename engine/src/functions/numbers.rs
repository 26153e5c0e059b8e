//! Roots, logarithms, and numbers that are none.

use crate::function::Runs::Total;
use crate::function::{Function, a_float, boolean, float, number, word};
use datafusion_functions::math;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    [
        word("sqrt", "The square root of a number.", a_float)
            .details("NaN (not a number) where the number is below 0.")
            .takes(float("x", "The number."))
            .example("sqrt(2.25)", "1.5")
            .example("sqrt(9)", "3.0")
            .runs(Total(math::sqrt)),
        word("cbrt", "The cube root of a number.", a_float)
            .takes(float("x", "The number."))
            .example("cbrt(-27.0)", "-3.0")
            .runs(Total(math::cbrt)),
        word("exp", "Euler's number raised to a power.", a_float)
            .takes(float("x", "The power."))
            .example("exp(0.0)", "1.0")
            .runs(Total(math::exp)),
        word("ln", "The natural logarithm of a number.", a_float)
            .details("Minus infinity where the number is 0, NaN (not a number) where it is below.")
            .takes(float("x", "The number."))
            .example("ln(1.0)", "0.0")
            .runs(Total(math::ln)),
        word("log2", "The logarithm of a number to base 2.", a_float)
            .details("Minus infinity where the number is 0, NaN (not a number) where it is below.")
            .takes(float("x", "The number."))
            .example("log2(8.0)", "3.0")
            .runs(Total(math::log2)),
        word("log10", "The logarithm of a number to base 10.", a_float)
            .details("Minus infinity where the number is 0, NaN (not a number) where it is below.")
            .takes(float("x", "The number."))
            .example("log10(1000.0)", "3.0")
            .runs(Total(math::log10)),
        word("log", "The logarithm of a number to a base, or to base 10.", a_float)
            .details("With one argument it is the logarithm of that to base 10; with two the base stands first.")
            .takes(float("base", "The base; the number itself where it is the only argument."))
            .takes(float("x", "The number.").optional())
            .example("log(2.0, 64.0)", "6.0")
            .example("log(100.0)", "2.0")
            .runs(Total(math::log)),
        word("isnan", "Whether a float is not a number.", boolean)
            .takes(float("x", "The float."))
            .example("isnan(sqrt(-1.0))", "true")
            .example("isnan(1.5)", "false")
            .runs(Total(math::isnan)),
        word("iszero", "Whether a number is 0, of either sign.", boolean)
            .takes(number("x", "The number."))
            .example("iszero(-0.0)", "true")
            .example("iszero(7)", "false")
            .runs(Total(math::iszero)),
        word("nanvl", "A float, or another one where it is not a number.", a_float)
            .takes(float("x", "The float."))
            .takes(float("instead", "What stands for it where it is not a number."))
            .example("nanvl(sqrt(-1.0), 0.0)", "0.0")
            .example("nanvl(1.5, 0.0)", "1.5")
            .runs(Total(math::nanvl)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
