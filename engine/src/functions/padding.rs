//! `repeat`, `lpad`, `rpad`: texts that grow, up to a limit. Without one a single reading could ask for all memory.

use crate::error::Result;
use crate::expr::Node;
use crate::expr::Vector;
use crate::function::Runs::Own;
use crate::function::{
    Call, Column, Function, Refusal, Refused, Texts, a_text, applied, int, text, texts, word,
};
use arrow::array::ArrayRef;
use arrow::datatypes::Int64Type;
use std::sync::Arc;

/// The longest text that these make.
const LONGEST_BYTES: usize = 1024 * 1024;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    let fill = || text("fill", "What it is filled up with, over and over.").default("\" \"");
    let length = || int("length", "How many characters it then has; a longer text is cut.");
    let limit = "A row is refused where the result is longer than 1 MiB.";
    let lpad = word("lpad", "A text filled up at its start to a length.", a_text)
        .details(limit)
        .takes(text("text", "The text."))
        .takes(length())
        .takes(fill())
        .example("lpad(\"42\", 5, \"0\")", "\"00042\"")
        .example("lpad(\"sensor\", 3)", "\"sen\"")
        .runs(Own(|call| pad(call, true)));
    let rpad = word("rpad", "A text filled up at its end to a length.", a_text)
        .details(limit)
        .takes(text("text", "The text."))
        .takes(length())
        .takes(fill())
        .example("rpad(\"42\", 5, \".\")", "\"42...\"")
        .runs(Own(|call| pad(call, false)));
    let repeat = word("repeat", "A text several times over.", a_text)
        .details("Empty where the number is 0 or less. A row is refused where the result is longer than 1 MiB.")
        .takes(text("text", "The text."))
        .takes(int("n", "How many times."))
        .example("repeat(\"ab\", 3)", "\"ababab\"")
        .runs(Own(|call| Ok(applied(call, call.nodes()?, true, repeated))));
    [lpad, rpad, repeat].concat()
}

fn too_long() -> Refusal {
    Refusal::value("the text would be longer than 1 MiB")
}

fn repeated(args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let (text, times) = (Texts::of(args, 0)?, Column::<Int64Type>::of(args, 1)?);
    Ok(Arc::new(texts(rows, refused, |i, out| {
        let Some((text, times)) = text.get(i).zip(times.get(i)) else { return Ok(false) };
        let times = usize::try_from(times.max(0)).map_err(|_| too_long())?;
        let bytes = text.len().checked_mul(times).filter(|it| *it <= LONGEST_BYTES);
        out.reserve(bytes.ok_or_else(too_long)?);
        if !text.is_empty() {
            (0..times).for_each(|_| out.push_str(text));
        }
        Ok(true)
    })))
}

fn pad(call: &Call<'_>, at_start: bool) -> Result<Node> {
    let work = move |args: &[Vector], rows: usize, refused: &mut Refused| {
        padded(at_start, args, rows, refused)
    };
    Ok(applied(call, call.nodes()?, true, work))
}

fn padded(at_start: bool, args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let (text, length) = (Texts::of(args, 0)?, Column::<Int64Type>::of(args, 1)?);
    let fill = Texts::of(args, 2)?;
    Ok(Arc::new(texts(rows, refused, |i, out| {
        let (Some(text), Some(length), Some(fill)) = (text.get(i), length.get(i), fill.get(i))
        else {
            return Ok(false);
        };
        let length = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
        if let Some((end, _)) = text.char_indices().nth(length) {
            out.push_str(&text[..end]);
            return Ok(true);
        }
        let missing = if fill.is_empty() { 0 } else { length - text.chars().count() };
        if missing > LONGEST_BYTES || text.len() + missing > LONGEST_BYTES {
            return Err(too_long());
        }
        if !at_start {
            out.push_str(text);
        }
        out.extend(fill.chars().cycle().take(missing));
        if at_start {
            out.push_str(text);
        }
        if out.len() > LONGEST_BYTES { Err(too_long()) } else { Ok(true) }
    })))
}
