//! `div`: the whole part of a quotient. The operator `/` never truncates.

use crate::expr::whole_quotient;
use crate::function::Runs::Own;
use crate::function::{Function, an_int, int, word};

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    word("div", "The whole part of one whole number divided by another.", an_int)
        .details("Cut towards 0; `a % b` is what is left. A division by 0 is an error row. (`7 / 2` is 3.5.)")
        .takes(int("a", "What is divided."))
        .takes(int("b", "What it is divided by."))
        .example("div(7, 2)", "3")
        .example("div(-7, 2)", "-3")
        .runs(Own(|call| Ok(whole_quotient(call.node(0)?, call.node(1)?))))
}
