//! What the rules of steps and combinations have in common: building [`Flow`]s, and the mistakes that come with it.
//!
//! A [`crate::catalog::StepRule`] says in a line what flows out of it by calling one of these. The columns that every
//! host has to agree on (side streams, `window`, `meta`) are here, too.

use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Aggregates, Expr, ExprKind, Flow, Item, MetaField};
use crate::span::Span;
use crate::types::{Column, Type, Typed};

use super::suggest::{listed, written};
use super::unify::unify;

/// What `select` leaves: the items and nothing else.
pub fn only_items(input: &Flow, items: &[Item]) -> Flow {
    let columns = items.iter().map(column_of).collect();
    let renames = items.iter().filter_map(|it| match &it.value.kind {
        ExprKind::Column(old) => Some((it.name.as_str(), old.as_str())),
        _ => None,
    });
    let key = key_under(input, &renames.collect::<Vec<_>>());
    Flow { columns, window: None, key, ..input.clone() }
}

/// The key of the rows where columns have other names now, each a `new` and its `old`. What has no new name is named by
/// its old one still, so that it can be said what was left out.
fn key_under(input: &Flow, renames: &[(&str, &str)]) -> Option<Vec<String>> {
    let renamed = |key: &String| {
        let kept = renames.iter().any(|(new, old)| old == key && new == key);
        let found = renames.iter().find(|(_, old)| !kept && old == key);
        found.map_or(key.clone(), |(new, _)| (*new).to_owned())
    };
    input.key.as_ref().map(|key| key.iter().map(renamed).collect())
}

/// The same rows, of which a step looked at those of each key by themselves: unless more was known before, that key is
/// what tells rows of one time apart.
pub fn keyed(flow: Flow, by: &[String]) -> Flow {
    let known = flow.key.is_some() || by.is_empty();
    let key = if known { flow.key.clone() } else { Some(by.to_vec()) };
    Flow { key, ..flow }
}

/// What `extend` leaves: the row, columns replaced in their place or added at the end.
pub fn with_items(input: &Flow, items: &[Item]) -> Flow {
    let mut columns = input.columns.clone();
    for item in items {
        match columns.iter_mut().find(|it| it.name == item.name) {
            Some(old) => old.typed = item.value.typed.clone(),
            None => columns.push(column_of(item)),
        }
    }
    Flow { columns, window: None, ..input.clone() }
}

fn column_of(item: &Item) -> Column {
    Column::new(item.name.clone(), item.value.typed.clone())
}

/// What `drop` leaves: the row without these columns.
pub fn without(input: &Flow, columns: &[String], span: Span, report: &mut Vec<Diagnostic>) -> Flow {
    let left: Vec<Column> =
        input.columns.iter().filter(|it| !columns.contains(&it.name)).cloned().collect();
    if left.is_empty() && !input.columns.is_empty() {
        report.push(
            Diagnostic::new(Code::StepShape, span, "no column is left")
                .help("keep at least one column; rows are dropped by a condition"),
        );
        return input.clone();
    }
    Flow { columns: left, window: None, ..input.clone() }
}

/// What `rename` leaves: the row, each `new` in the place of its `old`.
pub fn renamed(
    input: &Flow,
    renames: &[(String, String)],
    span: Span,
    report: &mut Vec<Diagnostic>,
) -> Flow {
    let mut columns = input.columns.clone();
    for (column, before) in columns.iter_mut().zip(&input.columns) {
        if let Some((new, _)) = renames.iter().find(|(_, old)| *old == before.name) {
            column.name.clone_from(new);
        }
    }
    for (i, column) in columns.iter().enumerate() {
        if columns[..i].iter().any(|it| it.name == column.name) {
            let (name, old) = (&column.name, &before_of(renames, &column.name));
            let help = format!("give it another name: `other_{name} = {old}`");
            report.push(exists(name, span).help(help));
        }
    }
    let pairs = renames.iter().map(|(new, old)| (new.as_str(), old.as_str()));
    let key = key_under(input, &pairs.collect::<Vec<_>>());
    Flow { columns, window: None, key, ..input.clone() }
}

/// The row and `added` behind it; a column that exists already is an error.
pub fn added_columns(
    input: &Flow,
    added: Vec<Column>,
    span: Span,
    report: &mut Vec<Diagnostic>,
) -> Flow {
    let help = |name: &str| {
        format!("name what the step makes (`found = …`), or rename `{name}` in a step before it")
    };
    with_added(input, added, help, span, report)
}

/// The same, with what to type about a column of this name that exists already.
fn with_added(
    input: &Flow,
    added: Vec<Column>,
    help: impl Fn(&str) -> String,
    span: Span,
    report: &mut Vec<Diagnostic>,
) -> Flow {
    let mut columns = input.columns.clone();
    let mut there: Vec<String> = Vec::new();
    for column in added {
        if columns.iter().any(|it| it.name == column.name) {
            there.push(column.name);
        } else {
            columns.push(column);
        }
    }
    match there.as_slice() {
        [] => {}
        [one] => report.push(exists(one, span).help(help(one))),
        [first, ..] => {
            // One finding for all of them: they have one cause.
            let names = listed(there.iter().map(String::as_str));
            let message = format!("this step adds the columns {names}, and there are such already");
            report.push(Diagnostic { message, ..exists(first, span).help(help(first)) });
        }
    }
    Flow { columns, window: None, ..input.clone() }
}

fn exists(name: &str, span: Span) -> Diagnostic {
    let message = format!("this step adds a column `{name}`, and there is one already");
    Diagnostic::new(Code::ColumnExists, span, message)
}

/// The column that is renamed to `new`.
fn before_of(renames: &[(String, String)], new: &str) -> String {
    let found = renames.iter().find(|(it, _)| it == new);
    written(found.map_or(new, |(_, old)| old))
}

/// What `window` leaves: the same rows, grouped; the step behind it is `aggregate`.
pub fn grouped(input: &Flow, keys: &[String], updates: bool) -> Flow {
    let window = crate::plan::WindowFlow { keys: keys.to_vec(), updates };
    Flow { window: Some(window), ..input.clone() }
}

/// What `aggregate` leaves: the keys, `window`, the items; and `op` and `final` where results are revised.
pub fn aggregated(
    input: &Flow,
    aggregates: &Aggregates,
    span: Span,
    report: &mut Vec<Diagnostic>,
) -> Flow {
    let keys = input.window.as_ref().map_or(&[][..], |it| &it.keys);
    let updates = input.window.as_ref().is_some_and(|it| it.updates);
    let key_columns = keys.iter().filter_map(|key| input.columns.iter().find(|it| it.name == *key));
    let base = Flow {
        columns: key_columns.cloned().chain([window_column()]).collect(),
        meta: false,
        window: None,
        updates,
        key: Some(keys.to_vec()),
    };
    let mut added: Vec<Column> = aggregates.items.iter().map(column_of).collect();
    if updates {
        added.extend(update_columns());
    }
    let help = |name: &str| {
        let other = written(&format!("other_{name}"));
        format!("the key columns and `window` are there already: name it otherwise, `{other} = …`")
    };
    with_added(&base, added, help, span, report)
}

/// What `where` leaves: the same columns, nulls and revisions gone where the condition says so.
pub fn kept(input: &Flow, condition: &Expr) -> Flow {
    let updates = input.updates && !implies_final(condition);
    Flow { updates, window: None, ..input.clone() }
}

/// `final`, `final == true`, `final and …`
fn implies_final(condition: &Expr) -> bool {
    use crate::ast::BinaryOp;
    match &condition.kind {
        ExprKind::Column(name) => name == "final",
        ExprKind::Binary { op: BinaryOp::And, left, right } => {
            implies_final(left) || implies_final(right)
        }
        ExprKind::Binary { op: BinaryOp::Equal, left, right } => {
            let is_true = |it: &Expr| it.kind == ExprKind::Literal(crate::value::Value::Bool(true));
            implies_final(left) && is_true(right) || is_true(left) && implies_final(right)
        }
        _ => false,
    }
}

/// What `union` leaves: columns by name, in the order of their first appearance; a missing one is null.
pub fn united(inputs: &[Flow], span: Span, report: &mut Vec<Diagnostic>) -> Flow {
    let mut columns: Vec<Column> = Vec::new();
    for (i, input) in inputs.iter().enumerate() {
        for column in &input.columns {
            let Some(have) = columns.iter_mut().find(|it| it.name == column.name) else {
                let nullable = column.typed.nullable || i > 0;
                columns.push(Column::new(
                    column.name.clone(),
                    column.typed.clone().with_nullable(nullable),
                ));
                continue;
            };
            match same_column_type(&have.typed, &column.typed) {
                Some(typed) => have.typed = typed,
                None => report.push(columns_differ(have, column, span)),
            }
        }
        for have in &mut columns {
            if !input.columns.iter().any(|it| it.name == have.name) {
                have.typed.nullable = true;
            }
        }
    }
    Flow {
        columns,
        meta: inputs.iter().all(|it| it.meta),
        window: None,
        updates: inputs.iter().any(|it| it.updates),
        key: inputs.first().and_then(|first| {
            let same = inputs.iter().all(|it| it.key == first.key);
            first.key.clone().filter(|_| same)
        }),
    }
}

/// Units aside, the types have to be the same: rows are not converted where streams meet.
fn same_column_type(left: &Typed, right: &Typed) -> Option<Typed> {
    let convertible = left.ty.is_numeric() && right.ty.is_numeric();
    let same = std::mem::discriminant(&left.ty) == std::mem::discriminant(&right.ty);
    let both = unify(left, right)?;
    let exact = both.ty == left.ty && both.ty == right.ty;
    let float = matches!((&left.ty, &right.ty), (Type::Float(_), Type::Float(_)));
    let loose = !convertible && (same || both.ty.is_unknown() || left.ty == Type::Null);
    (exact || float || loose || right.ty == Type::Null).then_some(both)
}

fn columns_differ(have: &Column, other: &Column, span: Span) -> Diagnostic {
    let name = &have.name;
    let message =
        format!("`{name}` is {} in one stream and {} in another", have.typed.ty, other.typed.ty);
    Diagnostic::new(Code::ColumnsDiffer, span, message).help(format!(
        "convert it in a step of one of them, `{name} = {name} as {}`, or rename it there",
        have.typed.ty
    ))
}

/// The column `window` behind `aggregate`.
pub fn window_column() -> Column {
    let end = |name| Column::new(name, Type::Timestamp.required());
    Column::new("window", Type::Struct(vec![end("start"), end("end")]).required())
}

/// `op` and `final`, behind the items of an `aggregate` whose results are revised.
pub fn update_columns() -> [Column; 2] {
    [Column::new("op", Type::String.required()), Column::new("final", Type::Bool.required())]
}

/// The rows of `NAME.errors`.
pub fn error_columns() -> Vec<Column> {
    let meta =
        MetaField::ALL.iter().map(|it| Column::new(it.name(), it.typed().with_nullable(true)));
    vec![
        Column::new("reason", Type::String.required()),
        Column::new("detail", Type::String.required()),
        Column::new("column", Type::String.nullable()),
        Column::new("step", Type::String.nullable()),
        Column::new("payload", Type::String.nullable()),
        Column::new("payload_encoding", Type::String.nullable()),
        Column::new("received", Type::Timestamp.nullable()),
        Column::new("meta", Type::Struct(meta.collect()).nullable()),
    ]
}

/// What the rows of `NAME.late` have behind the columns with which they came into the step.
pub fn late_columns() -> [Column; 2] {
    [
        Column::new("late_by", Type::Duration.required()),
        Column::new("watermark", Type::Timestamp.required()),
    ]
}

impl MetaField {
    /// Every field, in the order of the reference.
    pub const ALL: [MetaField; 9] = [
        MetaField::Time,
        MetaField::Received,
        MetaField::Topic,
        MetaField::Key,
        MetaField::Partition,
        MetaField::Offset,
        MetaField::Headers,
        MetaField::Expires,
        MetaField::Split,
    ];

    /// As it is written behind `meta.`
    pub fn name(self) -> &'static str {
        match self {
            MetaField::Time => "time",
            MetaField::Received => "received",
            MetaField::Topic => "topic",
            MetaField::Key => "key",
            MetaField::Partition => "partition",
            MetaField::Offset => "offset",
            MetaField::Headers => "headers",
            MetaField::Expires => "expires",
            MetaField::Split => "split",
        }
    }

    /// What it holds; null where the transport has none.
    pub fn typed(self) -> Typed {
        match self {
            MetaField::Time => Type::Timestamp.required(),
            MetaField::Received | MetaField::Expires => Type::Timestamp.nullable(),
            MetaField::Topic | MetaField::Split => Type::String.nullable(),
            MetaField::Key => Type::Bytes.nullable(),
            MetaField::Partition | MetaField::Offset => Type::Int.nullable(),
            MetaField::Headers => {
                let text = || Box::new(Type::String.required());
                Type::Map(text(), Box::new(Type::String.nullable())).nullable()
            }
        }
    }
}
