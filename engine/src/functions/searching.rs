//! Whether and where one text stands in another. Case matters; patterns are in `regexp`.

use crate::function::Runs::Total;
use crate::function::{Function, an_int, boolean, text, word};
use datafusion_functions::{string, unicode};

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    [
        word("contains", "Whether a text contains another one.", boolean)
            .takes(text("text", "The text."))
            .takes(text("part", "What is looked for."))
            .example("contains(\"pump failure\", \"fail\")", "true")
            .runs(Total(string::contains)),
        word("starts_with", "Whether a text begins with another one.", boolean)
            .takes(text("text", "The text."))
            .takes(text("prefix", "What it may begin with."))
            .example("starts_with(\"plant/line\", \"plant/\")", "true")
            .runs(Total(string::starts_with)),
        word("ends_with", "Whether a text ends with another one.", boolean)
            .takes(text("text", "The text."))
            .takes(text("suffix", "What it may end with."))
            .example("ends_with(\"data.csv\", \".json\")", "false")
            .runs(Total(string::ends_with)),
        word("strpos", "The place of a text in another one.", an_int)
            .also(&["instr"])
            .details("In characters, from 1; 0 where it is not there.")
            .takes(text("text", "The text."))
            .takes(text("part", "What is looked for."))
            .example("strpos(\"sensor-42\", \"-\")", "7")
            .example("strpos(\"sensor\", \"-\")", "0")
            .runs(Total(unicode::strpos)),
        word("find_in_set", "The place of a text among others between commas.", an_int)
            .details("From 1; 0 where it is not among them. (Of a list, `x in [a, b]` says whether it is there.)")
            .takes(text("text", "What is looked for."))
            .takes(text("set", "Texts with commas between them."))
            .example("find_in_set(\"b\", \"a,b,c\")", "2")
            .runs(Total(unicode::find_in_set)),
        word("levenshtein", "How many single characters make one text another.", an_int)
            .details("Characters that are put in, taken out or changed.")
            .takes(text("a", "A text."))
            .takes(text("b", "Another text."))
            .example("levenshtein(\"sensor\", \"censors\")", "2")
            .runs(Total(string::levenshtein)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
