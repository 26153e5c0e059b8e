//! What can be said of the options before a server is asked: whether they fit together, and whether the rows will be told
//! apart.

use super::columns::{Layout, Leaf, bare};
use super::line::{Dialect, Place, push_name};
use super::render::{can_be_tag, check_measurement};
use super::settings;
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{Args, Expr, ExprKind, Flow};
use dsl::span::Span;
use dsl::types::{Column, Type};
use dsl::value::Value;
use std::collections::BTreeSet;

/// Says what is wrong.
pub(super) fn check(args: &Args, flow: &Flow, span: Span, report: &mut Vec<Diagnostic>) {
    target(args, span, report);
    login(args, report);
    url(args, report);
    let before = report.len();
    measurement(args, report);
    time(args, flow, span, report);
    columns(args, flow, span, report);
    if report.len() == before {
        series(args, flow, span, report);
    }
}

/// Where the option stands, or else the word.
fn place(args: &Args, option: &str, span: Span) -> Span {
    args.span(option).unwrap_or(span)
}

/// A database, or an organization and a bucket.
fn target(args: &Args, span: Span, report: &mut Vec<Diagnostic>) {
    let given = |option| args.get(option).is_some();
    let clash = |option: &str, message: &str, help: &str| {
        Diagnostic::new(Code::OptionsClash, place(args, option, span), message).help(help)
    };
    let missing = |message: &str, help: &str| {
        Diagnostic::new(Code::MissingArgument, span, message).help(help)
    };
    let version = args.opt_int("version").ok().flatten();
    let (database, org, bucket) = (given("database"), given("org"), given("bucket"));
    match (database, org, bucket) {
        (true, _, true) | (true, true, _) => report.push(clash(
            "database",
            "`database` and `bucket` are two names for the place of the points",
            "give `database` for InfluxDB 1 and 3, or `org` and `bucket` for InfluxDB 2",
        )),
        (false, false, false) => report.push(missing(
            "`influxdb` needs the place of the points",
            "give `database: \"…\"` for InfluxDB 1 and 3, or `org: \"…\"` and `bucket: \"…\"` for InfluxDB 2",
        )),
        (false, true, false) => report.push(missing(
            "`influxdb` needs `bucket` beside `org`",
            "add `bucket: \"…\"`",
        )),
        (false, false, true) => report.push(missing(
            "`influxdb` needs `org` beside `bucket`",
            "add `org: \"…\"`; a server that has no organizations takes any text",
        )),
        (true, false, false) if version == Some(2) => report.push(clash(
            "version",
            "InfluxDB 2 has buckets, not databases",
            "give `org: \"…\"` and `bucket: \"…\"` in place of `database`",
        )),
        (false, true, true) if matches!(version, Some(1 | 3)) => report.push(clash(
            "version",
            "InfluxDB 1 and 3 have databases, not buckets",
            "give `database: \"…\"` in place of `org` and `bucket`",
        )),
        _ => {}
    }
}

fn login(args: &Args, report: &mut Vec<Diagnostic>) {
    let given = |option| args.span(option);
    let clash = |span, message: &str, help: &str| {
        Diagnostic::new(Code::OptionsClash, span, message).help(help)
    };
    match (given("token"), given("username"), given("password")) {
        (Some(_), Some(span), _) | (Some(_), None, Some(span)) => report.push(clash(
            span,
            "a token and a password are two ways to log in",
            "keep `token`, or `username` and `password`",
        )),
        (None, None, Some(span)) => {
            report.push(clash(span, "`password` needs a `username`", "add `username: \"…\"`"));
        }
        _ => {}
    }
    let Ok(Some(tls)) = args.opt_record("tls") else { return };
    match (tls.span("cert"), tls.span("key")) {
        (Some(span), None) => report.push(clash(span, "`cert` needs a `key`", "add `key: \"…\"`")),
        (None, Some(span)) => report.push(clash(span, "`key` needs a `cert`", "add `cert: \"…\"`")),
        _ => {}
    }
}

fn url(args: &Args, report: &mut Vec<Diagnostic>) {
    let (Ok(Some(text)), Some(span)) = (args.opt_text("url"), args.span("url")) else { return };
    match settings::base(text) {
        Err(why) => report.push(
            Diagnostic::new(Code::BadOption, span, format!("`url`: {why}"))
                .help("write `url: \"http://localhost:8086\"`, for example"),
        ),
        Ok(base) if base.scheme() == "http" => {
            if let Some(span) = args.span("tls") {
                let message = "`tls` has no effect on an `http:` server";
                let diagnostic = Diagnostic::new(Code::OptionsClash, span, message);
                report.push(diagnostic.help("write `https:` in `url`, or leave `tls` out"));
            }
        }
        Ok(_) => {}
    }
}

fn measurement(args: &Args, report: &mut Vec<Diagnostic>) {
    let Ok(Some(Expr { kind: ExprKind::Literal(Value::String(text)), span, .. })) =
        args.opt_expr("measurement")
    else {
        return;
    };
    let found = check_measurement(text)
        .and_then(|()| push_name(&mut Vec::new(), text, Place::Measurement, Dialect::Common));
    if let Err(why) = found {
        let message = format!("no measurement can have this name: {why}");
        let diagnostic = Diagnostic::new(Code::BadOption, *span, message);
        report.push(diagnostic.help("write `measurement: \"telemetry\"`, for example"));
    }
}

/// Rows that windows have made have no `meta` that a time could come from.
fn time(args: &Args, flow: &Flow, span: Span, report: &mut Vec<Diagnostic>) {
    if flow.meta || args.get("time").is_some() {
        return;
    }
    let timestamp = |it: &&Column| it.typed.ty == Type::Timestamp;
    let help = match flow.columns.iter().find(timestamp) {
        Some(column) => format!("write `time: {}`", column.name),
        None if flow.columns.iter().any(|it| it.name == "window") => {
            "write `time: window.start`".to_owned()
        }
        None => "keep a column with a time, and write `time: COLUMN`".to_owned(),
    };
    let message = "these rows have no `meta.time` any more, so `influxdb` needs `time`";
    report.push(Diagnostic::new(Code::MissingArgument, span, message).help(help));
}

/// The keys of tags and fields.
fn columns(args: &Args, flow: &Flow, span: Span, report: &mut Vec<Diagnostic>) {
    let given = |option| args.opt_columns(option).ok().flatten().unwrap_or_default();
    let bad = |option: &str, message: String, help: String| {
        Diagnostic::new(Code::BadOption, place(args, option, span), message).help(help)
    };
    for name in given("tags") {
        let column = flow.columns.iter().find(|it| it.name == *name);
        if let Some(column) = column.filter(|it| !can_be_tag(&it.typed.ty)) {
            let message = format!("`{name}` is {}, and a tag is a single value", column.typed.ty);
            let help = "take a part of it: `| extend name = …`, and write `tags: [name]`";
            report.push(bad("tags", message, help.to_owned()));
        }
        if given("fields").contains(name) {
            let message = format!("`{name}` is among the tags and the fields");
            let diagnostic =
                Diagnostic::new(Code::OptionsClash, place(args, "fields", span), message);
            report.push(diagnostic.help("leave it out of one of them"));
        }
    }
    let layout = Layout::of(args, &flow.columns);
    if layout.fields.is_empty() {
        let message = "no column is left for a field, and a point needs one".to_owned();
        let help = "leave a column out of `tags`, or add one: `| extend n = 1`".to_owned();
        report.push(bad("fields", message, help));
    }
    let mut keys = BTreeSet::new();
    // A column that is both was reported.
    let both = |it: &&Leaf| layout.tags.contains(it);
    for leaf in layout.tags.iter().chain(layout.fields.iter().filter(|it| !both(it))) {
        let key = &leaf.key;
        let why = if key == "time" {
            Err("InfluxDB keeps this name for the time of a point".to_owned())
        } else if !keys.insert(key) {
            Err("two columns have it".to_owned())
        } else {
            push_name(&mut Vec::new(), key, Place::Key, Dialect::Common)
        };
        if let Err(why) = why {
            let option = if layout.tags.contains(leaf) { "tags" } else { "fields" };
            let message = format!("no tag or field can be named `{key}`: {why}");
            let help = "give the column another name before: `| rename NEW = OLD`";
            report.push(bad(option, message, help.to_owned()));
        }
    }
}

/// Points of one series and time replace each other: whether rows will be told apart.
fn series(args: &Args, flow: &Flow, span: Span, report: &mut Vec<Diagnostic>) {
    let mut told: BTreeSet<&str> = BTreeSet::new();
    told.extend(
        args.opt_columns("tags").ok().flatten().unwrap_or_default().iter().map(String::as_str),
    );
    let measurement = args.opt_expr("measurement").ok().flatten();
    if let Some(measurement) = measurement {
        measurement.walk(&mut |it| {
            if let ExprKind::Column(name) = &it.kind {
                told.insert(name);
            }
        });
    }
    let is_time = |name: &str| bare(args, "time") == Some(name);
    let advice = |message: String, help: String| {
        Diagnostic::new(Code::SinkAdvice, place(args, "tags", span), message).help(help)
    };
    let Some(key) = &flow.key else {
        if told.is_empty() && !measurement.is_some_and(varies) {
            let message = "without `tags` all rows are one series, in which a point replaces another of the same time";
            let help = "write the columns that tell the rows of one time apart: `tags: [device]`";
            report.push(advice(message.to_owned(), help.to_owned()));
        }
        return;
    };
    let lost: Vec<&String> =
        key.iter().filter(|it| !told.contains(it.as_str()) && !is_time(it)).collect();
    let Some(first) = lost.first() else { return };
    let message = format!(
        "there are rows of each `{first}`, and the tags do not tell them apart: of those with the same time one stays"
    );
    let mut tags: Vec<&str> = args
        .opt_columns("tags")
        .ok()
        .flatten()
        .unwrap_or_default()
        .iter()
        .map(String::as_str)
        .collect();
    tags.extend(lost.iter().map(|it| it.as_str()));
    let gone = lost.iter().any(|it| !flow.columns.iter().any(|column| column.name == **it));
    let help = format!("write `tags: [{}]`", tags.join(", "));
    let help = if gone { format!("keep `{first}` in the steps before, and {help}") } else { help };
    report.push(advice(message, help));
}

/// Whether an expression reads the row or its `meta`.
fn varies(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |it| found |= matches!(it.kind, ExprKind::Column(_) | ExprKind::Meta(_)));
    found
}
