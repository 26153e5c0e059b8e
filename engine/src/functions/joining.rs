//! Texts put together from others, and from numbers.

use crate::function::Runs::{Library, Total};
use crate::function::{Function, a_text, int, text, word};
use datafusion_functions::string;
use dsl::signature::{Param, Place};
use dsl::types::{Type, Typed};

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    [
        word("concat", "Several texts joined, nulls left out.", |_| Ok(Type::String.required()))
            .details("Never null. A template says the same for values of any type, and is null where one of them is: `f\"{site}/{line}\"`.")
            .takes(several("texts", "The texts."))
            .example("concat(\"a\", null, \"b\")", "\"ab\"")
            .runs(Total(string::concat)),
        word("concat_ws", "Several texts joined with a separator, nulls left out.", separated)
            .details("Null where the separator is.")
            .takes(text("separator", "What stands between two of them."))
            .takes(several("texts", "The texts."))
            .example("concat_ws(\"/\", \"plant\", null, \"line\")", "\"plant/line\"")
            .runs(Total(string::concat_ws)),
        word("chr", "The character of a Unicode number.", a_text)
            .details("A row is refused where no character has this number.")
            .takes(int("code", "The number."))
            .example("chr(176)", "\"°\"")
            .runs(Library(string::chr)),
        word("to_hex", "A whole number in hexadecimal digits.", a_text)
            .details("A negative number is written as its 64 bits.")
            .takes(int("n", "The number."))
            .example("to_hex(255)", "\"ff\"")
            .example("to_hex(-1)", "\"ffffffffffffffff\"")
            .runs(Total(string::to_hex)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn several(name: &'static str, doc: &'static str) -> Param {
    Param { place: Place::Repeated, ..text(name, doc) }
}

/// Text, null where the separator is.
#[expect(clippy::unnecessary_wraps, reason = "it is the rule of a word")]
fn separated(args: &[Typed]) -> Result<Typed, String> {
    let nullable = args.first().is_none_or(|it| it.nullable);
    Ok(Typed { ty: Type::String, nullable })
}
