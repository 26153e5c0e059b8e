//! What could have stood at a place, in words.

use super::{Part, Place};
use crate::parse::Rule;

/// What could have stood there; none where nothing is worth saying.
pub(super) fn expected(place: &Place<'_>) -> Option<String> {
    let mut words: Vec<&str> = Vec::new();
    for rule in place.expected {
        let Some(word) = word(*rule) else {
            continue;
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.contains(&"an expression") {
        words.retain(|it| !["a name", "text in quotes", "rows in brackets"].contains(it));
    }
    // Behind an expression nearly everything is an operator; what ends the whole is more likely.
    if place.found.is_empty() {
        words.retain(|it| *it != "an operator");
    }
    if words.is_empty() && place.part == Part::Line {
        words.push("a statement");
    }
    match words.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [many @ .., last] => Some(format!("{} or {last}", many.join(", "))),
    }
}

fn word(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::one
        | Rule::binding
        | Rule::schema
        | Rule::param
        | Rule::test
        | Rule::import
        | Rule::kind => "a statement",
        Rule::one_action => "an action",
        Rule::step | Rule::one_step => "`|` and a step",
        Rule::field | Rule::one_field => "a field",
        Rule::type_ => "a type",
        Rule::ident | Rule::word | Rule::quoted => "a name",
        Rule::assign => "`=`",
        Rule::string | Rule::block | Rule::raw => "text in quotes",
        Rule::from | Rule::stream_ref => "the name of a stream or a call",
        Rule::list => "rows in brackets",
        Rule::chars | Rule::hole => "text or `{…}`",
        Rule::k_from => "`from`",
        Rule::k_count => "`count`",
        Rule::compare | Rule::add | Rule::mul | Rule::coalesce | Rule::k_and | Rule::k_or => {
            "an operator"
        }
        Rule::expr
        | Rule::call
        | Rule::record
        | Rule::number
        | Rule::group
        | Rule::define
        | Rule::option
        | Rule::neg => "an expression",
        _ => return None,
    })
}
