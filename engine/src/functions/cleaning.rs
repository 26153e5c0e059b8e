//! Text made from text: case, white space, replacement.

use crate::function::Runs::{Library, Total};
use crate::function::{Function, a_text, int, text, word};
use datafusion_functions::{core, string, unicode};
use dsl::signature::Param;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    [
        word("lower", "A text in small letters.", a_text)
            .takes(text("text", "The text."))
            .example("lower(\"Pump A\")", "\"pump a\"")
            .runs(Total(string::lower)),
        word("upper", "A text in capital letters.", a_text)
            .takes(text("text", "The text."))
            .example("upper(\"Pump a\")", "\"PUMP A\"")
            .runs(Total(string::upper)),
        word("initcap", "A text with a capital letter at the start of each word.", a_text)
            .details("Words are runs of letters and digits; the other letters become small.")
            .takes(text("text", "The text."))
            .example("initcap(\"north PLANT\")", "\"North Plant\"")
            .runs(Total(unicode::initcap)),
        word("btrim", "A text without spaces, or other characters, at both ends.", a_text)
            .also(&["trim"])
            .takes(text("text", "The text."))
            .takes(trimmed())
            .example("btrim(\"  ok \")", "\"ok\"")
            .example("btrim(\"--ok-\", \"-\")", "\"ok\"")
            .runs(Total(string::btrim)),
        word("ltrim", "A text without spaces, or other characters, at its start.", a_text)
            .takes(text("text", "The text."))
            .takes(trimmed())
            .example("ltrim(\"0042\", \"0\")", "\"42\"")
            .runs(Total(string::ltrim)),
        word("rtrim", "A text without spaces, or other characters, at its end.", a_text)
            .takes(text("text", "The text."))
            .takes(trimmed())
            .example("rtrim(\"ok \")", "\"ok\"")
            .runs(Total(string::rtrim)),
        word("replace", "A text with another one in every place of a third.", a_text)
            .takes(text("text", "The text."))
            .takes(text("old", "What is replaced, wherever it stands."))
            .takes(text("new", "What stands there instead."))
            .example("replace(\"a-b-c\", \"-\", \"/\")", "\"a/b/c\"")
            .runs(Total(string::replace)),
        word("translate", "A text with single characters exchanged for others.", a_text)
            .details("Each character of `from` becomes the one at its place in `to`, or nothing where `to` is shorter.")
            .takes(text("text", "The text."))
            .takes(text("from", "The characters to exchange."))
            .takes(text("to", "What each of them becomes."))
            .example("translate(\"1.234,5\", \",.\", \".\")", "\"1234.5\"")
            .runs(Total(unicode::translate)),
        word("overlay", "A text with a part of it replaced by place.", a_text)
            .takes(text("text", "The text."))
            .takes(text("new", "What is put in."))
            .takes(int("start", "The place of the first character that is replaced, from 1."))
            .takes(int("count", "How many are replaced; as many as `new` has by default.").optional())
            .example("overlay(\"sensor-00\", \"42\", 8)", "\"sensor-42\"")
            .runs(Library(core::overlay)),
        word("reverse", "A text with its characters in reverse order.", a_text)
            .takes(text("text", "The text."))
            .example("reverse(\"abc\")", "\"cba\"")
            .runs(Total(unicode::reverse)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn trimmed() -> Param {
    text("characters", "The characters to take off, each by itself.").default("\" \"")
}
