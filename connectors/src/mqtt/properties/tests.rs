//! Tests: what a message has beside its payload, by the options and the row.

use super::*;
use arrow::array::{BooleanArray, DurationMicrosecondArray, RecordBatch, StringArray};
use dsl::span::{Span, Spanned};
use engine::batch::Stamps;

fn span() -> Span {
    Span::new(0, 0)
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("keep", Type::Bool.nullable()),
        Column::new("worth", Type::Duration.nullable()),
        Column::new("text", Type::String.nullable()),
    ]
}

fn batch() -> Batch {
    let columns = RecordBatch::try_from_iter_with_nullable([
        ("keep", Arc::new(BooleanArray::from(vec![Some(true), None])) as ArrayRef, true),
        ("worth", Arc::new(DurationMicrosecondArray::from(vec![Some(2_500_000), None])), true),
        ("text", Arc::new(StringArray::from(vec![Some("t"), None])), true),
    ])
    .unwrap();
    let times = vec![0; 2].into();
    Batch { columns, times, stamps: Stamps::same(i64::MIN), meta: None, order: None }
}

fn column(name: &str) -> Expr {
    let found = columns().into_iter().find(|it| it.name == name).unwrap();
    Expr { kind: ExprKind::Column(name.to_owned()), typed: found.typed, span: span() }
}

fn args(given: &[(&str, Arg)]) -> Args {
    let given =
        given.iter().map(|(name, arg)| ((*name).to_owned(), Spanned::new(arg.clone(), span())));
    Args { given: given.collect() }
}

/// What the messages of both rows have.
fn made(given: &[(&str, Arg)]) -> Vec<Result<Outgoing, String>> {
    let properties = Properties::of(&args(given), &columns()).unwrap();
    let (batch, mut faults) = (batch(), Vec::new());
    let evaluated = properties.evaluate(&batch, &mut faults).unwrap();
    assert!(faults.is_empty());
    let fill = |row| {
        let mut message = Outgoing::default();
        evaluated.fill(row, &mut message).map(|()| message)
    };
    (0..2).map(fill).collect()
}

fn record(fields: &[(&str, Expr)]) -> Arg {
    let fields: Vec<_> = fields.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect();
    let typed = fields.iter().map(|(name, it)| Column::new(name.clone(), it.typed.clone()));
    let typed = Type::Struct(typed.collect()).required();
    Arg::Expr(Expr { kind: ExprKind::Struct(fields), typed, span: span() })
}

#[test]
fn constants_are_the_same_for_all_rows() {
    let given = [
        ("retain", Arg::Value(Value::Bool(true))),
        ("expiry", Arg::Value(Value::Duration(90 * SECOND))),
        ("content_type", Arg::Value(Value::String("text/plain".to_owned()))),
    ];
    for message in made(&given) {
        let message = message.unwrap();
        assert!(message.retain);
        assert_eq!(message.expiry, Some(90));
        assert_eq!(message.content_type.as_deref(), Some("text/plain"));
    }
}

#[test]
fn columns_give_each_row_its_own_and_a_null_gives_none() {
    let given = [
        ("retain", Arg::Expr(column("keep"))),
        ("expiry", Arg::Expr(column("worth"))),
        ("content_type", Arg::Expr(column("text"))),
        ("headers", record(&[("text", column("text")), ("keep", column("keep"))])),
    ];
    let messages = made(&given);
    let first = messages[0].as_ref().unwrap();
    assert!(first.retain);
    assert_eq!((first.expiry, first.content_type.as_deref()), (Some(2), Some("t")));
    let header = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    assert_eq!(first.headers, [header("text", "t"), header("keep", "true")]);
    assert_eq!(messages[1], Ok(Outgoing::default()));
}

#[test]
fn what_cannot_stand_in_a_packet_is_refused() {
    let literal = |text: &str| Expr {
        kind: ExprKind::Literal(Value::String(text.to_owned())),
        typed: Type::String.required(),
        span: span(),
    };
    let why = |given: &[(&str, Arg)]| made(given).remove(0).unwrap_err();
    let bad = why(&[("headers", record(&[("a", literal("x\ny"))]))]);
    assert!(bad.contains("the header `a`: it cannot contain '\\n'"), "{bad}");
    let long = why(&[("headers", record(&[("a", literal(&"x".repeat(70_000)))]))]);
    assert!(long.contains("at most 65535 bytes"), "{long}");
    let short = Expr {
        kind: ExprKind::Literal(Value::Duration(SECOND / 2)),
        typed: Type::Duration.required(),
        span: span(),
    };
    let short = why(&[("expiry", Arg::Expr(short))]);
    assert!(short.contains("at least 1s"), "{short}");
}

#[test]
fn headers_are_records_or_maps_of_texts() {
    let of = |ty: Type| Expr {
        kind: ExprKind::Column("x".to_owned()),
        typed: ty.required(),
        span: span(),
    };
    let map = Type::Map(Box::new(Type::String.required()), Box::new(Type::String.nullable()));
    assert!(matches!(headers(&of(map)), Ok(Made::Map(_))));
    let inner = Type::Struct(vec![Column::new("a", Type::Int.required())]);
    assert!(matches!(headers(&of(inner.clone())), Ok(Made::Record(fields)) if fields.len() == 1));
    assert!(headers(&of(Type::Int)).err().unwrap().contains("found `int`"));
    let nested = Type::Struct(vec![Column::new("a", inner.required())]);
    assert!(headers(&of(nested)).err().unwrap().contains("`a` is no text"));
}
