//! The source `generate`.

use super::fleet::Fleet;
use super::settings::{Settings, problems};
use super::{columns, payload};
use crate::common::source_params;
use arrow::datatypes::SchemaRef;
use dsl::catalog::{SourcePromise, SourceRule};
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{Args, Schema, SourcePlan};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::span::Span;
use dsl::types::Column;
use engine::error::{Error, Result};
use engine::source::{
    Columns, Polled, Position, Source, SourceContext, SourceDef, SplitEvent, SplitName,
};
use engine::time::{Clock, Micros, Timestamp};
use engine::types::schema;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::Waker;
use std::time::Duration;

/// The only split.
const SPLIT: &str = "fleet";

/// About the bytes of a row of columns.
const ROW_BYTES: usize = 64;

/// So many rows at once.
const ROWS_MAX: usize = 8_192;

/// Rows are not waited for one by one: that many microseconds' worth of them come together.
const TICK: Micros = 10_000;

/// A fleet that has nothing to say for longer than this may count as idle.
const SLOW: Micros = 1_000_000;

/// The word.
#[derive(Debug)]
pub struct Generate;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| {
    let int = |name, doc| Param::option(name, Takes::Constant(Constant::Int), doc);
    let share = |name, doc| {
        Param::option(name, Takes::Constant(Constant::Float), doc).within("0.0..1.0").default("0.0")
    };
    let mut params = vec![
        int("devices", "How many devices there are; they take turns.")
            .within("1..10000000")
            .default("100"),
        Param::option(
            "rate",
            Takes::ConstantOrChoice(Constant::Rate, &["max"]),
            "How many rows a second, all devices together; `max`: as fast as they are taken.",
        )
        .default("1000"),
        int("rows", "How many rows there are; without it there is no end.").within("0.."),
        int("seed", "What the random numbers follow from.").default("1"),
        Param::option("profile", Takes::Choice(&["sensors"]), "What kind of devices they are.")
            .default("sensors"),
        share("spike", "Share of rows whose temperature jumps by 40 to 80 degrees."),
        share("drop_out", "Share of values that are missing."),
        share("skew", "Share of devices whose clock is 2 to 10 minutes ahead."),
        share("late", "Share of rows whose time is 5 to 60 seconds back."),
        Param::option(
            "payload",
            Takes::Choice(&["json"]),
            "Yields one column `payload` of bytes instead: what the devices would send.",
        ),
        share("bad", "Share of payloads that are broken."),
    ];
    // It makes columns: there is nothing to decode.
    let decoding = ["format", "schema", "strict"];
    params.extend(source_params().into_iter().filter(|it| !decoding.contains(&it.name)));
    Signature {
        name: "generate",
        kind: Kind::Source,
        summary: "A simulated fleet of sensors, for trying things out.",
        details: "Its columns are `device_id: string`, `timestamp: timestamp`, and `temperature`, `humidity`, `pressure` \
                  and `vibration`, all `float?`. Every device has its own level, a daily cycle and noise.\n\n\
                  With a rate, rows come as the clock goes and their time is when they were due. With `rate: max`, \
                  times begin at 2026-01-01 and every device measures once a second, so that the same seed gives \
                  the same rows, bit by bit.",
        params,
        result: Returns::Nothing,
        examples: &[
            Example {
                title: "A hundred devices, a thousand rows a second",
                source: r#"source fleet = generate(spike: 0.001, time: timestamp, out_of_order: 1s)

sink hot = fleet | where temperature > 85.0 | into console(limit: 20)

test "only hot readings are shown" {
  feed fleet [
    { device_id: "device-0001", timestamp: @2026-01-01T00:00:00Z, temperature: 91.5 },
    { device_id: "device-0002", timestamp: @2026-01-01T00:00:01Z, temperature: 21.5 },
  ]
  expect hot [
    { device_id: "device-0001", temperature: 91.5 },
  ]
}
"#,
                result: "",
            },
            Example {
                title: "A million rows as fast as possible",
                source: r#"source fleet = generate(devices: 1000, rate: max, rows: 1_000_000, time: timestamp)

sink averages = fleet
  | window tumbling(1m), by: device_id
  | aggregate average = avg(temperature)
  | into file(path: "averages.parquet")

test "a row a device and minute" {
  feed fleet [
    { device_id: "device-0001", timestamp: @2026-01-01T00:00:00Z, temperature: 20.0 },
    { device_id: "device-0001", timestamp: @2026-01-01T00:00:01Z, temperature: 22.0 },
  ]
  expect averages [
    { device_id: "device-0001", average: 21.0 },
  ]
}
"#,
                result: "",
            },
        ],
    }
});

impl SourceRule for Generate {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn columns(
        &self,
        args: &Args,
        _schema: Option<&Schema>,
        _format: Option<&[Column]>,
        report: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Column>> {
        for problem in problems(args) {
            let span = args.span(problem.option).unwrap_or(Span::new(0, 0));
            let diagnostic = Diagnostic::new(Code::BadOption, span, problem.message);
            report.push(diagnostic.help(problem.help));
        }
        Some(match args.get("payload") {
            Some(_) => payload::columns(),
            None => columns::columns(),
        })
    }

    fn bounded(&self, args: &Args) -> bool {
        args.get("rows").is_some()
    }

    fn promise(&self, _args: &Args) -> SourcePromise {
        SourcePromise::new(true, "any row can be made again")
    }
}

impl SourceDef for Generate {
    fn open(&self, plan: &SourcePlan, context: SourceContext) -> Result<Box<dyn Source>> {
        let settings = Settings::of(&plan.connector.args)?;
        let split: SplitName = SPLIT.into();
        let (next, start) = match context.positions.get(&split) {
            Some(position) => place(position)?,
            None => (0, settings.pace.start(context.clock.now())),
        };
        let columns = if settings.payload { payload::columns() } else { columns::columns() };
        Ok(Box::new(Generator {
            fleet: Fleet::new(&settings),
            schema: schema(&columns),
            needed: context.needed,
            split,
            said: Said::Nothing,
            next,
            start,
            timer: Arc::default(),
            clock: context.clock,
            waker: context.waker,
            io: context.io,
            settings,
        }))
    }
}

/// A position: the next row, and the time of row 0.
fn place(position: &str) -> Result<(u64, Timestamp)> {
    let parsed = position
        .split_once('@')
        .and_then(|(row, start)| Some((row.parse().ok()?, start.parse().ok()?)));
    parsed.ok_or_else(|| Error::bug(format!("`{position}` is no position of `generate`")))
}

/// What was said about the split.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Live,
    CaughtUp,
    Ended,
}

struct Generator {
    fleet: Fleet,
    settings: Settings,
    schema: SchemaRef,
    needed: Vec<bool>,
    split: SplitName,
    said: Said,
    /// The number of the next row.
    next: u64,
    /// The time of row 0.
    start: Timestamp,
    /// Whether a timer runs already.
    timer: Arc<AtomicBool>,
    clock: Arc<dyn Clock>,
    waker: Waker,
    io: tokio::runtime::Handle,
}

impl Source for Generator {
    fn poll(&mut self, limit: usize) -> Result<Polled> {
        if self.said == Said::Nothing {
            return Ok(self.say(Said::Live, SplitEvent::Live));
        }
        let now = self.clock.now();
        let all = self.settings.rows.unwrap_or(u64::MAX);
        if self.next >= all {
            return Ok(match self.said {
                Said::Ended => Polled::End,
                _ => self.say(Said::Ended, SplitEvent::Ended),
            });
        }
        let pace = self.settings.pace;
        let due = if pace.paced { pace.due(now.saturating_sub(self.start)).min(all) } else { all };
        if self.next >= due {
            let due_at = self.start.saturating_add(pace.offset(self.next));
            if due_at.saturating_sub(now) > SLOW && self.said == Said::Live {
                return Ok(self.say(Said::CaughtUp, SplitEvent::CaughtUp));
            }
            self.wait(now, due_at);
            return Ok(Polled::Pending);
        }
        self.said = Said::Live;
        let row_bytes = if self.settings.payload { payload::PAYLOAD_BYTES } else { ROW_BYTES };
        let most = (limit / row_bytes).clamp(1, ROWS_MAX) as u64;
        let rows = self.next..due.min(self.next + most);
        self.next = rows.end;
        let rows = if self.settings.payload {
            payload::rows(&mut self.fleet, &self.schema, rows, self.start)?
        } else {
            columns::rows(&mut self.fleet, &self.schema, &self.needed, rows, self.start)?
        };
        let position = format!("{}@{}", self.next, self.start);
        let split = Arc::clone(&self.split);
        Ok(Polled::Columns(Columns { split, rows, rejected: Vec::new(), received: now, position }))
    }

    fn acknowledge(&mut self, _split: &SplitName, _position: &Position) -> Result<()> {
        Ok(())
    }
}

impl Generator {
    fn say(&mut self, said: Said, event: SplitEvent) -> Polled {
        self.said = said;
        Polled::Split(Arc::clone(&self.split), event)
    }

    /// Wakes the runtime when the next row is due, by the machine's time: a clock that is moved by hand is looked at
    /// whenever it was moved.
    fn wait(&self, now: Timestamp, due_at: Timestamp) {
        if self.timer.swap(true, Ordering::SeqCst) {
            return;
        }
        let pause = Duration::from_micros(due_at.saturating_sub(now).max(TICK).unsigned_abs());
        let (timer, waker) = (Arc::clone(&self.timer), self.waker.clone());
        self.io.spawn(async move {
            tokio::time::sleep(pause).await;
            timer.store(false, Ordering::SeqCst);
            waker.wake();
        });
    }
}

#[cfg(test)]
mod tests;
