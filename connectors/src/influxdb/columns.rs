//! Which columns become tags and which become fields, and under which keys.

use dsl::plan::{Args, ExprKind};
use dsl::types::{Column, Type};

/// A value of the rows: a column, or a field inside a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// Its key. Fields of structs are joined to the name of the column by `_`.
    pub(super) key: String,
    /// The place of the column.
    pub(super) column: usize,
    /// The place of the field inside it, of the field inside that, and so on.
    pub(super) inside: Vec<usize>,
}

/// All that is written of a row beside its measurement and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// In the order of their keys' bytes, which is the one that costs servers least.
    pub(super) tags: Vec<Leaf>,
    /// In the order of the columns, or as they were given.
    pub(super) fields: Vec<Leaf>,
}

impl Layout {
    /// Of rows with these columns.
    pub(super) fn of(args: &Args, columns: &[Column]) -> Self {
        let place = |name: &String| columns.iter().rposition(|it| it.name == *name);
        let given = |option| args.opt_columns(option).ok().flatten();
        let mut tags: Vec<usize> =
            given("tags").unwrap_or_default().iter().filter_map(place).collect();
        tags.sort_by(|a, b| columns[*a].name.cmp(&columns[*b].name));
        tags.dedup();
        let fields: Vec<usize> = if let Some(names) = given("fields") {
            names.iter().filter_map(place).collect()
        } else {
            let used = [bare(args, "time"), bare(args, "measurement")];
            let rest = |it: &usize| {
                !tags.contains(it) && !used.contains(&Some(columns[*it].name.as_str()))
            };
            (0..columns.len()).filter(rest).collect()
        };
        let leaves = |places: &[usize]| {
            let mut leaves = Vec::new();
            for &place in places {
                flatten("", &columns[place], place, &mut Vec::new(), &mut leaves);
            }
            leaves
        };
        Self { tags: leaves(&tags), fields: leaves(&fields) }
    }
}

/// The column that an option is, as it stands.
pub(super) fn bare<'a>(args: &'a Args, option: &str) -> Option<&'a str> {
    match args.opt_expr(option).ok().flatten().map(|it| &it.kind) {
        Some(ExprKind::Column(name)) => Some(name),
        _ => None,
    }
}

fn flatten(
    before: &str,
    it: &Column,
    column: usize,
    inside: &mut Vec<usize>,
    leaves: &mut Vec<Leaf>,
) {
    let key = format!("{before}{}", it.name);
    match &it.typed.ty {
        Type::Struct(fields) => {
            for (i, field) in fields.iter().enumerate() {
                inside.push(i);
                flatten(&format!("{key}_"), field, column, inside, leaves);
                inside.pop();
            }
        }
        _ => leaves.push(Leaf { key, column, inside: inside.clone() }),
    }
}
