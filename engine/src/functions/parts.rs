//! Parts of texts, and how long they are. Characters are counted, not bytes, and places count from 1.

use crate::function::Runs::{Library, Total};
use crate::function::{Function, a_text, an_int, int, text, word};
use datafusion_functions::{string, unicode};

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    [
        word("substr", "A part of a text, by place and length.", a_text)
            .also(&["substring"])
            .details(
                "Places before the first count, too: `substr(\"abc\", 0, 2)` is \"a\". A row is refused where the length \
                 is negative.",
            )
            .takes(text("text", "The text."))
            .takes(int("start", "The place of the first character, from 1."))
            .takes(int("length", "How many characters; all that are left by default.").optional())
            .example("substr(\"sensor-42\", 8)", "\"42\"")
            .example("substr(\"sensor-42\", 1, 6)", "\"sensor\"")
            .runs(Library(unicode::substr)),
        word("left", "The first characters of a text.", a_text)
            .takes(text("text", "The text."))
            .takes(int("n", "How many; all but so many, where negative."))
            .example("left(\"sensor-42\", 6)", "\"sensor\"")
            .example("left(\"sensor-42\", -3)", "\"sensor\"")
            .runs(Library(unicode::left)),
        word("right", "The last characters of a text.", a_text)
            .takes(text("text", "The text."))
            .takes(int("n", "How many; all but so many, where negative."))
            .example("right(\"sensor-42\", 2)", "\"42\"")
            .runs(Library(unicode::right)),
        word("split_part", "One of the parts of a text between separators.", a_text)
            .details("Empty text where there is no such part. A row is refused at place 0.")
            .takes(text("text", "The text."))
            .takes(text("separator", "What stands between two parts."))
            .takes(int("n", "Which part, from 1; from the end, where negative."))
            .example("split_part(\"plant/line/7\", \"/\", 2)", "\"line\"")
            .example("split_part(\"plant/line/7\", \"/\", -1)", "\"7\"")
            .runs(Library(string::split_part)),
        word("substr_index", "A text up to the n-th separator.", a_text)
            .details("All of it where there are fewer separators.")
            .takes(text("text", "The text."))
            .takes(text("separator", "What stands between two parts."))
            .takes(int("n", "How many parts to keep; from the end, where negative."))
            .example("substr_index(\"plant/line/7\", \"/\", 2)", "\"plant/line\"")
            .example("substr_index(\"plant/line/7\", \"/\", -1)", "\"7\"")
            .runs(Library(unicode::substr_index)),
        word("character_length", "How many characters a text has.", an_int)
            .also(&["length", "char_length"])
            .takes(text("text", "The text."))
            .example("character_length(\"20 °C\")", "5")
            .runs(Total(unicode::character_length)),
        word("octet_length", "How many bytes a text has in UTF-8.", an_int)
            .takes(text("text", "The text."))
            .example("octet_length(\"20 °C\")", "6")
            .runs(Total(string::octet_length)),
        word("bit_length", "How many bits a text has in UTF-8.", an_int)
            .takes(text("text", "The text."))
            .example("bit_length(\"abc\")", "24")
            .runs(Total(string::bit_length)),
        word("ascii", "The Unicode number of the first character of a text.", an_int)
            .details("0 of the empty text.")
            .takes(text("text", "The text."))
            .example("ascii(\"A\")", "65")
            .runs(Total(string::ascii)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
