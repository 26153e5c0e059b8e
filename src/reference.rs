//! The reference of the language's words, in Markdown, made from their signatures: what the checker reads is what the
//! reader reads.

use dsl::catalog::Catalog;
use dsl::signature::{
    Constant, Example, Kind, Param, Place, Presence, Signature, Takes, TypeClass,
};
use std::fmt::Write;

/// The kinds in the order of the reference, with their headings.
const KINDS: [(Kind, &str); 9] = [
    (Kind::Source, "Sources"),
    (Kind::Sink, "Sinks"),
    (Kind::Format, "Formats"),
    (Kind::From, "Combinations"),
    (Kind::Step, "Steps"),
    (Kind::Window, "Windows"),
    (Kind::Aggregate, "Aggregates"),
    (Kind::Detector, "Detectors"),
    (Kind::Function, "Functions"),
];

/// The whole reference.
pub fn everything(catalog: &dyn Catalog) -> String {
    let mut text = String::from("# The words of the language\n\n");
    text.push_str("`weir docs WORD` prints what is said here of one word.\n\n| | |\n|---|---|\n");
    let signatures = catalog.signatures();
    for (kind, heading) in KINDS {
        let of_kind = signatures.iter().filter(|it| it.kind == kind);
        let names: Vec<_> = of_kind.map(|it| format!("`{}`", it.name)).collect();
        if !names.is_empty() {
            put(&mut text, format_args!("| {heading} | {} |\n", names.join(" ")));
        }
    }
    for (kind, heading) in KINDS {
        let of_kind: Vec<_> = signatures.iter().filter(|it| it.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        put(&mut text, format_args!("\n## {heading}\n"));
        for signature in of_kind {
            put(&mut text, format_args!("\n{}", section(signature, "###")));
        }
    }
    text
}

/// Every meaning of one word; empty when there is none.
pub fn word(catalog: &dyn Catalog, name: &str) -> String {
    let sections: Vec<_> = catalog
        .signatures()
        .into_iter()
        .filter(|it| it.name == name)
        .map(|it| section(it, "#"))
        .collect();
    sections.join("\n")
}

fn section(signature: &Signature, heading: &str) -> String {
    let mut text = format!("{heading} {} `{}`\n\n", signature.kind.noun(), signature.name);
    text.push_str(&explained(signature));
    for example in signature.examples {
        put(&mut text, format_args!("\n{}", example_block(signature.kind, example)));
    }
    text
}

/// What a word is for, how it is typed, and all it takes.
pub fn explained(signature: &Signature) -> String {
    let mut text = format!("{}\n\n```text\n{}\n```\n", signature.summary, form(signature));
    if !signature.details.is_empty() {
        put(&mut text, format_args!("\n{}\n", signature.details.trim()));
    }
    if !signature.params.is_empty() {
        text.push_str("\n| argument | takes | default | |\n|---|---|---|---|\n");
        for param in &signature.params {
            row(&mut text, param, "");
        }
    }
    text
}

/// How it is typed, in one line.
fn form(signature: &Signature) -> String {
    let mut items: Vec<String> = Vec::new();
    for param in &signature.params {
        let shown = match (param.place, &param.takes) {
            (Place::Positional, Takes::Items) => "name = expr, …".to_owned(),
            (Place::Positional, Takes::Renames) => "new = old, …".to_owned(),
            (Place::Positional, Takes::Aggregates) => "name = aggregate(…), …".to_owned(),
            (Place::Positional, Takes::Detectors) => "detector(…)".to_owned(),
            (Place::Positional, _) => param.name.to_owned(),
            (Place::Repeated, _) => format!("{}, …", param.name),
            (Place::Option, _) => format!("{}: …", param.name),
        };
        items.push(if param.presence == Presence::Required { shown } else { format!("[{shown}]") });
    }
    let items = items.join(", ");
    match signature.kind {
        Kind::Step => format!("| {} {items}", signature.name).trim_end().to_owned(),
        Kind::Sink => format!("| into {}({items})", signature.name),
        _ => format!("{}({items})", signature.name),
    }
}

fn row(text: &mut String, param: &Param, prefix: &str) {
    let default = match param.presence {
        Presence::Required => "required".to_owned(),
        Presence::Optional => String::new(),
        Presence::Default(default) => format!("`{default}`"),
    };
    let name = format!("{prefix}{}", param.name);
    let mut takes = takes(&param.takes);
    if let Some(range) = param.range {
        put(&mut takes, format_args!(", `{}`", range.text()));
    }
    put(text, format_args!("| `{name}` | {takes} | {default} | {} |\n", param.doc));
    if let Takes::Record(entries) = &param.takes {
        for entry in entries {
            row(text, entry, &format!("{name}."));
        }
    }
}

/// What an argument takes, in words.
fn takes(takes: &Takes) -> String {
    match takes {
        Takes::Expr(class) => format!("expression: {}", type_class(class)),
        Takes::Constant(constant) => constant_name(*constant).to_owned(),
        Takes::ConstantOrExpr(class) => format!("constant or expression: {}", type_class(class)),
        Takes::Column => "column".to_owned(),
        Takes::Columns => "column or list of columns".to_owned(),
        Takes::ColumnOr(words) => {
            let words: Vec<String> = words.iter().map(|it| format!("`{it}(…)`")).collect();
            format!("column, {}", words.join(", "))
        }
        Takes::Choice(words) => choices(words),
        Takes::ConstantOrChoice(constant, words) => {
            format!("{}, or {}", constant_name(*constant), choices(words))
        }
        Takes::Word(kind) => kind.noun().to_owned(),
        Takes::Schema => "schema".to_owned(),
        Takes::Stream => "stream".to_owned(),
        Takes::Pattern => "text with `{captures}`".to_owned(),
        Takes::RowPattern => "text with `{columns}`".to_owned(),
        Takes::Record(_) => "record".to_owned(),
        Takes::ListOf(inner) => format!("{}, or a list", self::takes(inner)),
        Takes::Items => "columns, `name = expr`".to_owned(),
        Takes::Renames => "`new = old`".to_owned(),
        Takes::Aggregates => "`name = expr` with aggregates".to_owned(),
        Takes::Detectors => "detector, or `name = detector`".to_owned(),
    }
}

fn choices(words: &[&str]) -> String {
    words.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
}

fn type_class(class: &TypeClass) -> String {
    match class {
        TypeClass::Any => "any type".to_owned(),
        TypeClass::Is(ty) => ty.to_string(),
        TypeClass::Numeric => "number".to_owned(),
        TypeClass::NumericOrDuration => "number or duration".to_owned(),
        TypeClass::Ordered => "anything with an order".to_owned(),
        TypeClass::Time => "timestamp or date".to_owned(),
        TypeClass::List => "list".to_owned(),
    }
}

fn constant_name(constant: Constant) -> &'static str {
    match constant {
        Constant::Bool => "bool",
        Constant::Int => "int",
        Constant::Float => "number",
        Constant::String => "text",
        Constant::Duration => "duration",
        Constant::Size => "size",
        Constant::Rate => "rate",
        Constant::Timestamp => "timestamp",
        Constant::DurationRange => "range of durations",
        Constant::Any => "any constant",
    }
}

fn example_block(kind: Kind, example: &Example) -> String {
    let title =
        if example.title.is_empty() { String::new() } else { format!("{}\n\n", example.title) };
    if kind == Kind::Function {
        return format!("{title}```pipe\n{}   # {}\n```\n", example.source, example.result);
    }
    format!("{title}```pipe\n{}\n```\n", example.source.trim())
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}
