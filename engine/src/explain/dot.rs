//! The graph for Graphviz: a box a stage, an arrow an edge.

use super::cut;
use crate::error::Result;
use crate::graph::{Spread, StageKind, build};
use dsl::plan::{Plan, Side};

/// The graph of a plan in the language of `dot`.
pub fn dot(plan: &Plan) -> Result<String> {
    let graph = build(plan)?;
    let mut text = String::from("digraph pipeline {\n  rankdir=LR;\n  node [shape=box];\n");
    for (i, stage) in graph.stages.iter().enumerate() {
        let kind = match stage.kind {
            StageKind::Source(_) => "source",
            StageKind::Exchange => "steps",
            StageKind::Meeting(_) => "meeting",
            StageKind::Sink(_) => "sink",
        };
        let tasks = if stage.spread == Spread::Many { "many tasks" } else { "one task" };
        let pipes: Vec<String> = stage
            .pipes
            .iter()
            .map(|pipe| {
                let verbs = pipe.operators.iter().flatten().map(|it| format!(" | {}", it.verb));
                format!("{}{}", pipe.owner, verbs.collect::<String>())
            })
            .collect();
        let label = format!("{kind}, {tasks}\\l{}\\l", pipes.join("\\l"));
        put(&mut text, format_args!("  s{i} [label=\"{label}\"];\n"));
    }
    for edge in &graph.edges {
        let side = match edge.side {
            Side::Main => "",
            Side::Errors => "errors, ",
            Side::Late => "late, ",
        };
        let label = format!("{side}{}", cut(&edge.cut)).replace('"', "\\\"");
        put(&mut text, format_args!("  s{} -> s{} [label=\"{label}\"];\n", edge.from, edge.to));
    }
    text.push_str("}\n");
    Ok(text)
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.push_str(&std::fmt::format(what));
}
