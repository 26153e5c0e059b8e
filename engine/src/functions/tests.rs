//! The examples of all functions, run as constants and over columns of several lengths; and the values at the edges.

use super::*;
use crate::expr::Program;
use crate::expr::Texts;
use crate::operator::Frame;
use crate::testing::Functions;
use arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::DataType;
use dsl::plan::{ExprKind, TemplatePart};
use dsl::signature::Returns;
use dsl::types::Typed;
use dsl::value::Value;
use serde_json::{Value as Json, json};

fn parsed(text: &str) -> Expr {
    dsl::parse::expression(text)
        .and_then(|expr| dsl::check::expression(&expr, &[], &Functions))
        .unwrap_or_else(|found| panic!("{text}: {found:?}"))
}

/// Takes every literal out into a column, its value in the rows where `given` says so, null in the others.
fn spread(expr: &mut Expr, given: &[bool], columns: &mut Vec<(Column, ArrayRef)>) {
    match &mut expr.kind {
        ExprKind::Literal(_) => {
            let literal = Program::compile(expr, &[]).expect("a literal");
            let frame = Frame { columns: &[], times: &[0], meta: None };
            let value = literal.evaluate(&frame).expect("a literal").values;
            let null = new_null_array(value.data_type(), 1);
            let parts: Vec<_> = given.iter().map(|it| if *it { &*value } else { &*null }).collect();
            let name = format!("c{}", columns.len());
            let typed = expr.typed.ty.clone().nullable();
            columns
                .push((Column::new(name.clone(), typed.clone()), concat(&parts).expect("alike")));
            *expr = Expr { kind: ExprKind::Column(name), typed, span: expr.span };
        }
        ExprKind::Negate(it)
        | ExprKind::Not(it)
        | ExprKind::IsNull(it)
        | ExprKind::Member(it, _)
        | ExprKind::Cast { value: it, .. } => spread(it, given, columns),
        ExprKind::Index(a, b) | ExprKind::Binary { left: a, right: b, .. } => {
            spread(a, given, columns);
            spread(b, given, columns);
        }
        ExprKind::Call { args: all, .. } | ExprKind::List(all) => {
            for it in all {
                spread(it, given, columns);
            }
        }
        ExprKind::Struct(fields) => {
            for (_, it) in fields {
                spread(it, given, columns);
            }
        }
        ExprKind::InRange { value, low, high } => {
            let ends = low.iter_mut().chain(high);
            ends.chain([value]).for_each(|it| spread(it, given, columns));
        }
        // The list of `in` stays: long ones of literals are looked up in another way.
        ExprKind::InList { value, .. } => spread(value, given, columns),
        ExprKind::If { branches, otherwise } => {
            let parts = branches.iter_mut().flat_map(|(a, b)| [a, b]);
            parts.chain([&mut **otherwise]).for_each(|it| spread(it, given, columns));
        }
        ExprKind::Template(parts) => parts.iter_mut().for_each(|part| {
            if let TemplatePart::Hole { value, .. } = part {
                spread(value, given, columns);
            }
        }),
        other => panic!("{other:?} stands in a closed expression"),
    }
}

/// The values of an expression, as JSON; a fault as its reason and detail.
fn values(expr: &Expr, columns: &[(Column, ArrayRef)], rows: usize) -> Vec<Json> {
    let (columns, arrays): (Vec<_>, Vec<_>) = columns.iter().cloned().unzip();
    let program = match Program::compile(expr, &columns) {
        Ok(program) => program,
        Err(error) => return vec![json!({"error": error.to_string()}); rows],
    };
    let frame = Frame { columns: &arrays, times: &vec![0; rows], meta: None };
    let evaluated = program.evaluate(&frame).expect("it is worked out");
    let mut values: Vec<Json> = (0..rows).map(|i| json(&evaluated.values, i)).collect();
    for fault in evaluated.faults {
        assert_eq!(values[fault.row as usize], Json::Null, "a row at fault has no value");
        values[fault.row as usize] = json!({fault.reason.as_str(): fault.detail});
    }
    values
}

/// A value as JSON.
fn json(array: &ArrayRef, i: usize) -> Json {
    if array.is_null(i) || *array.data_type() == DataType::Null {
        return Json::Null;
    }
    let mut text = String::new();
    match array.data_type() {
        DataType::Struct(fields) => {
            let inner = fields.iter().zip(array.as_struct().columns());
            let inner = inner.map(|(field, it)| (field.name().clone(), json(it, i)));
            return Json::Object(inner.collect());
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>().value(i);
            return (0..list.len()).map(|i| json(&list, i)).collect();
        }
        _ => Texts::of(array).write(i, None, &mut text).expect("a string takes all"),
    }
    match array.data_type() {
        DataType::Boolean | DataType::Int64 | DataType::Float64 => {
            serde_json::from_str(&text).unwrap_or_else(|_| json!(text))
        }
        _ => json!(text),
    }
}

/// The value as a constant; it has to be the same over columns, whatever their length.
#[track_caller]
fn value(text: &str) -> Json {
    let constant = parsed(text);
    let value = values(&constant, &[], 1).remove(0);
    for given in [&[true][..], &[true, true], &[false, true, true, false, true]] {
        let (mut expr, mut columns) = (constant.clone(), Vec::new());
        spread(&mut expr, given, &mut columns);
        if columns.is_empty() {
            continue;
        }
        let found = values(&expr, &columns, given.len());
        for (i, _) in given.iter().enumerate().filter(|(_, it)| **it) {
            if value.get("error").is_some() {
                assert!(found[i].is_object(), "{text} over {given:?}: {found:?}");
            } else {
                assert_eq!(found[i], value, "{text} over {given:?}");
            }
        }
    }
    value
}

#[test]
fn every_example_yields_what_it_says() {
    for function in all() {
        for example in function.signature().examples {
            let wanted: Json = serde_json::from_str(example.result).expect(example.result);
            let nullable = parsed(example.source).typed.nullable;
            assert!(nullable || !wanted.is_null(), "{} is never null", example.source);
            assert_eq!(value(example.source), wanted, "{}", example.source);
        }
    }
}

#[test]
fn every_word_is_described_once() {
    let mut names = Vec::new();
    for function in all() {
        let it = function.signature();
        assert!(it.summary.split_whitespace().count() >= 5, "`{}` says too little", it.name);
        assert!(!it.examples.is_empty(), "`{}` has no example", it.name);
        assert!(it.params.iter().all(|it| it.doc.ends_with('.')), "`{}`: a sentence each", it.name);
        assert!(!names.contains(&it.name), "`{}` stands twice", it.name);
        names.push(it.name);
    }
}

/// Values at the edges; a refused row is `{reason: detail}`.
#[test]
fn the_edges_are_refused_or_exact() {
    let least = "-9223372036854775807 - 1";
    let cases = [
        (
            format!("abs({least})"),
            json!({"overflow": "abs(-9223372036854775808): the least value has no opposite"}),
        ),
        (
            format!("gcd({least}, 0)"),
            json!({"overflow": "gcd(-9223372036854775808, 0): it does not fit an int"}),
        ),
        (format!("left(\"abc\", {least})"), json!("")),
        (format!("split_part(\"a/b\", \"/\", {least})"), json!("")),
        (format!("substr_index(\"a/b\", \"/\", {least})"), json!("a/b")),
        (format!("power({least}, 1)"), json!(i64::MIN)),
    ];
    for (text, wanted) in cases {
        assert_eq!(value(&text), wanted, "{text}");
    }
}

#[test]
fn decimals_are_rounded_exactly() {
    let ty = || Type::Decimal { precision: 4, scale: 2 };
    let columns = [Column::new("x", ty().nullable())];
    let units = arrow::array::Decimal128Array::from(vec![Some(995), Some(-995), Some(104), None]);
    let units = units.with_precision_and_scale(4, 2).expect("four digits");
    let run = |function: &str, digits: i64| {
        let int = |value| Expr {
            kind: ExprKind::Literal(Value::Int(value)),
            typed: Type::Int.required(),
            span: dsl::span::Span::new(0, 0),
        };
        let column = crate::testing::column("x", ty().nullable());
        let args = if digits == 0 { vec![column] } else { vec![column, int(digits)] };
        let types: Vec<Typed> = args.iter().map(|it| it.typed.clone()).collect();
        let word = all().iter().find(|it| it.signature().name == function).expect("it is there");
        let Returns::From(rule) = word.signature().result else { panic!("it checks constants") };
        let yields = rule(&types).expect("it takes decimals");
        let kind = ExprKind::Call { function: function.to_owned(), args };
        let expr = Expr { kind, typed: yields, span: dsl::span::Span::new(0, 0) };
        values(&expr, &[(columns[0].clone(), std::sync::Arc::new(units.clone()))], 4)
    };
    assert_eq!(run("round", 1), [json!("10.00"), json!("-10.00"), json!("1.00"), Json::Null]);
    assert_eq!(run("trunc", 1), [json!("9.90"), json!("-9.90"), json!("1.00"), Json::Null]);
    assert_eq!(run("ceil", 0), [json!("10.00"), json!("-9.00"), json!("2.00"), Json::Null]);
    assert_eq!(run("floor", 0), [json!("9.00"), json!("-10.00"), json!("1.00"), Json::Null]);
    assert_eq!(run("round", -1), [json!("10.00"), json!("-10.00"), json!("0.00"), Json::Null]);
    assert_eq!(run("abs", 0), [json!("9.95"), json!("9.95"), json!("1.04"), Json::Null]);
    assert_eq!(run("signum", 0), [json!(1), json!(-1), json!(1), Json::Null]);
}

#[test]
fn a_batch_that_a_library_refuses_is_halved_to_the_rows_at_fault() {
    let codes: Vec<i64> = (0..1000).map(|i| if i % 250 == 7 { -1 } else { 65 }).collect();
    let codes: ArrayRef = std::sync::Arc::new(arrow::array::Int64Array::from(codes));
    let column = Column::new("code", Type::Int.required());
    let arg = crate::testing::column("code", Type::Int.required());
    let kind = ExprKind::Call { function: "chr".to_owned(), args: vec![arg] };
    let expr = Expr { kind, typed: Type::String.required(), span: dsl::span::Span::new(0, 0) };
    let values = values(&expr, &[(column, codes)], 1000);
    for (i, value) in values.iter().enumerate() {
        match i % 250 {
            7 => assert!(value["function"].as_str().is_some_and(|it| it.starts_with("chr(-1): "))),
            _ => assert_eq!(value, "A"),
        }
    }
}

#[test]
fn constants_that_a_function_does_not_take_are_found_before_the_first_row() {
    let cases = [
        ("regexp_like(\"a\", \"(\")", "`(` is no regular expression: unclosed group"),
        ("regexp_count(\"a\", \"a\", 1, \"q\")", "`q` is no flag of a regular expression"),
        ("date_part(\"hour\", @2026-01-31, \"Mars\")", "there is no time zone `Mars`"),
        ("date_trunc(\"fortnight\", @2026-01-31)", "`fortnight` is none of `microsecond`"),
        ("to_char(@2026-01-31, \"%Q\")", "`%Q` is no form of a time"),
    ];
    for (text, why) in cases {
        let expr = dsl::parse::expression(text).expect("it parses");
        let found = dsl::check::expression(&expr, &[], &Functions).expect_err(text);
        let name = text.split_once('(').expect("a call").0;
        let message = &found[0].message;
        assert!(
            message.starts_with(&format!("`{name}` refuses its arguments: {why}")),
            "{message}"
        );
    }
}

/// The cases of the language's golden files: `expression => json` or `expression => error reason`.
#[test]
fn the_golden_expressions_hold() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/language");
    let mut wrong = Vec::new();
    for name in ["literals", "operators", "nulls", "casts", "functions", "dates", "templates"] {
        let text = std::fs::read_to_string(folder.join(name).with_extension("md")).expect(name);
        let mut inside = false;
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("```") {
                inside = line == "```cases";
                continue;
            }
            let Some((source, wanted)) = line.rsplit_once(" => ").filter(|_| inside) else {
                continue;
            };
            let found = std::panic::catch_unwind(|| value(source));
            let found = found.unwrap_or_else(|it| json!({"panic": it.downcast_ref::<String>()}));
            let holds = match wanted.strip_prefix("error ") {
                Some(reason) => found.get(reason).is_some(),
                None => Some(&found) == serde_json::from_str(wanted).ok().as_ref(),
            };
            if !holds {
                wrong.push(format!("{name}.md:{}: {source} => {found}, not {wanted}", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
