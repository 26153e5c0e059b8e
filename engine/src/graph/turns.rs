//! What `concat` asks of sources: one is read when others have ended, so none may have to wait for itself.
//!
//! ```text
//!  concat(history, live)      live waits for history
//!  concat(live, backup)       backup waits for live             fine: history, live, backup
//!  concat(backup, history)    history waits for backup          a circle: nobody begins
//! ```

use super::{Graph, StageKind};
use crate::combinations::Meeting;
use crate::error::{Error, Result};
use dsl::plan::Plan;

/// Refuses plans in which a source would wait for ever.
pub(super) fn check(plan: &Plan, graph: &Graph) -> Result<()> {
    let sources = plan.sources.len();
    // Whether a source waits for another one; and the stream that says so.
    let mut waits: Vec<Vec<Option<&str>>> = vec![vec![None; sources]; sources];
    for (stage, inside) in graph.stages.iter().enumerate() {
        if inside.kind != StageKind::Meeting(Meeting::InTurn) {
            continue;
        }
        let name = inside.pipes.first().map_or("", |it| &it.owner);
        let mut edges: Vec<_> = graph.edges_to(stage).map(|(_, edge)| edge).collect();
        edges.sort_by_key(|it| it.port);
        let mut before: Vec<usize> = Vec::new();
        for edge in edges {
            let own = graph.sources_of(edge.from);
            if let Some(&shared) = own.iter().find(|it| before.contains(it)) {
                return Err(shared_source(&plan.sources[shared].name).at(name));
            }
            for &source in &own {
                for &it in &before {
                    waits[source][it] = Some(name);
                }
            }
            before.extend(own);
        }
    }
    close(&mut waits);
    match (0..sources).find_map(|it| Some((it, waits[it][it]?))) {
        Some((source, name)) => Err(circle(&plan.sources[source].name).at(name)),
        None => Ok(()),
    }
}

/// Who waits for somebody who waits waits, too.
fn close(waits: &mut [Vec<Option<&str>>]) {
    for through in 0..waits.len() {
        for from in 0..waits.len() {
            for to in 0..waits.len() {
                if waits[from][to].is_none() && waits[through][to].is_some() {
                    waits[from][to] = waits[from][through];
                }
            }
        }
    }
}

fn shared_source(source: &str) -> Error {
    Error::user(format!(
        "two streams that are read one after the other both come from `{source}`, which would have to be held in \
         memory; read it by two sources, or use `union`"
    ))
}

fn circle(source: &str) -> Error {
    Error::user(format!(
        "`{source}` would be read when others have ended that wait for it themselves: the orders in which `concat` reads \
         streams contradict each other; write them in the same order everywhere"
    ))
}
