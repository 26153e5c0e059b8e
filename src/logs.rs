//! Log lines on standard error, as text or as JSON: what connectors have to say while a run goes on.
//!
//! What happens again and again is said once in a while, with how often it was left out. No line holds a secret.

mod repeats;

use crate::cli::LogFormat;
use crate::environment::ProcessEnvironment;
use crate::words;
use dsl::constant::Environment;
use engine::time::{Clock, SystemClock, format_timestamp};
use repeats::{LeftOut, Repeats, Sight};
use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
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

/// How often it is looked whether something that was left out has to be said.
const LOOK: Duration = Duration::from_secs(1);

/// Logging, for as long as it is needed. Dropping it says what was left out and not said yet.
pub struct Logs {
    repeats: Arc<Repeats>,
    format: LogFormat,
    /// Ends the thread that says what was left out, when it is dropped.
    _end: Sender<()>,
}

/// Log lines go to standard error from now on; which, `WEIR_LOG` says (`info`, `connectors=debug`).
pub fn begin(format: LogFormat) -> Logs {
    let filter = ProcessEnvironment.env("WEIR_LOG").unwrap_or_else(|| USUAL.to_owned());
    let repeats = Arc::new(Repeats::new(INTERVAL));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let sparing = Sparing { format, repeats: Arc::clone(&repeats), clock, inner: () };
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(Masked(format));
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
    let (end, ended) = mpsc::channel();
    let late = Arc::clone(&repeats);
    let looks = std::thread::Builder::new().name("weir-logs".to_owned());
    // Without it, what was left out is said when something else is, or at the end.
    drop(looks.spawn(move || say_what_is_due(&late, format, &ended)));
    Logs { repeats, format, _end: end }
}

/// Says what was left out, as soon as it has to be, until the other end is gone.
fn say_what_is_due(repeats: &Repeats, format: LogFormat, ended: &Receiver<()>) {
    let clock = SystemClock::new();
    while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        say(&repeats.due(clock.elapsed()), format);
    }
}

fn say(left_out: &[LeftOut], format: LogFormat) {
    let now = SystemClock::new().now();
    let lines: String = left_out.iter().map(|it| line(it, format, now)).collect();
    if !lines.is_empty() {
        drop(Masked(format).write_all(lines.as_bytes()));
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        say(&self.repeats.rest(), self.format);
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
    let LeftOut { level, name, message, count, .. } = left_out;
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
struct Masked(LogFormat);

impl Write for Masked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let shown = match self.0 {
            LogFormat::Text => words::shown(&text),
            LogFormat::Json => masked_lines(&text),
        };
        io::stderr().lock().write_all(shown.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Lines of JSON without secrets. Only texts are looked at: a number that holds the digits of one stays a number.
fn masked_lines(text: &str) -> Cow<'_, str> {
    if matches!(words::shown(text), Cow::Borrowed(_)) {
        return Cow::Borrowed(text);
    }
    let line = |line: &str| match serde_json::from_str(line) {
        Ok(mut value) => {
            mask(&mut value);
            format!("{value}\n")
        }
        Err(_) => format!("{}\n", words::shown(line)),
    };
    Cow::Owned(text.lines().map(line).collect())
}

fn mask(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => *text = words::shown(text).into_owned(),
        serde_json::Value::Array(items) => items.iter_mut().for_each(mask),
        serde_json::Value::Object(entries) => entries.values_mut().for_each(mask),
        _ => {}
    }
}

impl MakeWriter<'_> for Masked {
    type Writer = Masked;

    fn make_writer(&self) -> Masked {
        *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_the_digits_of_a_secret_stays_one() {
        crate::secrets::note("904417");
        let line = "{\"rows\":19044170,\"said\":\"no 904417 here\"}\n";
        assert_eq!(masked_lines(line), "{\"rows\":19044170,\"said\":\"no *** here\"}\n");
        assert!(matches!(masked_lines("{\"rows\":1}\n"), Cow::Borrowed(_)));
    }
}
