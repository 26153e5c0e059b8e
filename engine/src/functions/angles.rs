//! Angles and what is made of them, in radians.

use crate::function::Runs::Total;
use crate::function::{Function, a_float, float, word};
use datafusion_functions::math;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    [
        word("sin", "The sine of an angle in radians.", a_float)
            .takes(float("x", "The angle."))
            .example("sin(0.0)", "0.0")
            .example("round(sin(pi() / 2.0), 9)", "1.0")
            .runs(Total(math::sin)),
        word("cos", "The cosine of an angle in radians.", a_float)
            .takes(float("x", "The angle."))
            .example("cos(0.0)", "1.0")
            .runs(Total(math::cos)),
        word("tan", "The tangent of an angle in radians.", a_float)
            .takes(float("x", "The angle."))
            .example("tan(0.0)", "0.0")
            .runs(Total(math::tan)),
        word("cot", "The cotangent of an angle in radians.", a_float)
            .takes(float("x", "The angle."))
            .example("round(cot(1.0), 6)", "0.642093")
            .runs(Total(math::cot)),
        word("asin", "The angle in radians whose sine this is.", a_float)
            .details("NaN (not a number) where the number is outside of -1 to 1.")
            .takes(float("x", "The sine."))
            .example("asin(0.0)", "0.0")
            .runs(Total(math::asin)),
        word("acos", "The angle in radians whose cosine this is.", a_float)
            .details("NaN (not a number) where the number is outside of -1 to 1.")
            .takes(float("x", "The cosine."))
            .example("acos(1.0)", "0.0")
            .runs(Total(math::acos)),
        word("atan", "The angle in radians whose tangent this is.", a_float)
            .takes(float("x", "The tangent."))
            .example("round(atan(1.0), 6)", "0.785398")
            .runs(Total(math::atan)),
        word("atan2", "The angle in radians from the x axis to a point.", a_float)
            .details(
                "Between -π and π; unlike `atan(y / x)` it knows in which quarter the point lies.",
            )
            .takes(float("y", "How far up the point is."))
            .takes(float("x", "How far right the point is."))
            .example("round(atan2(1.0, -1.0), 6)", "2.356194")
            .runs(Total(math::atan2)),
        word("degrees", "An angle in radians as one in degrees.", a_float)
            .takes(float("x", "The angle in radians."))
            .example("degrees(pi())", "180.0")
            .runs(Total(math::degrees)),
        word("radians", "An angle in degrees as one in radians.", a_float)
            .takes(float("x", "The angle in degrees."))
            .example("round(radians(180.0), 6)", "3.141593")
            .runs(Total(math::radians)),
        word("pi", "The ratio of a circle's circumference to its diameter.", a_float)
            .example("round(pi(), 5)", "3.14159")
            .runs(Total(math::pi)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
