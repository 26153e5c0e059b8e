//! The syntax tree as text in which every grouping shows: `a + b * c` is `(+ a (* b c))`.

use dsl::ast::{
    Action, ActionKind, Attribute, Binding, BindingKind, Bounds, Call, Expr, ExprKind, Field, File,
    From, Item, Literal, Param, Statement, Step, StreamRef, TemplatePart, TypeArgs, TypeExpr,
};
use dsl::span::Spanned;

/// A whole file, a statement a line.
pub(crate) fn file(file: &File) -> String {
    file.statements.iter().map(statement).collect::<Vec<_>>().join("\n")
}

fn list(head: &str, parts: impl IntoIterator<Item = String>) -> String {
    let mut out = format!("({head}");
    for part in parts.into_iter().filter(|it| !it.is_empty()) {
        out.push(' ');
        out.push_str(&part);
    }
    out + ")"
}

fn statement(it: &Statement) -> String {
    match it {
        Statement::Use { path, .. } => format!("(use {:?})", path.node),
        Statement::Param(it) => param(it),
        Statement::Schema(it) => {
            list("schema", std::iter::once(it.name.node.clone()).chain(it.fields.iter().map(field)))
        }
        Statement::Binding(it) => binding(it),
        Statement::Test(it) => list(
            "test",
            std::iter::once(format!("{:?}", it.name.node)).chain(it.actions.iter().map(action)),
        ),
    }
}

fn param(it: &Param) -> String {
    let default = it.default.as_ref().map(|it| format!("= {}", expr(it))).unwrap_or_default();
    let bounds = it.bounds.as_ref().map(bounds).unwrap_or_default();
    list("param", [it.name.node.clone(), ty(&it.ty), bounds, default])
}

fn field(it: &Field) -> String {
    let wire = it.wire.as_ref().map(|it| format!("from {:?}", it.node)).unwrap_or_default();
    let default = it.default.as_ref().map(|it| format!("= {}", expr(it))).unwrap_or_default();
    let bounds = it.bounds.as_ref().map(bounds).unwrap_or_default();
    list(&format!("{}:", it.name.node), [ty(&it.ty), bounds, wire, default])
}

fn bounds(it: &Bounds) -> String {
    match it {
        Bounds::Range { low, high, .. } => {
            let end =
                |it: &Option<Box<Expr>>| it.as_ref().map_or_else(|| "_".into(), |it| expr(it));
            format!("in (.. {} {})", end(low), end(high))
        }
        Bounds::List { values, .. } => format!("in {}", list("list", values.iter().map(expr))),
    }
}

fn binding(it: &Binding) -> String {
    let kind = match it.kind.node {
        BindingKind::Source => "source",
        BindingKind::Table => "table",
        BindingKind::Stream => "stream",
        BindingKind::Sink => "sink",
    };
    let from = match &it.from {
        From::Stream(it) => stream_ref(it),
        From::Call(it) => call(it),
    };
    let attributes = it.attributes.iter().map(attribute);
    let parts = attributes.chain([it.name.node.clone(), from]).chain(it.steps.iter().map(step));
    list(kind, parts)
}

fn attribute(it: &Attribute) -> String {
    list(&format!("@{}", it.name.node), it.items.iter().map(item))
}

fn stream_ref(it: &StreamRef) -> String {
    match &it.side {
        Some(side) => format!("{}.{}", it.name.node, side.node),
        None => it.name.node.clone(),
    }
}

fn step(it: &Step) -> String {
    list(&format!("| {}", it.verb.node), it.items.iter().map(item))
}

fn item(it: &Item) -> String {
    match it {
        Item::Positional(value) => expr(value),
        Item::Define { name, value, .. } => format!("[{} = {}]", name.node, expr(value)),
        Item::Option { name, value, .. } => format!("[{}: {}]", name.node, expr(value)),
    }
}

fn call(it: &Call) -> String {
    list(&format!("call {}", it.name.node), it.items.iter().map(item))
}

fn ty(it: &TypeExpr) -> String {
    let nullable = if it.nullable { "?" } else { "" };
    let args = match &it.args {
        TypeArgs::None => String::new(),
        TypeArgs::Types(types) => {
            format!("<{}>", types.iter().map(ty).collect::<Vec<_>>().join(", "))
        }
        TypeArgs::Unit(unit) => format!("<{}>", unit.node),
        TypeArgs::Params(values) => {
            format!("({})", values.iter().map(expr).collect::<Vec<_>>().join(", "))
        }
        TypeArgs::Fields(fields) => {
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(" "))
        }
    };
    format!("{}{args}{nullable}", it.name.node)
}

/// An expression.
pub(crate) fn expr(it: &Expr) -> String {
    let ends = |low: &Option<Box<Expr>>, high: &Option<Box<Expr>>| {
        let end = |it: &Option<Box<Expr>>| it.as_ref().map_or_else(|| "_".into(), |it| expr(it));
        [end(low), end(high)]
    };
    match &it.kind {
        ExprKind::Literal(it) => literal(it),
        ExprKind::Name { name, quoted: true } => format!("`{name}`"),
        ExprKind::Name { name, .. } => name.clone(),
        ExprKind::Template(parts) => list("f", parts.iter().map(template_part)),
        ExprKind::Call(it) => call(it),
        ExprKind::List(values) => list("list", values.iter().map(expr)),
        ExprKind::Record(entries) => list(
            "record",
            entries.iter().map(|(name, value)| format!("[{}: {}]", name.node, expr(value))),
        ),
        ExprKind::Member(value, Spanned { node: name, .. }) => format!("{}.{name}", expr(value)),
        ExprKind::Index(value, index) => format!("{}[{}]", expr(value), expr(index)),
        ExprKind::Negate(value) => list("-", [expr(value)]),
        ExprKind::Not(value) => list("not", [expr(value)]),
        ExprKind::Binary { op, left, right } => list(op.node.symbol(), [expr(left), expr(right)]),
        ExprKind::In { value, set, negated } => {
            list(if *negated { "not in" } else { "in" }, [expr(value), expr(set)])
        }
        ExprKind::IsNull { value, negated } => {
            list(if *negated { "is not null" } else { "is null" }, [expr(value)])
        }
        ExprKind::Cast(value, to) => list("as", [expr(value), ty(to)]),
        ExprKind::Range(low, high) => list("..", ends(low, high)),
    }
}

fn literal(it: &Literal) -> String {
    format!("{}{}", it.value, it.unit.as_deref().unwrap_or_default())
}

fn template_part(it: &TemplatePart) -> String {
    match it {
        TemplatePart::Text(text) => format!("{text:?}"),
        TemplatePart::Hole { value, format: None } => expr(value),
        TemplatePart::Hole { value, format: Some(format) } => {
            format!("({}:{})", expr(value), format.node)
        }
    }
}

fn action(it: &Action) -> String {
    let within = |it: &Option<Expr>| {
        it.as_ref().map(|it| format!("within {}", expr(it))).unwrap_or_default()
    };
    match &it.kind {
        ActionKind::Feed { target, rows } => {
            list("feed", std::iter::once(stream_ref(target)).chain(rows.iter().map(expr)))
        }
        ActionKind::FeedFile { target, path } => {
            format!("(feed {} from {:?})", stream_ref(target), path.node)
        }
        ActionKind::ExpectRows { target, rows, contains, within: limit } => {
            let head = if *contains { "contains" } else { "exactly" };
            let parts = std::iter::once(stream_ref(target)).chain([head.to_owned()]);
            list("expect", parts.chain(rows.iter().map(expr)).chain([within(limit)]))
        }
        ActionKind::ExpectCount { target, count, within: limit } => {
            list("expect", [stream_ref(target), format!("count {}", expr(count)), within(limit)])
        }
        ActionKind::At(value) => list("at", [expr(value)]),
        ActionKind::Advance(value) => list("advance", [expr(value)]),
        ActionKind::Set { name, value } => list("set", [name.node.clone(), expr(value)]),
        ActionKind::End => "(end)".to_owned(),
        ActionKind::Restart => "(restart)".to_owned(),
    }
}
