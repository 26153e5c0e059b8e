//! What a golden file feeds: payloads and control lines, in the order of its blocks.

use super::markdown::Section;
use engine::source::SplitEvent;

/// One thing that happens in a test.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// A payload for a split of a source.
    Row { source: String, split: String, payload: String },
    /// Something happens to a split.
    Split { source: String, split: String, event: SplitEvent },
    /// The clock shows this, µs.
    Clock(i64),
    /// The state is saved; what came out can be seen.
    Checkpoint,
    /// Everything since the last checkpoint is lost.
    Crash,
    /// A source ends.
    End(String),
}

impl Event {
    /// How an output block names it, where it may.
    pub(crate) fn mark(&self) -> Option<&'static str> {
        match self {
            Event::Clock(_) => Some("clock"),
            Event::Checkpoint => Some("checkpoint"),
            Event::End(_) => Some("end"),
            _ => None,
        }
    }
}

/// All that happens in a test, in order.
pub(crate) fn events(section: &Section) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    let own = section.own.iter().any(|it| it.kind() == "input");
    let inherited = section.inherited.iter().filter(|_| !own);
    for block in inherited.chain(&section.own).filter(|it| it.kind() == "input") {
        let source = block.name().ok_or("an input names its source")?.to_owned();
        let mut split = "0".to_owned();
        for line in block.text.lines() {
            let Some(control) = line.strip_prefix('@') else {
                let payload = line.to_owned();
                events.push(Event::Row { source: source.clone(), split: split.clone(), payload });
                continue;
            };
            let (word, rest) = control.split_once(' ').unwrap_or((control, ""));
            let on_split =
                |event| Event::Split { source: source.clone(), split: split.clone(), event };
            events.push(match word {
                "split" => {
                    rest.clone_into(&mut split);
                    continue;
                }
                "live" => on_split(SplitEvent::Live),
                "announced" => on_split(SplitEvent::Announced),
                "caught_up" => on_split(SplitEvent::CaughtUp),
                "disconnected" => on_split(SplitEvent::Disconnected),
                "paused" => on_split(SplitEvent::Paused),
                "ended" => on_split(SplitEvent::Ended),
                "clock" => Event::Clock(time(rest)?),
                "checkpoint" => Event::Checkpoint,
                "crash" => Event::Crash,
                "end" => Event::End(source.clone()),
                _ => return Err(format!("line {}: `@{word}` is no control line", block.line)),
            });
        }
    }
    Ok(events)
}

/// A time in RFC 3339 as µs.
fn time(text: &str) -> Result<i64, String> {
    let parsed = chrono::DateTime::parse_from_rfc3339(text);
    parsed.map(|it| it.timestamp_micros()).map_err(|_| format!("`{text}` is no time"))
}
