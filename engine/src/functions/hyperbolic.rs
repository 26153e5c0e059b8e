//! Hyperbolic functions and their inverses.

use crate::function::Runs::Total;
use crate::function::{Function, a_float, float, word};
use datafusion_functions::math;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    [
        word("sinh", "The hyperbolic sine of a number.", a_float)
            .takes(float("x", "The number."))
            .example("sinh(0.0)", "0.0")
            .runs(Total(math::sinh)),
        word("cosh", "The hyperbolic cosine of a number.", a_float)
            .takes(float("x", "The number."))
            .example("cosh(0.0)", "1.0")
            .runs(Total(math::cosh)),
        word("tanh", "The hyperbolic tangent of a number.", a_float)
            .takes(float("x", "The number."))
            .example("tanh(0.0)", "0.0")
            .runs(Total(math::tanh)),
        word("asinh", "The number whose hyperbolic sine this is.", a_float)
            .takes(float("x", "The hyperbolic sine."))
            .example("asinh(0.0)", "0.0")
            .runs(Total(math::asinh)),
        word("acosh", "The number whose hyperbolic cosine this is.", a_float)
            .details("NaN (not a number) where the number is below 1.")
            .takes(float("x", "The hyperbolic cosine."))
            .example("acosh(1.0)", "0.0")
            .runs(Total(math::acosh)),
        word("atanh", "The number whose hyperbolic tangent this is.", a_float)
            .details("NaN (not a number) where the number is outside of -1 to 1.")
            .takes(float("x", "The hyperbolic tangent."))
            .example("atanh(0.0)", "0.0")
            .runs(Total(math::atanh)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
