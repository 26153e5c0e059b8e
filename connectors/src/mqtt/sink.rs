//! The word `mqtt` behind `into`.

use super::client::Connect;
use super::outbox::Outbox;
use super::reconnect::Keep;
use super::rumqtt::RumqttLink;
use super::send::Sender;
use super::settings::{self, Settings, connection_params, qos_param};
use super::writer::Writer;
use crate::common::sink_params;
use dsl::catalog::{Guarantee, SinkPromise, SinkRule};
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{Args, Expr, ExprKind, Flow, SinkPlan, TemplatePart};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::span::Span;
use dsl::types::Type;
use engine::error::{Error, Result};
use engine::expr::Program;
use engine::sink::{Sink, SinkContext, SinkDef};
use std::sync::{Arc, LazyLock, Mutex};

/// How many messages may be sent ahead of their acknowledgement, where the broker allows as many.
const IN_FLIGHT_MAX: u16 = 1024;
/// The word.
#[derive(Debug)]
pub struct MqttSink;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| {
    let mut params = connection_params();
    params.splice(
        1..1,
        [
            Param::option(
                "topic",
                Takes::RowPattern,
                "The topic of each row; `{column}` is filled in from the row.",
            )
            .required(),
            qos_param("0: a message is sent once and may get lost; 1: it is sent until the broker acknowledges it."),
            Param::option(
                "retain",
                Takes::Constant(Constant::Bool),
                "Whether the broker keeps the last message of each topic for those who come later.",
            )
            .default("false"),
        ],
    );
    params.extend(sink_params());
    Signature {
        name: "mqtt",
        kind: Kind::Sink,
        summary: "Publishes each row as a message to an MQTT 5 broker.",
        details: "\
Rows are written as JSON unless `format` says otherwise, one message a row. At QoS 1 a row is written when the broker has \
acknowledged it; when the connection breaks, what was not acknowledged is sent again in the same order, so a row may arrive \
twice: at least once. While the broker is away the sink takes rows until its share of memory is full, then the pipeline waits.

A row whose topic is impossible (a wildcard, nothing at all) or whose message is larger than the broker takes goes to the \
sink's `.errors`. A broker that refuses a topic to this user ends the run.",
        params,
        result: Returns::Nothing,
        examples: &[Example {
            title: "An alert for each machine",
            source: r#"schema Reading {
  machine: string
  value:   float
}

source readings = memory(schema: Reading)

sink alerts = readings
  | where value > 85.0
  | into mqtt(url: "mqtt://localhost:1883", topic: "alerts/{machine}", retain: true)

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
        }],
    }
});

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
        SinkPromise::new(
            Guarantee::AtLeastOnce,
            "a message that the broker did not acknowledge is sent again",
        )
    }
}

impl SinkDef for MqttSink {
    fn open(&self, plan: &SinkPlan, context: SinkContext) -> Result<Box<dyn Sink>> {
        let args = &plan.connector.args;
        let Settings { server, connect, backoff, qos } =
            Settings::read(args, &context.pipeline, "sink", &plan.name)?;
        let topic = Expr {
            kind: ExprKind::Template(args.row_pattern("topic")?.to_vec()),
            typed: Type::String.nullable(),
            span: plan.connector.span,
        };
        let topic = Program::compile(&topic, &plan.columns)?;
        let encoder = context.encoder.ok_or_else(|| Error::bug("`mqtt` writes in a format"))?;
        let outbox = Outbox::new(qos, args.bool("retain")?, context.budget, context.waker);
        let outbox = Arc::new(Mutex::new(outbox));
        let sender = Sender {
            connect: Connect { send_maximum: IN_FLIGHT_MAX, ..connect },
            outbox: Arc::clone(&outbox),
        };
        let keep = Keep {
            server,
            backoff,
            clock: context.clock,
            name: plan.name.clone(),
            interrupt: context.interrupt,
        };
        let task = keep.start::<RumqttLink>(&context.io, sender)?;
        Ok(Box::new(Writer { topic, encoder, outbox, task, sent: 0 }))
    }
}
