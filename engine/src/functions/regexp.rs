//! Regular expressions. One that is a constant is compiled once, before the first row; its mistakes are found then, too.

use crate::error::{Error, Result};
use crate::expr::{Node, Vector};
use crate::function::Runs::Own;
use crate::function::{
    Call, Column, Function, Refusal, Refused, Texts, a_text, an_int, answers, applied, boolean,
    int, known_text, misused, numbers, text, texts, word,
};
use crate::types::data_type;
use arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Int64Type};
use dsl::signature::Param;
use dsl::types::{Type, Typed};
use dsl::value::Value;
use hashbrown::HashMap;
use regex::{Regex, RegexBuilder};
use std::sync::{Arc, LazyLock};

/// How many expressions are kept while a batch is worked on whose rows bring their own.
const MOST_KEPT: usize = 64;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    [like(), count(), position(), find(), replace()].concat()
}

fn subject() -> Param {
    text("text", "The text.")
}

fn pattern() -> Param {
    text(
        "pattern",
        "The regular expression; write it raw, `r\"\\d+\"`, so that `\\` stays as it is.",
    )
}

fn flags(more: bool) -> Param {
    text(
        "flags",
        if more {
            "Letters: `g` every match, `i` case does not matter, `m` `^` and `$` at lines, `s` `.` takes line ends, `x` spaces do not count, `U` lazy."
        } else {
            "Letters: `i` case does not matter, `m` `^` and `$` at lines, `s` `.` takes line ends, `x` spaces do not count, `U` lazy."
        },
    )
    .default("\"\"")
}

fn start() -> Param {
    int("start", "The character to begin at, from 1.").default("1")
}

fn like() -> Vec<Function> {
    word("regexp_like", "Whether a text has a match of a regular expression.", boolean)
        .takes(subject())
        .takes(pattern())
        .takes(flags(false))
        .example(r#"regexp_like("sensor-42", r"^sensor-\d+$")"#, "true")
        .example(r#"regexp_like("PUMP", "pump", "i")"#, "true")
        .checks(|known| check(known, 2))
        .runs(Own(|call| {
            let pattern = Pattern::of(call, 2)?;
            compile(call, move |args, rows, refused| {
                let (texts, mut patterns) = (Texts::of(args, 0)?, pattern.over(args)?);
                Ok(Arc::new(answers(rows, refused, |i| {
                    let (Some(text), Some(it)) = (texts.get(i), patterns.get(i)?) else {
                        return Ok(None);
                    };
                    Ok(Some(it.regex.is_match(text)))
                })))
            })
        }))
}

fn count() -> Vec<Function> {
    word("regexp_count", "How many matches of a regular expression a text has.", an_int)
        .details("Matches do not overlap.")
        .takes(subject())
        .takes(pattern())
        .takes(start())
        .takes(flags(false))
        .example(r#"regexp_count("a1b22c333", r"\d+")"#, "3")
        .checks(|known| check(known, 3))
        .runs(Own(|call| {
            let pattern = Pattern::of(call, 3)?;
            compile(call, move |args, rows, refused| {
                let (texts, mut patterns) = (Texts::of(args, 0)?, pattern.over(args)?);
                let starts = from_one(args, 2)?;
                Ok(Arc::new(numbers::<Int64Type>(&Type::Int, rows, refused, |i| {
                    let (Some(text), Some(it), Some(start)) =
                        (texts.get(i), patterns.get(i)?, starts(i)?)
                    else {
                        return Ok(None);
                    };
                    let found = from_character(text, start)
                        .map_or(0, |at| it.regex.find_iter(&text[at..]).count());
                    Ok(Some(found as i64))
                })))
            })
        }))
}

fn position() -> Vec<Function> {
    word("regexp_instr", "Where a match of a regular expression begins in a text.", an_int)
        .details("In characters, from 1; 0 where there is no such match.")
        .takes(subject())
        .takes(pattern())
        .takes(start())
        .takes(int("n", "Which match, from 1.").default("1"))
        .takes(flags(false))
        .example(r#"regexp_instr("sensor-42", r"\d")"#, "8")
        .example(r#"regexp_instr("a1b22c333", r"\d+", 1, 3)"#, "7")
        .checks(|known| check(known, 4))
        .runs(Own(|call| {
            let pattern = Pattern::of(call, 4)?;
            compile(call, move |args, rows, refused| {
                let (texts, mut patterns) = (Texts::of(args, 0)?, pattern.over(args)?);
                let (starts, which) = (from_one(args, 2)?, from_one(args, 3)?);
                Ok(Arc::new(numbers::<Int64Type>(&Type::Int, rows, refused, |i| {
                    let (Some(text), Some(it), Some(start), Some(n)) =
                        (texts.get(i), patterns.get(i)?, starts(i)?, which(i)?)
                    else {
                        return Ok(None);
                    };
                    let found = from_character(text, start).and_then(|at| {
                        let found = it.regex.find_iter(&text[at..]).nth(n - 1)?;
                        Some(text[..at + found.start()].chars().count() + 1)
                    });
                    Ok(Some(found.unwrap_or(0) as i64))
                })))
            })
        }))
}

fn find() -> Vec<Function> {
    word("regexp_match", "The groups of the first match of a regular expression.", groups)
        .details(
            "A list with the text of each group in parentheses, or of the whole match where there is no group. Null where \
             nothing matches; a group that took no part is null in the list.",
        )
        .takes(subject())
        .takes(pattern())
        .takes(flags(false))
        .example(r#"regexp_match("plant-7/line-12", r"plant-(\d+)/line-(\d+)")"#, r#"["7", "12"]"#)
        .example(r#"regexp_match("sensor-42", r"\d+")[0]"#, r#""42""#)
        .checks(|known| check(known, 2))
        .runs(Own(|call| {
            let pattern = Pattern::of(call, 2)?;
            let DataType::List(item) = data_type(call.ty) else {
                return Err(Error::bug("`regexp_match` yields a list"));
            };
            compile(call, move |args, rows, refused| {
                let (texts, mut patterns) = (Texts::of(args, 0)?, pattern.over(args)?);
                let mut lists = ListBuilder::new(StringBuilder::new()).with_field(item.clone());
                for i in 0..rows {
                    let matched = match (texts.get(i), patterns.get(i)) {
                        (_, Err(refusal)) => {
                            refused.add(i, refusal);
                            None
                        }
                        (Some(text), Ok(Some(it))) => it.regex.captures(text),
                        _ => None,
                    };
                    if let Some(matched) = &matched {
                        let from = usize::from(matched.len() > 1);
                        for group in matched.iter().skip(from) {
                            lists.values().append_option(group.map(|it| it.as_str()));
                        }
                    }
                    lists.append(matched.is_some());
                }
                Ok(Arc::new(lists.finish()))
            })
        }))
}

/// A list of texts, null where nothing matches.
#[expect(clippy::unnecessary_wraps, reason = "it is the rule of a word")]
fn groups(_args: &[Typed]) -> Result<Typed, String> {
    Ok(Type::List(Box::new(Type::String.nullable())).nullable())
}

fn replace() -> Vec<Function> {
    word("regexp_replace", "A text with matches of a regular expression replaced.", a_text)
        .details("The first match, or every one with the flag `g`. In the replacement `\\1` and `$1` are the first group, `$0` the match.")
        .takes(subject())
        .takes(pattern())
        .takes(text("replacement", "What stands there instead."))
        .takes(flags(true))
        .example(r#"regexp_replace("a1b22", r"\d+", "_", "g")"#, r#""a_b_""#)
        .example(r#"regexp_replace("line-7", r"line-(\d+)", r"L\1")"#, r#""L7""#)
        .checks(|known| check(known, 3))
        .runs(Own(|call| {
            let pattern = Pattern::of(call, 3)?;
            compile(call, move |args, rows, refused| {
                let (subjects, mut patterns) = (Texts::of(args, 0)?, pattern.over(args)?);
                let replacements = Texts::of(args, 2)?;
                let same = replacements.same().map(with_groups);
                Ok(Arc::new(texts(rows, refused, |i, out| {
                    let (Some(text), Some(it), Some(with)) =
                        (subjects.get(i), patterns.get(i)?, replacements.get(i))
                    else {
                        return Ok(false);
                    };
                    let limit = usize::from(!it.every);
                    let own = if same.is_none() { Some(with_groups(with)) } else { None };
                    let with = same.as_deref().or(own.as_deref()).unwrap_or(with);
                    out.push_str(&it.regex.replacen(text, limit, with));
                    Ok(true)
                })))
            })
        }))
}

/// `\1` as the library writes it, `${1}`.
fn with_groups(replacement: &str) -> String {
    static GROUP: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\\(\d+)").expect("it is a regular expression"));
    GROUP.replace_all(replacement, "$${$1}").into_owned()
}

fn compile<F>(call: &Call<'_>, work: F) -> Result<Node>
where
    F: Fn(&[Vector], usize, &mut Refused) -> Result<ArrayRef> + Send + Sync + 'static,
{
    Ok(applied(call, call.nodes()?, true, work))
}

/// A place or number that counts from 1.
fn from_one(args: &[Vector], i: usize) -> Result<impl Fn(usize) -> Result<Option<usize>, Refusal>> {
    let column = Column::<Int64Type>::of(args, i)?;
    Ok(move |row| match column.get(row) {
        None => Ok(None),
        Some(number) => match usize::try_from(number) {
            Ok(1..) => Ok(usize::try_from(number).ok()),
            _ => Err(Refusal::value("places and numbers of matches count from 1")),
        },
    })
}

/// Where the n-th character begins, from 1; none behind the end.
fn from_character(text: &str, n: usize) -> Option<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(n - 1)
}

/// Whether pattern and flags will do, where they are known.
fn check(known: &[Option<&Value>], flags: usize) -> Result<(), String> {
    let (pattern, flags) = (known_text(known, 1), known_text(known, flags));
    Compiled::new(pattern.unwrap_or_default(), flags.unwrap_or_default()).map(|_| ())
}

/// A regular expression that is ready.
#[derive(Clone, Debug)]
struct Compiled {
    regex: Regex,
    /// The flag `g`.
    every: bool,
}

impl Compiled {
    fn new(pattern: &str, flags: &str) -> Result<Self, String> {
        let mut builder = RegexBuilder::new(pattern);
        let mut every = false;
        for flag in flags.chars() {
            match flag {
                'g' => every = true,
                'i' => drop(builder.case_insensitive(true)),
                'm' => drop(builder.multi_line(true)),
                's' => drop(builder.dot_matches_new_line(true)),
                'x' => drop(builder.ignore_whitespace(true)),
                'U' => drop(builder.swap_greed(true)),
                other => return Err(format!("`{other}` is no flag of a regular expression")),
            }
        }
        let regex = builder.build().map_err(|error| {
            // The library draws the place in several lines and says last what is wrong.
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("`{pattern}` is no regular expression: {last}")
        })?;
        Ok(Self { regex, every })
    }
}

/// The regular expressions of a call.
#[derive(Clone, Debug)]
struct Pattern {
    /// The one for all rows, where pattern and flags are constants.
    constant: Option<Compiled>,
    /// Where the flags stand.
    flags: usize,
}

impl Pattern {
    fn of(call: &Call<'_>, flags: usize) -> Result<Self> {
        let constant = match (call.constant_text(1), call.constant_text(flags)) {
            (Some(pattern), Some(letters)) => {
                Some(Compiled::new(pattern, letters).map_err(|why| misused(call, &why))?)
            }
            _ => None,
        };
        Ok(Self { constant, flags })
    }

    /// The expressions of a batch.
    fn over<'a>(&'a self, args: &'a [Vector]) -> Result<Patterns<'a>> {
        let flags = Texts::of(args, self.flags)?;
        let texts = Texts::of(args, 1)?;
        Ok(Patterns { constant: self.constant.as_ref(), texts, flags, kept: HashMap::new() })
    }
}

/// The regular expressions of a batch.
struct Patterns<'a> {
    constant: Option<&'a Compiled>,
    texts: Texts<'a>,
    flags: Texts<'a>,
    /// By pattern and flags; rows with equal ones compile them once.
    kept: HashMap<(&'a str, &'a str), Result<Compiled, String>>,
}

impl Patterns<'_> {
    /// The expression of a row; none where it is null.
    fn get(&mut self, row: usize) -> Result<Option<&Compiled>, Refusal> {
        if let Some(constant) = self.constant {
            return Ok(Some(constant));
        }
        let (Some(pattern), Some(flags)) = (self.texts.get(row), self.flags.get(row)) else {
            return Ok(None);
        };
        if self.kept.len() >= MOST_KEPT && !self.kept.contains_key(&(pattern, flags)) {
            self.kept.clear();
        }
        let made =
            self.kept.entry((pattern, flags)).or_insert_with(|| Compiled::new(pattern, flags));
        match made {
            Ok(compiled) => Ok(Some(compiled)),
            Err(why) => Err(Refusal::value(why.clone())),
        }
    }
}
