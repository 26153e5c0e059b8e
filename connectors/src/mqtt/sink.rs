//! The word `mqtt` behind `into`.

use super::address::Address;
use super::client::Connect;
use super::failure::Server;
use super::lanes::{Lane, Lanes};
use super::outbox::Outbox;
use super::pool::Pool;
use super::properties::{self, Properties};
use super::reconnect::{self, Keep};
use super::rumqtt::RumqttLink;
use super::send::Sender;
use super::settings::{self, Settings, connection_params, qos_param};
use super::wire::WireLink;
use super::writer::Writer;
use crate::backoff::Backoff;
use crate::common::sink_params;
use dsl::catalog::{Guarantee, SinkPromise, SinkRule};
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{ArgError, Args, Expr, ExprKind, Flow, SinkPlan, TemplatePart};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::span::Span;
use dsl::types::Type;
use engine::error::{Error, Result};
use engine::expr::Program;
use engine::interrupt::Interrupt;
use engine::sink::{Sink, SinkContext, SinkDef};
use engine::time::Clock;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// How many messages may be sent ahead of their acknowledgement, where the broker allows as many.
const IN_FLIGHT_MAX: u16 = 1024;
/// How many connections are made at the same time.
const OPENING_MAX: usize = 32;
/// For how long a broker keeps, at QoS 2, how far each message has come.
const SESSION: Duration = Duration::from_hours(1);

/// The word.
#[derive(Debug)]
pub struct MqttSink;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| {
    let mut params = connection_params();
    params.splice(1..1, message_params());
    params.extend(sink_params());
    Signature {
        name: "mqtt",
        kind: Kind::Sink,
        summary: "Publishes each row as a message to an MQTT 5 broker.",
        details: DETAILS,
        params,
        result: Returns::Nothing,
        examples: EXAMPLES,
    }
});

fn message_params() -> Vec<Param> {
    let topic = Param::option(
        "topic",
        Takes::RowPattern,
        "The topic of each row; `{column}` is filled in from the row.",
    )
    .required();
    let qos = qos_param(
        "0: a message is sent once and may get lost; 1: it is sent until the broker acknowledges it; 2: and arrives once \
         over reconnections, as long as the broker keeps the session (not over WebSocket).",
    );
    let mut params = vec![topic, qos];
    params.extend(properties::params());
    params.push(
        Param::option(
            "topic_alias",
            Takes::Constant(Constant::Bool),
            "Whether a topic is sent in full once a connection and as a number from then on, as far as the broker takes \
             numbers. It spares bytes where topics are long; not over WebSocket.",
        )
        .default("false"),
    );
    params.push(
        Param::option(
            "connections",
            Takes::Constant(Constant::Int),
            "How many connections to spread topics over; the client ids are numbered then. With as many as there are \
             devices in the rows, each device has its own, as in a plant.",
        )
        .within("1..10000")
        .default("1"),
    );
    params
}

const DETAILS: &str = "\
Rows are written as JSON unless `format` says otherwise, one message a row. From QoS 1 on a row is written when the broker \
has acknowledged it; when the connection breaks, what was not acknowledged is sent again in the same order, so a row may \
arrive twice: at least once. At QoS 2 it does not, as long as the broker keeps the session (it is asked to for an hour) and \
the process lives; what a new process sends again is new to the broker. Messages of one topic stay in order. While the \
broker is away the sink takes rows until its share of memory is full, then the pipeline waits.

A row goes to the sink's `.errors` if its topic or a property is impossible (a wildcard, nothing at all, a control \
character), if its message is larger than the broker takes, or if the broker refuses it. If nobody reads `.errors`, the first \
message that the broker refuses ends the run. At QoS 2 some brokers close the connection whenever they refuse a message \
(Mosquitto 2.0 does), so each such row costs a reconnection; QoS 1 does not.";

const EXAMPLES: &[Example] = &[Example {
    title: "An alert for each machine",
    source: r#"schema Reading {
  machine: string
  value:   float
}

source readings = memory(schema: Reading)

sink alerts = readings
  | where value > 85.0
  | into mqtt(
      url: "mqtt://localhost:1883",
      topic: "alerts/{machine}",
      retain: true,
      expiry: 1h,
      headers: { severity: if(value > 100.0, "high", "low") },
      content_type: "application/json",
    )

test "only hot machines raise an alert" {
  feed readings [
    { machine: "press", value: 90.0 },
    { machine: "lathe", value: 20.0 },
  ]
  expect alerts [
    { machine: "press", value: 90.0 },
  ]
}
"#,
    result: "",
}];

impl SinkRule for MqttSink {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn default_format(&self, _args: &Args) -> Option<String> {
        Some("json".to_owned())
    }

    fn check(
        &self,
        args: &Args,
        _flow: &Flow,
        _bounded: bool,
        _span: Span,
        report: &mut Vec<Diagnostic>,
    ) {
        settings::check(args, report);
        properties::check(args, report);
        check_alias(args, report);
        let (Ok(Some(parts)), Some(span)) = (args.opt_row_pattern("topic"), args.span("topic"))
        else {
            return;
        };
        let wildcard = parts.iter().find_map(|part| match part {
            TemplatePart::Text(text) => text.chars().find(|it| matches!(it, '+' | '#' | '\0')),
            TemplatePart::Hole { .. } => None,
        });
        let message = match wildcard {
            Some(letter) => format!("a message cannot be published to a topic with {letter:?}"),
            None if parts.is_empty() => "a topic cannot be empty".to_owned(),
            None => return,
        };
        let found = Diagnostic::new(Code::BadPattern, span, message);
        report.push(found.help("name one topic; `{column}` fills in a value of the row"));
    }

    fn promise(&self, args: &Args) -> SinkPromise {
        if args.opt_int("qos").ok().flatten() == Some(0) {
            return SinkPromise::new(
                Guarantee::AtMostOnce,
                "the broker does not acknowledge messages of QoS 0",
            );
        }
        if args.opt_int("qos").ok().flatten() == Some(2) {
            return SinkPromise::new(
                Guarantee::AtLeastOnce,
                "a message that the broker did not acknowledge is sent again; it comes twice only where the broker or this \
                 process has forgotten it in between",
            );
        }
        SinkPromise::new(
            Guarantee::AtLeastOnce,
            "a message that the broker did not acknowledge is sent again",
        )
    }
}

impl SinkDef for MqttSink {
    fn open(&self, plan: &SinkPlan, context: SinkContext) -> Result<Box<dyn Sink>> {
        let args = &plan.connector.args;
        let settings = Settings::read(args, &context.pipeline, "sink", &plan.name)?;
        let topic = Expr {
            kind: ExprKind::Template(args.row_pattern("topic")?.to_vec()),
            typed: Type::String.nullable(),
            span: plan.connector.span,
        };
        let topic = Program::compile(&topic, &plan.columns)?;
        let properties = Properties::of(args, &plan.columns)?;
        alias(args)?.map_err(|why| Error::user(format!("`topic_alias`: {why}")))?;
        let encoder = context.encoder.ok_or_else(|| Error::bug("`mqtt` writes in a format"))?;
        let pool = Pool::new(context.budget, context.errors_read, context.waker);
        let opening = Opening {
            settings,
            args,
            name: &plan.name,
            pool: Arc::new(pool),
            clock: context.clock,
            interrupt: context.interrupt,
            io: context.io,
            gate: Arc::new(Semaphore::new(OPENING_MAX)),
        };
        let lanes = opening.lanes(args.int("connections")?.clamp(1, 10_000))?;
        let (pool, answered) = (opening.pool, opening.settings.qos > 0);
        Ok(Box::new(Writer { topic, properties, encoder, pool, lanes, answered, sent: 0 }))
    }
}

/// What the connections are made of.
struct Opening<'a> {
    settings: Settings,
    args: &'a Args,
    name: &'a str,
    pool: Arc<Pool>,
    clock: Arc<dyn Clock>,
    interrupt: Interrupt,
    io: Handle,
    gate: Arc<Semaphore>,
}

impl Opening<'_> {
    /// Makes them, and waits until all of them work.
    fn lanes(&self, count: i64) -> Result<Lanes> {
        let numbered = |number| (count > 1).then_some(number);
        let opened = (1..=count).map(|it| self.start(numbered(it))).collect::<Result<Vec<_>>>()?;
        let lanes =
            opened.into_iter().map(|(outbox, opening)| Ok(Lane { outbox, task: opening.wait()? }));
        Ok(Lanes::new(lanes.collect::<Result<_>>()?))
    }

    /// Begins to make one; the number stands behind the client id.
    fn start(&self, number: Option<i64>) -> Result<(Arc<Mutex<Outbox>>, reconnect::Opening)> {
        let Settings { server, connect, waits, qos } = &self.settings;
        let client_id = match number {
            Some(number) => format!("{}-{number:04}", connect.client_id),
            None => connect.client_id.clone(),
        };
        let outbox = Outbox::new(*qos, IN_FLIGHT_MAX, Arc::clone(&self.pool));
        let outbox = Arc::new(Mutex::new(outbox));
        let sender = Sender {
            connect: Connect {
                client_id: client_id.clone(),
                send_maximum: IN_FLIGHT_MAX,
                session: (*qos == 2).then_some(SESSION),
                topic_alias: self.args.bool("topic_alias")?,
                ..connect.clone()
            },
            outbox: Arc::clone(&outbox),
            qos: *qos,
            retains: properties::retains(self.args),
        };
        let keep = Keep {
            backoff: Backoff::new(*waits, &client_id),
            server: Server { client_id, ..server.clone() },
            clock: Arc::clone(&self.clock),
            name: self.name.to_owned(),
            interrupt: self.interrupt.clone(),
            gate: Arc::clone(&self.gate),
        };
        let opening = if server.address.scheme.is_websocket() {
            keep.spawn::<RumqttLink>(&self.io, sender)
        } else {
            keep.spawn::<WireLink>(&self.io, sender)
        };
        Ok((outbox, opening))
    }
}

/// Whether topics can be sent as numbers.
fn alias(args: &Args) -> Result<Result<(), String>, ArgError> {
    let websocket = args
        .opt_text("url")?
        .is_some_and(|it| Address::parse(it).is_ok_and(|it| it.scheme.is_websocket()));
    let wanted = args.opt_bool("topic_alias")?.unwrap_or(false);
    let why = "it is not in this version over WebSocket";
    Ok(if wanted && websocket { Err(why.to_owned()) } else { Ok(()) })
}

fn check_alias(args: &Args, report: &mut Vec<Diagnostic>) {
    if let (Ok(Err(why)), Some(span)) = (alias(args), args.span("topic_alias")) {
        let found = Diagnostic::new(Code::BadOption, span, format!("`topic_alias`: {why}"));
        report.push(found.help("leave it out, or write `mqtt://` or `mqtts://` in `url`"));
    }
}
