//! Runs the program of a section over its input, in many ways, and compares what came out each time.

use super::findings;
use super::input::{Event, events};
use super::markdown::{Block, Section};
use super::update;
use dsl::plan::{Input, Plan, Side};
use engine::runtime::Outcome;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use weir::report::Report;
use weir::testing::{Payload, Setup, VirtualRun, on_threads};

/// One way to run a test.
#[derive(Clone, Copy, Debug)]
struct Way {
    batch_rows: usize,
    tasks: usize,
    /// Restarts at places that this decides; none without.
    restarts: Option<u64>,
}

/// The rows at each watched stream, by the marks that output blocks may name: one list before the first mark, one behind
/// each.
type Found = BTreeMap<Input, Vec<Vec<Json>>>;

/// Checks the outputs and the report of a section.
pub(crate) fn check(path: &Path, section: &Section) -> Vec<String> {
    let wanted = |it: &&Block| matches!(it.kind(), "output" | "report");
    if !section.own.iter().any(|it| wanted(&it)) {
        return Vec::new();
    }
    try_check(path, section).unwrap_or_else(|why| vec![why])
}

fn try_check(path: &Path, section: &Section) -> Result<Vec<String>, String> {
    let (plan, found) = findings::compile(&findings::program(section));
    let plan = plan.ok_or_else(|| format!("the program does not check: {found:#?}"))?;
    let plan = dsl::constant::close(&plan, &BTreeMap::new(), &NoEnvironment)
        .map_err(|it| format!("{it:?}"))?;
    let events = events(section)?;
    let outputs: Vec<&Block> = section.own.iter().filter(|it| it.kind() == "output").collect();
    let watched = outputs.iter().map(|it| input(it)).collect::<Result<Vec<_>, _>>()?;
    let test = Test { path, section, plan: &plan, events: &events, watched: &watched };
    let mut wrong = Vec::new();
    for way in ways(&test.tasks()?) {
        let (found, outcome) = test.run(way).map_err(|it| format!("{way:?}: {it}"))?;
        let differences = test.compare(&found, &outcome);
        if !differences.is_empty() {
            wrong.push(format!("{way:?}\n{}", differences.join("\n")));
            break;
        }
    }
    if wrong.is_empty() && !events.iter().any(|it| matches!(it, Event::Clock(_) | Event::Crash)) {
        let (found, outcome) = test.threads().map_err(|it| format!("on threads: {it}"))?;
        let differences = test.compare(&found, &outcome);
        if !differences.is_empty() {
            wrong.push(format!("on threads\n{}", differences.join("\n")));
        }
    }
    Ok(wrong)
}

/// Rows from here on came out behind the next mark.
fn next(found: &mut Found) {
    found.values_mut().for_each(|it| it.push(Vec::new()));
}

struct NoEnvironment;

impl dsl::constant::Environment for NoEnvironment {
    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn secret(&self, _path: &str) -> Result<String, String> {
        Err("a golden test has no secrets".to_owned())
    }
}

/// Batches × tasks × restarts.
fn ways(tasks: &[usize]) -> Vec<Way> {
    let mut ways = Vec::new();
    for &tasks in tasks {
        for batch_rows in [8192, 1, 3] {
            ways.push(Way { batch_rows, tasks, restarts: None });
            ways.push(Way { batch_rows, tasks, restarts: Some((tasks * batch_rows) as u64) });
        }
    }
    ways
}

/// `NAME`, `NAME.late`, `NAME.errors`
fn input(block: &Block) -> Result<Input, String> {
    let name = block.name().ok_or("an output names its stream")?;
    let (name, side) = match name.split_once('.') {
        None => (name, Side::Main),
        Some((name, "late")) => (name, Side::Late),
        Some((name, "errors")) => (name, Side::Errors),
        Some(_) => return Err(format!("`{name}` is no stream")),
    };
    Ok(Input { name: name.to_owned(), side })
}

struct Test<'a> {
    path: &'a Path,
    section: &'a Section,
    plan: &'a Plan,
    events: &'a [Event],
    watched: &'a [Input],
}

impl Test<'_> {
    /// The numbers of tasks that `config` allows.
    fn tasks(&self) -> Result<Vec<usize>, String> {
        let config: Vec<_> = self.section.all("config").collect();
        let Some(config) = config.last() else { return Ok(vec![1, 2, 4]) };
        let line = config.text.trim();
        let (setting, reason) =
            line.split_once('#').ok_or("a `config` gives its reason behind `#`")?;
        if reason.trim().is_empty() {
            return Err("a `config` gives its reason behind `#`".to_owned());
        }
        let number = setting.trim().strip_prefix("tasks = ").and_then(|it| it.parse().ok());
        Ok(vec![number.ok_or("a `config` is written `tasks = N`")?])
    }

    fn run(&self, way: Way) -> Result<(Found, Outcome), String> {
        let setup = Setup { tasks: way.tasks, batch_rows: way.batch_rows, seed: 7 };
        let mut run =
            VirtualRun::new(self.plan, self.watched, setup).map_err(|it| it.to_string())?;
        let mut found: Found =
            self.watched.iter().map(|it| (it.clone(), vec![Vec::new()])).collect();
        let mut random = way.restarts.unwrap_or(1);
        let step = |run: &mut VirtualRun, found: &mut Found, event: &Event, random: &mut u64| {
            happen(run, event)?;
            *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if way.restarts.is_some() && (*random >> 33).is_multiple_of(3) {
                // What came out before must not be lost or made twice.
                run.restart(1 + (*random >> 40) as usize % 4)?;
            }
            // What came out before a checkpoint can be seen behind it only.
            if *event == Event::Checkpoint {
                look(run, found)?;
                next(found);
            }
            Ok::<(), engine::error::Error>(())
        };
        for event in self.events {
            // The rows in front of a mark belong in front of it, those that it brings about behind it.
            if event.mark().is_some() && *event != Event::Checkpoint {
                look(&mut run, &mut found).map_err(|it| it.to_string())?;
                next(&mut found);
            }
            step(&mut run, &mut found, event, &mut random).map_err(|it| it.to_string())?;
        }
        if !self.events.iter().any(|it| matches!(it, Event::Clock(_))) {
            run.end().map_err(|it| it.to_string())?;
        }
        look(&mut run, &mut found).map_err(|it| it.to_string())?;
        let outcome = run.finish().map_err(|it| it.to_string())?;
        Ok((found, outcome))
    }

    fn threads(&self) -> Result<(Found, Outcome), String> {
        let rows: Vec<_> = self
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Row { source, split, payload } => {
                    let payload = Payload::Raw(payload.clone().into_bytes());
                    Some((source.clone(), split.clone(), payload))
                }
                _ => None,
            })
            .collect();
        let setup = Setup { tasks: *self.tasks()?.last().unwrap_or(&1), ..Setup::default() };
        let (rows, outcome) =
            on_threads(self.plan, self.watched, setup, &rows).map_err(|it| it.to_string())?;
        Ok((rows.into_iter().map(|(input, rows)| (input, vec![rows])).collect(), outcome))
    }

    fn compare(&self, found: &Found, outcome: &Outcome) -> Vec<String> {
        let mut wrong = Vec::new();
        let blocks = self.section.own.iter().filter(|it| it.kind() == "output");
        for (block, input) in blocks.zip(self.watched) {
            let found = &found[input];
            wrong.extend(self.output(block, found));
        }
        let report = serde_json::to_value(Report::new(outcome, 0.0)).unwrap();
        for block in self.section.own.iter().filter(|it| it.kind() == "report") {
            match serde_json::from_str::<Json>(&block.text) {
                Ok(wanted) if contains(&report, &wanted) => {}
                Ok(_) => wrong.push(format!("line {}: the report is {report:#}", block.line)),
                Err(error) => wrong.push(format!("line {}: {error}", block.line)),
            }
        }
        if outcome.progress.ledger.residue() != 0 {
            wrong.push(format!("the ledger does not balance: {report:#}"));
        }
        wrong
    }

    /// Compares a block with the rows that came out of its stream.
    fn output(&self, block: &Block, found: &[Vec<Json>]) -> Option<String> {
        let marks: Vec<&str> = self.events.iter().filter_map(Event::mark).collect();
        let mut expected: Vec<(Option<&str>, Vec<Json>)> = vec![(None, Vec::new())];
        for line in block.text.lines() {
            match line.strip_prefix('@') {
                // What was lost comes again; that it was lost is not seen.
                Some("crash") => {}
                Some(mark) => {
                    expected.push((mark.split(' ').next(), Vec::new()));
                }
                None => match serde_json::from_str(line) {
                    Ok(row) => expected.last_mut()?.1.push(row),
                    Err(error) => return Some(format!("line {}: {error}: {line}", block.line)),
                },
            }
        }
        if found.len() == 1 && !marks.is_empty() {
            // On threads nobody looks on the way: all rows together.
            let all = expected.drain(..).flat_map(|it| it.1).collect();
            expected = vec![(None, all)];
        }
        let found = regroup(found, &marks, &expected);
        if found.len() != expected.len() {
            return Some(format!(
                "line {}: the marks of the output are not those of the input",
                block.line
            ));
        }
        let ordered = block.has("ordered");
        let same =
            expected.iter().zip(&found).all(|((_, wanted), found)| alike(wanted, found, ordered));
        if same {
            return None;
        }
        let text = shown(&expected, &found);
        if update::wanted() {
            update::rewrite(self.path, block, &text);
            return None;
        }
        Some(format!("line {}: `{}` put out:\n{text}", block.line, block.info[1..].join(" ")))
    }
}

/// Rows between marks that the block does not name belong together.
fn regroup(
    found: &[Vec<Json>],
    marks: &[&str],
    expected: &[(Option<&str>, Vec<Json>)],
) -> Vec<Vec<Json>> {
    let mut groups = vec![found[0].clone()];
    let mut named = expected.iter().skip(1).filter_map(|it| it.0).peekable();
    for (mark, rows) in marks.iter().zip(&found[1..]) {
        if named.peek() == Some(mark) {
            named.next();
            groups.push(rows.clone());
        } else {
            groups.last_mut().unwrap().extend(rows.iter().cloned());
        }
    }
    groups
}

/// Whether these are the rows, as far as the columns written tell; each wanted row stands for one found.
fn alike(wanted: &[Json], found: &[Json], ordered: bool) -> bool {
    if wanted.len() != found.len() {
        return false;
    }
    if ordered {
        return wanted.iter().zip(found).all(|(wanted, found)| contains(found, wanted));
    }
    let mut left: Vec<&Json> = found.iter().collect();
    wanted.iter().all(|wanted| {
        let place = left.iter().position(|it| contains(it, wanted));
        place.map(|it| left.remove(it)).is_some()
    })
}

/// Whether what is written stands in what was found.
fn contains(found: &Json, wanted: &Json) -> bool {
    match (found, wanted) {
        (Json::Object(found), Json::Object(wanted)) => wanted
            .iter()
            .all(|(name, wanted)| found.get(name).is_some_and(|found| contains(found, wanted))),
        (Json::Array(found), Json::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| contains(a, b))
        }
        // Bits, not nearness: an int and a float of one value are written differently.
        (found, wanted) => found == wanted,
    }
}

/// The rows as a block would show them: with the columns of the rows that stand there now.
fn shown(expected: &[(Option<&str>, Vec<Json>)], found: &[Vec<Json>]) -> String {
    let columns: Option<Vec<&String>> = expected
        .iter()
        .flat_map(|it| &it.1)
        .find_map(|it| it.as_object().map(|it| it.keys().collect()));
    let mut text = String::new();
    for ((mark, _), rows) in expected.iter().zip(found) {
        if let Some(mark) = mark {
            text.push('@');
            text.push_str(mark);
            text.push('\n');
        }
        for row in rows {
            let row = match (&columns, row.as_object()) {
                (Some(columns), Some(row)) => {
                    let kept = columns
                        .iter()
                        .filter_map(|it| row.get(*it).map(|value| format!("\"{it}\":{value}")));
                    format!("{{{}}}", kept.collect::<Vec<_>>().join(","))
                }
                _ => row.to_string(),
            };
            text.push_str(&row);
            text.push('\n');
        }
    }
    text
}

/// Takes what came out since the last look.
fn look(run: &mut VirtualRun, found: &mut Found) -> Result<(), engine::error::Error> {
    for (input, groups) in found {
        let rows = run.take(input)?;
        groups.last_mut().unwrap().extend(rows);
    }
    Ok(())
}

fn happen(run: &mut VirtualRun, event: &Event) -> Result<(), engine::error::Error> {
    match event {
        Event::Row { source, split, payload } => {
            let payload = Payload::Raw(payload.clone().into_bytes());
            run.feed(source, split, &[payload], false)
        }
        Event::Split { source, split, event } => {
            run.input(source)?.event(split, *event);
            Ok(())
        }
        Event::Clock(to) => run.move_clock(*to),
        Event::Checkpoint => run.save(),
        Event::Crash => run.crash(3),
        Event::End(source) => {
            run.input(source)?.end();
            run.settle()
        }
    }
}
