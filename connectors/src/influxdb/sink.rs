//! The word `influxdb` behind `into`.

use super::check;
use super::options::params;
use super::outbox::Outbox;
use super::render::Renderer;
use super::sender::Sender;
use super::server::Server;
use super::settings::Settings;
use super::writer::Writer;
use crate::retry::Retry;
use dsl::catalog::{Guarantee, SinkPromise, SinkRule};
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Args, Flow, SinkPlan};
use dsl::signature::{Example, Kind, Returns, Signature};
use dsl::span::Span;
use engine::error::{Error, Result};
use engine::interrupt::Interrupt;
use engine::sink::{Sink, SinkContext, SinkDef};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

/// How long opening waits: more than the two questions to the server may take together.
const OPEN_MAX: Duration = Duration::from_secs(25);
/// How often it looks whether the run is to stop meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// The word.
#[derive(Debug)]
pub struct InfluxdbSink;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| {
    Signature {
    name: "influxdb",
    kind: Kind::Sink,
    summary: "Writes each row as a point to InfluxDB, QuestDB or VictoriaMetrics.",
    details: "\
A row becomes a point: its `measurement` and `tags` name the series, `time` is its time, the other columns are its fields. \
Points of one series and one time replace each other, so the tags have to tell rows of one time apart; `weir check` warns \
where they do not. Also for that reason a point that is sent twice is there once: requests without an answer are sent again, \
at least once, and what is stored is the same as if each had been sent once.

With `database` points go to the endpoint of version 1 (`/write`), with `org` and `bucket` to that of version 2 \
(`/api/v2/write`), which QuestDB and VictoriaMetrics have as well. A server of version 3 is told by its answer, or by \
`version: 3`, and with `database` gets them at `/api/v3/write_lp`. That endpoint is written to by its specification and was \
not tested against a server; `org` (any text) and `bucket` (the database) use the endpoint of version 2 that it has, too.

`int` becomes an integer, `float` and `decimal` a float, `bool` a boolean; everything else becomes text as in JSON. Fields of \
structs are joined by `_` (`window_start`). A null is left out, and so are NaN and infinities, which points cannot have, and \
tags that are empty. A time that is finer than `precision` is cut.

To the sink's `.errors` go rows without a single field, rows whose tags or measurement no line can hold (a line break, a \
backslash at the end, or, but for InfluxDB 3 and QuestDB, before `,` `=` a blank or another backslash, which servers read \
differently), and rows that the \
server does not take (a field of another type), with its words. All others of the same request are written.

While the server is away, overloaded, or does not let us in any more, rows wait, then the pipeline does; that is said once, \
and again when it is over. When a run begins, a server that does not answer, a login that is refused and a database that \
does not exist end it with a message. A proxy is used if `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say so.",
    params: params(),
    result: Returns::Nothing,
    examples: &[Example {
        title: "The minutes of each machine",
        source: r#"schema Reading {
  machine: string
  line:    string
  at:      timestamp
  celsius: float
}

source readings = memory(schema: Reading, time: at)

stream minutes = readings
  | window tumbling(1m), by: [line, machine]
  | aggregate readings = count(), mean = avg(celsius)
  | select line, machine, minute = window.start, readings, mean

sink database = minutes
  | into influxdb(
      url: "http://localhost:8086",
      database: "plant",
      measurement: "machine_1m",
      tags: [line, machine],
      time: minute,
    )

test "one point a machine and minute" {
  feed readings [
    { machine: "press", line: "a", at: @2026-01-01T06:00:10Z, celsius: 20.0 },
    { machine: "press", line: "a", at: @2026-01-01T06:00:50Z, celsius: 30.0 },
  ]
  expect database [
    { machine: "press", minute: @2026-01-01T06:00:00Z, readings: 2, mean: 25.0 },
  ]
}
"#,
        result: "",
    }],
}
});

impl SinkRule for InfluxdbSink {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn check(
        &self,
        args: &Args,
        flow: &Flow,
        _bounded: bool,
        span: Span,
        report: &mut Vec<Diagnostic>,
    ) {
        check::check(args, flow, span, report);
    }

    fn promise(&self, _args: &Args) -> SinkPromise {
        SinkPromise::new(
            Guarantee::AtLeastOnce,
            "a request that was not answered is sent again; points of the same series and time replace each other, \
             so what is stored is as if each had been sent once",
        )
    }
}

impl SinkDef for InfluxdbSink {
    fn open(&self, plan: &SinkPlan, context: SinkContext) -> Result<Box<dyn Sink>> {
        let args = &plan.connector.args;
        let Settings { place, version, precision, points, linger, gzip, waits, give_up } =
            Settings::read(args)?;
        let (opened, outcome) = sync_channel(1);
        let opening = context.io.spawn(async move {
            // Nobody waits any more when it took too long.
            drop(opened.send(Server::open(&place, version, precision).await));
        });
        let server = wait(&outcome, &context.interrupt).inspect_err(|_| opening.abort())?;
        let renderer = Renderer::new(args, &plan.columns, precision, server.dialect())?;
        let clock = context.clock;
        let outbox = Outbox::new(context.waker.clone(), Arc::clone(&clock), linger, context.budget);
        let outbox = Arc::new(outbox);
        let sender = Sender {
            retry: Retry::new(&plan.name, &server.shown, waits, context.waker.clone()),
            server,
            outbox: Arc::clone(&outbox),
            clock,
            give_up,
            errors_read: context.errors_read,
            gzip,
            trouble: Mutex::new(None),
        };
        let sender = context.io.spawn(sender.run());
        Ok(Box::new(Writer { renderer, outbox, points, gzip, sent: 0, sender }))
    }
}

/// Waits until it is known how to write to the server, or until the run is to stop.
fn wait(outcome: &Receiver<Result<Server>>, interrupt: &Interrupt) -> Result<Server> {
    for _ in 0..OPEN_MAX.as_millis() / LOOK.as_millis() {
        match outcome.recv_timeout(LOOK) {
            Ok(opened) => return opened,
            Err(RecvTimeoutError::Timeout) => interrupt.check()?,
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Err(Error::unavailable("the server did not answer in time; check `url`"))
}
