//! Log lines on standard error, as text or as JSON: what connectors have to say while a run goes on.
//!
//! What happens again and again is said once in a while, with how often it was left out. No line holds a secret.

mod repeats;

use crate::cli::LogFormat;
use crate::environment::ProcessEnvironment;
use crate::secrets;
use dsl::constant::Environment;
use engine::time::{Clock, SystemClock, format_timestamp};
use repeats::{LeftOut, Repeats, Sight};
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// What is logged unless `WEIR_LOG` says otherwise: trouble, and what connectors say of its end.
const USUAL: &str = "warn,connectors=info";

/// The same is said once in this time.
const INTERVAL: Duration = Duration::from_secs(30);

/// Logging, for as long as it is needed. Dropping it says what was left out and not said yet.
pub struct Logs {
    repeats: Arc<Repeats>,
    format: LogFormat,
}

/// Log lines go to standard error from now on; which, `WEIR_LOG` says (`info`, `connectors=debug`).
pub fn begin(format: LogFormat) -> Logs {
    let filter = ProcessEnvironment.env("WEIR_LOG").unwrap_or_else(|| USUAL.to_owned());
    let repeats = Arc::new(Repeats::new(INTERVAL));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let sparing = Sparing { format, repeats: Arc::clone(&repeats), clock, inner: () };
    let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(Masked);
    // A second subscriber in one process is refused; then the first goes on.
    match format {
        LogFormat::Text => {
            let log = log.with_ansi(crate::commands::colour());
            drop(log.map_event_format(|inner| sparing.around(inner)).try_init());
        }
        LogFormat::Json => {
            drop(log.json().map_event_format(|inner| sparing.around(inner)).try_init());
        }
    }
    Logs { repeats, format }
}

impl Drop for Logs {
    fn drop(&mut self) {
        let now = SystemClock::new().now();
        let lines: String =
            self.repeats.rest().iter().map(|it| line(it, self.format, now)).collect();
        if !lines.is_empty() {
            drop(Masked.write_all(lines.as_bytes()));
        }
    }
}

/// Writes events, but not the same one again and again.
struct Sparing<E> {
    format: LogFormat,
    repeats: Arc<Repeats>,
    clock: Arc<dyn Clock>,
    inner: E,
}

impl Sparing<()> {
    fn around<E>(self, inner: E) -> Sparing<E> {
        let Sparing { format, repeats, clock, .. } = self;
        Sparing { format, repeats, clock, inner }
    }
}

impl<S, N, E> FormatEvent<S, N> for Sparing<E>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    E: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // Who asks for more than that wants to see all of it.
        if *event.metadata().level() > Level::INFO {
            return self.inner.format_event(context, writer, event);
        }
        let mut said = Said::default();
        event.record(&mut said);
        let Sight { left_out, shown } = self.repeats.see(
            event.metadata().callsite(),
            *event.metadata().level(),
            said.name,
            said.message,
            self.clock.elapsed(),
        );
        for it in &left_out {
            writer.write_str(&line(it, self.format, self.clock.now()))?;
        }
        if shown { self.inner.format_event(context, writer, event) } else { Ok(()) }
    }
}

/// How often something was left out, as a line.
fn line(left_out: &LeftOut, format: LogFormat, now: i64) -> String {
    let LeftOut { level, name, message, count } = left_out;
    let (time, seconds) = (format_timestamp(now), INTERVAL.as_secs());
    let times = if *count == 1 { "once more" } else { &format!("{count} times more") };
    let text = format!("{times} within {seconds} s: {message}");
    match format {
        LogFormat::Text => {
            let name = if name.is_empty() { String::new() } else { format!(" name={name:?}") };
            format!("{time} {level:>5} weir: {text}{name}\n")
        }
        LogFormat::Json => {
            let fields = serde_json::json!({ "message": text, "left_out": count, "name": name });
            let line = serde_json::json!({
                "timestamp": time, "level": level.as_str(), "fields": fields, "target": "weir",
            });
            format!("{line}\n")
        }
    }
}

/// What an event says, and about which source or sink.
#[derive(Default)]
struct Said {
    message: String,
    name: String,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            "name" => value.clone_into(&mut self.name),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "name" => self.name = format!("{value:?}"),
            _ => {}
        }
    }
}

/// Standard error, without secrets. An event comes in one piece.
#[derive(Clone, Copy)]
struct Masked;

impl Write for Masked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        io::stderr().lock().write_all(secrets::masked(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl MakeWriter<'_> for Masked {
    type Writer = Masked;

    fn make_writer(&self) -> Masked {
        *self
    }
}
