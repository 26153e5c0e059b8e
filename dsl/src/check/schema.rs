//! Schemas and params: what is declared about values, with their bounds and defaults.

use super::bounds;
use super::expr::{self, Scope};
use super::type_expr::{time_unit, twice, typed};
use crate::ast::{self, ExprKind, TypeArgs, TypeExpr};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Field, ParamPlan, Schema, TimestampForm};
use crate::signature::TypeClass;
use crate::span::{Span, Spanned};
use crate::types::{Column, Type};
use crate::value::Value;

/// A schema, its types resolved, its bounds and defaults checked.
pub(super) fn schema(
    schema: &ast::Schema,
    catalog: &dyn Catalog,
    report: &mut Vec<Diagnostic>,
) -> Schema {
    if schema.fields.is_empty() {
        let message = format!("the schema `{}` has no fields", schema.name.node);
        let help = "write a field a line: `temperature: float?`";
        report.push(Diagnostic::new(Code::BadTypeArguments, schema.name.span, message).help(help));
    }
    twice(&schema.fields, report);
    let fields = schema.fields.iter().map(|it| field(it, catalog, report)).collect();
    Schema { name: schema.name.node.clone(), fields }
}

fn field(field: &ast::Field, catalog: &dyn Catalog, report: &mut Vec<Diagnostic>) -> Field {
    let typed = typed(&field.ty, report);
    let timestamp = timestamp_form(&field.ty, catalog, report);
    let bounds = field.bounds.as_ref().and_then(|it| bounds::checked(it, &typed, report));
    let default = field.default.as_ref().and_then(|it| {
        let value = bounds::constant(Code::BadDefault, it, &typed, report)?;
        bounds::keeps(Code::BadDefault, &value, bounds.as_ref(), it.span, report).then_some(value)
    });
    let children = children(&field.ty, catalog, report);
    Field {
        column: Column::new(field.name.node.clone(), typed),
        wire: field.wire.as_ref().and_then(|it| wire(it, report)),
        timestamp,
        bounds,
        default,
        children,
        span: field.span,
    }
}

fn wire(path: &Spanned<String>, report: &mut Vec<Diagnostic>) -> Option<String> {
    if path.node.trim().is_empty() {
        let message = "the name on the wire is empty";
        let help = "leave `from` out where it is the column's own name";
        report.push(Diagnostic::new(Code::BadPattern, path.span, message).help(help));
        return None;
    }
    Some(path.node.clone())
}

/// The fields of a struct, or of the structs in a list or map. Their types were checked with the whole.
fn children(ty: &TypeExpr, catalog: &dyn Catalog, report: &mut Vec<Diagnostic>) -> Vec<Field> {
    let mut known = Vec::new();
    let fields = match &ty.args {
        TypeArgs::Fields(fields) => {
            fields.iter().map(|it| field(it, catalog, &mut known)).collect()
        }
        TypeArgs::Types(types) if ty.name.node == "list" || ty.name.node == "map" => {
            types.last().map(|it| children(it, catalog, report)).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    // What is wrong with the types themselves was reported when the type of the whole was read.
    let types = [Code::UnknownType, Code::BadTypeArguments, Code::FieldTwice];
    let zone = |it: &Diagnostic| it.message.contains("time zone");
    report.extend(known.into_iter().filter(|it| !types.contains(&it.code) || zone(it)));
    fields
}

/// `timestamp(s)`, `timestamp("Europe/Berlin")`, also of the elements of a list or map.
fn timestamp_form(
    ty: &TypeExpr,
    catalog: &dyn Catalog,
    report: &mut Vec<Diagnostic>,
) -> TimestampForm {
    let mut form = TimestampForm::default();
    match &ty.args {
        TypeArgs::Params(params) if ty.name.node == "timestamp" => {
            for param in params {
                match &param.kind {
                    ExprKind::Name { name, .. } => form.unit = time_unit(name).unwrap_or_default(),
                    ExprKind::Literal(ast::Literal { value: Value::String(zone), .. }) => {
                        form.zone = known_zone(zone, param.span, catalog, report);
                    }
                    _ => {}
                }
            }
        }
        TypeArgs::Types(types) if ty.name.node == "list" || ty.name.node == "map" => {
            if let Some(element) = types.last() {
                return timestamp_form(element, catalog, report);
            }
        }
        _ => {}
    }
    form
}

fn known_zone(
    zone: &str,
    span: Span,
    catalog: &dyn Catalog,
    report: &mut Vec<Diagnostic>,
) -> Option<String> {
    if catalog.knows_zone(zone) {
        return Some(zone.to_owned());
    }
    let message = format!("there is no time zone `{zone}`");
    let help = "zones are named by a place, as in `\"Europe/Berlin\"` or `\"America/New_York\"`, or \
                `\"UTC\"`; numbers of another unit than milliseconds are `timestamp(s)`";
    report.push(Diagnostic::new(Code::BadTypeArguments, span, message).help(help));
    None
}

/// A param; its default may use the params before it.
pub(super) fn param(
    param: &ast::Param,
    scope: &Scope<'_>,
    report: &mut Vec<Diagnostic>,
) -> ParamPlan {
    let typed = typed(&param.ty, report);
    let bounds = param.bounds.as_ref().and_then(|it| bounds::checked(it, &typed, report));
    let default = param.default.as_ref().map(|it| {
        let class = match &typed.ty {
            Type::Unknown => TypeClass::Any,
            ty => TypeClass::Is(ty.clone()),
        };
        let value = expr::check_as(it, &class, scope, report);
        if let crate::plan::ExprKind::Literal(literal) = &value.kind
            && !value.typed.ty.is_unknown()
        {
            if *literal == Value::Null && !typed.nullable {
                report.push(null_default(param, it.span));
            } else {
                bounds::keeps(Code::BadDefault, literal, bounds.as_ref(), it.span, report);
            }
        }
        value
    });
    ParamPlan { name: param.name.node.clone(), typed, bounds, default, span: param.span }
}

fn null_default(param: &ast::Param, span: Span) -> Diagnostic {
    let message = format!("`{}` cannot be null", param.name.node);
    Diagnostic::new(Code::BadDefault, span, message).help(format!(
        "write `{}?` behind its name, or leave the default out: then `--set` has to give it",
        param.ty.name.node
    ))
}
