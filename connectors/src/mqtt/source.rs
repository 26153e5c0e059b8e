//! The word `mqtt` behind the `=` of a source.

use super::client::{Connect, Stored};
use super::inbox::Inbox;
use super::reader::Reader;
use super::receive::Receiver;
use super::reconnect::Keep;
use super::router::Router;
use super::rumqtt::RumqttLink;
use super::settings::{self, Settings, connection_params, qos_param};
use super::topic::Topics;
use super::wire::WireLink;
use crate::backoff::Backoff;
use crate::common::{declared_columns, source_params};
use dsl::catalog::{SourcePromise, SourceRule};
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{Arg, Args, Schema, SourcePlan};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::error::{Error, Result};
use engine::source::{Source, SourceContext, SourceDef};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The word.
#[derive(Debug)]
pub struct MqttSource;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| {
    let mut params = connection_params();
    params.splice(1..1, topic_params());
    params.extend(session_params());
    params.extend(source_params());
    Signature {
        name: "mqtt",
        kind: Kind::Source,
        summary: "Messages of an MQTT 5 broker, by topic.",
        details: DETAILS,
        params,
        result: Returns::Nothing,
        examples: EXAMPLES,
    }
});

const DETAILS: &str = "\
Each topic is a subscription and a split of its own. A `{name}` stands for a whole level of the topic and becomes a column: \
the one of that name in the schema, or a new one, of the type behind a colon (`{line:int}`; `string`, `int` or `float`), \
else `string`. `meta.topic` is the whole topic, `meta.headers` the user properties (of those of one name the last), \
`meta.expires` when a message that expires is worth nothing any more.

A message is acknowledged as soon as its row is in the engine, in the order of arrival. So a message that the broker has not \
handed over stays there while the pipeline is down (for `session_expiry`, and as far as the broker's own limits go), and what \
is inside the engine when the process is killed is lost: at most once across a crash. When the connection breaks, rows are \
neither lost nor doubled, except that at QoS 1 a message comes twice whose acknowledgement was lost on its way.

A broker that is away is waited for; that is said once, and again when it is back. A second client that connects under our \
`client_id` ends the run, if the broker says so. One that closes the connection instead, three times in a row within 5s, ends a \
run whose connection has not lasted yet; one that has worked before says what may be the reason and goes on, less and less often.

Payloads are read as JSON unless `format` says otherwise. Several processes share one subscription with `share`; each needs a \
`client_id` of its own then. What a member of the group was given and has not acknowledged when it dies comes to it again, \
when it is back; whether the broker gives it to the others instead is up to the broker.";

const EXAMPLES: &[Example] = &[Example {
    title: "The device stands in the topic",
    source: r#"schema Reading {
  at:    timestamp
  value: float
}

source readings = mqtt(
  url: "mqtt://localhost:1883",
  topic: "devices/{device}/temperature",
  schema: Reading,
  time: at,
  out_of_order: 5s,
)

sink hot = readings | where value > 85.0 | into memory()

test "a hot reading names its device" {
  feed readings [
    { device: "a", at: @2026-01-01T00:00:00Z, value: 90.0 },
    { device: "b", at: @2026-01-01T00:00:01Z, value: 20.0 },
  ]
  expect hot [
    { device: "a", value: 90.0 },
  ]
}
"#,
    result: "",
}];

fn topic_params() -> Vec<Param> {
    vec![
        Param::option(
            "topic",
            Takes::ListOf(Box::new(Takes::Pattern)),
            "The topic, or a list of topics: `+` stands for any level, a last `#` for all that follow, `{name}` for a \
             level that becomes a column.",
        )
        .required(),
        qos_param("0: the broker sends a message once, and what comes faster than it can be held is dropped and counted; 1: until it is acknowledged; 2: and it makes one row over reconnections (not over WebSocket)."),
        Param::option(
            "share",
            Takes::Constant(Constant::String),
            "The group that shares the subscription: each message goes to one of its members.",
        ),
        Param::option(
            "retained",
            Takes::Choice(&["skip", "snapshot", "process"]),
            "What becomes of the messages that the broker has in store when the subscription begins: left out and \
             counted; read once, at the beginning of each run; or read like all others whenever the subscription is a new \
             one. To members of a group brokers hand out none.",
        )
        .default("skip"),
    ]
}

fn session_params() -> Vec<Param> {
    vec![
        Param::option(
            "session_expiry",
            Takes::Constant(Constant::Duration),
            "For how long the broker keeps messages while the pipeline is not connected.",
        )
        .within("0s..49710d")
        .default("1h"),
        Param::option(
            "receive_maximum",
            Takes::Constant(Constant::Int),
            "How many messages the broker may send ahead of their acknowledgement, 1 to 65535; fewer when they are large.",
        )
        .within("1..65535")
        .default("4096"),
        Param::option(
            "max_packet",
            Takes::Constant(Constant::Size),
            "The largest payload; of a larger one no row is made: its beginning goes to the source's `.errors` (`decode`).",
        )
        .within("1B..256MB")
        .default("1MiB"),
    ]
}

impl SourceRule for MqttSource {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn columns(
        &self,
        args: &Args,
        schema: Option<&Schema>,
        format: Option<&[Column]>,
        report: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Column>> {
        settings::check(args, report);
        settings::check_text(args, "share", "\"weir\"", |it| share(it).map(drop), report);
        if let (Some(Err(why)), Some(span)) = (stored_for_a_group(args), args.span("retained")) {
            let found = Diagnostic::new(Code::BadOption, span, format!("`retained`: {why}"));
            report.push(found.help("leave `retained` out, or read the topic without `share`"));
        }
        let mut columns = declared_columns(schema, format)?;
        let topics = match topics(args)? {
            Ok(topics) => topics,
            Err(why) => {
                if let Some(span) = args.span("topic") {
                    let found = Diagnostic::new(Code::BadPattern, span, format!("`topic`: {why}"));
                    let help =
                        "write a topic such as `devices/{device}/temperature` or `devices/#`";
                    report.push(found.help(help));
                }
                return Some(columns);
            }
        };
        for capture in topics.captures {
            let declared = columns.iter().find(|it| it.name == capture.name).map(|it| &it.typed.ty);
            match (declared, capture.ty) {
                (None, ty) => {
                    columns.push(Column::new(capture.name, ty.unwrap_or(Type::String).required()));
                }
                (Some(declared), Some(ty)) if *declared != ty && !declared.is_unknown() => {
                    let message = format!(
                        "`{}` is captured as `{ty}` and declared as `{declared}`",
                        capture.name
                    );
                    if let Some(span) = args.span("topic") {
                        let found = Diagnostic::new(Code::BadPattern, span, message);
                        report.push(found.help(format!("write `{{{}}}`", capture.name)));
                    }
                }
                (Some(_), _) => {}
            }
        }
        Some(columns)
    }

    fn default_format(&self, _args: &Args) -> Option<String> {
        Some("json".to_owned())
    }

    fn bounded(&self, _args: &Args) -> bool {
        false
    }

    fn promise(&self, _args: &Args) -> SourcePromise {
        SourcePromise::new(
            false,
            "a message is acknowledged to the broker as soon as its row is in the engine, \
                     so a crash loses what is inside",
        )
    }
}

impl SourceDef for MqttSource {
    fn captures(&self, plan: &SourcePlan) -> Vec<String> {
        match topics(&plan.connector.args) {
            Some(Ok(topics)) => topics.captures.into_iter().map(|it| it.name).collect(),
            _ => Vec::new(),
        }
    }

    fn open(&self, plan: &SourcePlan, context: SourceContext) -> Result<Box<dyn Source>> {
        let args = &plan.connector.args;
        let wrong = |option: &'static str| move |why| Error::user(format!("`{option}`: {why}"));
        let Settings { server, connect, waits, qos } =
            Settings::read(args, &context.pipeline, "source", &plan.name)?;
        let websocket = server.address.scheme.is_websocket();
        stored_for_a_group(args).unwrap_or(Ok(())).map_err(wrong("retained"))?;
        let topics = topics(args)
            .ok_or_else(|| Error::bug("the topics of a closed plan are open"))?
            .map_err(wrong("topic"))?;
        let group = args.opt_text("share")?.map(share).transpose().map_err(wrong("share"))?;
        let connect = Connect {
            session: Some(Duration::from_micros(args.duration("session_expiry")?.max(0) as u64)),
            clean_start: false,
            receive_maximum: u16::try_from(args.int("receive_maximum")?).unwrap_or(u16::MAX),
            ..connect
        };
        let retained = args.choice("retained")?;
        let splits = topics.each.iter().map(|it| it.text.as_str().into()).collect::<Vec<_>>();
        let inbox = Inbox::new(splits.len(), context.budget, context.waker);
        let inbox = Arc::new(Mutex::new(inbox));
        let receiver = Receiver {
            filters: topics.each.iter().map(|it| it.filter(group)).collect(),
            shared: group.is_some(),
            qos,
            stored: match retained {
                // So that each run begins with all of them, and none comes twice in a run.
                "snapshot" => (Stored::Always, Stored::Never),
                _ => (Stored::IfNew, Stored::IfNew),
            },
            payload_max: usize::try_from(args.size("max_packet")?).unwrap_or(usize::MAX),
            router: Router::new(topics, retained != "skip"),
            connect,
            inbox: Arc::clone(&inbox),
            clock: Arc::clone(&context.clock),
        };
        let keep = Keep {
            backoff: Backoff::new(waits, &server.client_id),
            server,
            clock: context.clock,
            name: plan.name.clone(),
            interrupt: context.interrupt,
            gate: Arc::new(Semaphore::new(1)),
        };
        let task = if websocket {
            keep.start::<RumqttLink>(&context.io, receiver)?
        } else {
            keep.start::<WireLink>(&context.io, receiver)?
        };
        Ok(Box::new(Reader { splits, inbox, task }))
    }
}

/// The topics; none where they are not worked out yet.
fn topics(args: &Args) -> Option<Result<Topics, String>> {
    let mut texts = Vec::new();
    collect(args.get("topic")?, &mut texts)?;
    Some(Topics::parse(texts))
}

fn collect<'a>(arg: &'a Arg, texts: &mut Vec<&'a str>) -> Option<()> {
    match arg {
        Arg::Value(Value::String(text)) => texts.push(text),
        Arg::Value(Value::List(values)) => {
            for value in values {
                let Value::String(text) = value else { return None };
                texts.push(text);
            }
        }
        Arg::List(args) => return args.iter().try_for_each(|arg| collect(arg, texts)),
        _ => return None,
    }
    Some(())
}

/// A group is not told what the broker has in store; none where it is not asked for.
fn stored_for_a_group(args: &Args) -> Option<Result<(), String>> {
    args.get("share")?;
    let retained = args.opt_choice("retained").ok().flatten()?;
    let why = "a broker hands out what it has in store to no shared subscription";
    Some(if retained == "skip" { Ok(()) } else { Err(why.to_owned()) })
}

fn share(text: &str) -> Result<&str, String> {
    if text.is_empty() || text.contains(['/', '+', '#', '\0']) {
        return Err(format!(
            "expected the name of a group without `/`, `+` and `#`, found `{text}`"
        ));
    }
    Ok(text)
}
