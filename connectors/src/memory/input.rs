//! The source `memory` and the handle that feeds it.

use super::Registry;
use crate::common::lock;
use crate::common::{declared_columns, source_params};
use bytes::Bytes;
use dsl::catalog::{SourcePromise, SourceRule};
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Args, Schema, SourcePlan};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::types::Column;
use engine::error::{Error, Result};
use engine::source::{
    Message, PayloadData, Payloads, Polled, Position, Source, SourceContext, SourceDef, SplitEvent,
    SplitName,
};
use engine::time::Clock;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::Waker;

pub(super) static INPUTS: Registry<Input> = Registry::new();

/// What feeds the `memory` source of this name; made if it is not there. Make it before the pipeline starts: a source
/// that nobody feeds is empty.
pub fn input(pipeline: &str, name: &str) -> Input {
    INPUTS.get(pipeline, name, Input::default)
}

/// Feeds a `memory` source. What was fed stays, so that it can be read again.
#[derive(Clone, Debug, Default)]
pub struct Input(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    entries: Vec<Entry>,
    ended: bool,
    wakers: Vec<Waker>,
    acknowledged: BTreeMap<SplitName, Position>,
}

#[derive(Clone, Debug)]
enum Entry {
    Message(SplitName, Message),
    Event(SplitName, SplitEvent),
    Cut,
}

impl Input {
    /// Adds payloads to a split.
    pub fn push<T: Into<Bytes>>(&self, split: &str, payloads: impl IntoIterator<Item = T>) {
        let message = |payload: T| Message { payload: payload.into(), ..Message::default() };
        self.push_messages(split, payloads.into_iter().map(message));
    }

    /// Adds messages with all that a transport knows about them.
    pub fn push_messages(&self, split: &str, messages: impl IntoIterator<Item = Message>) {
        let split: SplitName = split.into();
        self.add(messages.into_iter().map(|it| Entry::Message(Arc::clone(&split), it)));
    }

    /// Says something about a split at this place of the input.
    pub fn event(&self, split: &str, event: SplitEvent) {
        self.add([Entry::Event(split.into(), event)]);
    }

    /// Nothing behind this place comes together with what stands before it.
    pub fn cut(&self) {
        self.add([Entry::Cut]);
    }

    /// Nothing comes any more.
    pub fn end(&self) {
        let mut log = lock(&self.0);
        log.ended = true;
        log.wake();
    }

    /// What the runtime has acknowledged, by split.
    pub fn acknowledged(&self) -> BTreeMap<SplitName, Position> {
        lock(&self.0).acknowledged.clone()
    }

    fn add(&self, entries: impl IntoIterator<Item = Entry>) {
        let mut log = lock(&self.0);
        log.entries.extend(entries);
        log.wake();
    }
}

impl Log {
    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }
}

/// The word.
#[derive(Debug)]
pub struct MemorySource;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| {
    let mut params = vec![
        Param::option(
            "name",
            Takes::Constant(Constant::String),
            "Under which name it is fed; without it, the source's own.",
        ),
        Param::option(
            "bounded",
            Takes::Constant(Constant::Bool),
            "Whether its input is one that ends by itself.",
        )
        .default("true"),
    ];
    params.extend(source_params());
    Signature {
        name: "memory",
        kind: Kind::Source,
        summary: "Rows that the process itself feeds, for tests and embedding.",
        details: "A program feeds it with `connectors::memory::input(pipeline, name)`. Payloads are read as JSON \
                  unless `format` says otherwise. What was fed stays and can be read again from any position. A \
                  source that nobody feeds is empty.",
        params,
        result: Returns::Nothing,
        examples: &[Example {
            title: "Rows out of a test",
            source: r#"schema Reading {
  device: string
  value:  float
}

source readings = memory(schema: Reading)

sink hot = readings | where value > 85.0 | into memory()

test "only hot readings get there" {
  feed readings [
    { device: "a", value: 90.0 },
    { device: "a", value: 20.0 },
  ]
  expect hot [
    { device: "a", value: 90.0 },
  ]
}
"#,
            result: "",
        }],
    }
});

impl SourceRule for MemorySource {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn columns(
        &self,
        _args: &Args,
        schema: Option<&Schema>,
        format: Option<&[Column]>,
        _report: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Column>> {
        declared_columns(schema, format)
    }

    fn default_format(&self, _args: &Args) -> Option<String> {
        Some("json".to_owned())
    }

    fn bounded(&self, args: &Args) -> bool {
        args.bool("bounded").unwrap_or(true)
    }

    fn promise(&self, _args: &Args) -> SourcePromise {
        SourcePromise::new(true, "what was fed can be read again")
    }
}

impl SourceDef for MemorySource {
    fn open(&self, plan: &SourcePlan, context: SourceContext) -> Result<Box<dyn Source>> {
        let name = plan.connector.args.opt_text("name")?.unwrap_or(&plan.name);
        let input = INPUTS.find(&context.pipeline, name).unwrap_or_else(|| {
            let empty = Input::default();
            empty.end();
            empty
        });
        let mut skip = BTreeMap::new();
        for (split, position) in &context.positions {
            let read = position.parse().map_err(|_| {
                Error::bug(format!("the position `{position}` of split `{split}` is no number"))
            })?;
            skip.insert(Arc::clone(split), read);
        }
        let SourceContext { clock, waker, .. } = context;
        Ok(Box::new(Reader { input, next: 0, seen: BTreeMap::new(), skip, clock, waker }))
    }
}

/// Reads the log from its beginning and leaves out what stands before the positions it was opened with.
struct Reader {
    input: Input,
    /// The next entry of the log.
    next: usize,
    /// How many messages of each split stand before `next`, and whether it is live.
    seen: BTreeMap<SplitName, (u64, bool)>,
    /// How many messages of each split were read before.
    skip: BTreeMap<SplitName, u64>,
    clock: Arc<dyn Clock>,
    waker: Waker,
}

impl Source for Reader {
    fn poll(&mut self, limit: usize) -> Result<Polled> {
        let input = self.input.clone();
        let mut log = lock(&input.0);
        loop {
            match log.entries.get(self.next) {
                None if !log.ended => {
                    log.wakers.push(self.waker.clone());
                    return Ok(Polled::Pending);
                }
                None => return Ok(self.end()),
                Some(Entry::Cut) => self.next += 1,
                Some(Entry::Event(split, event)) => {
                    self.next += 1;
                    let live = *event == SplitEvent::Live;
                    self.seen.entry(Arc::clone(split)).or_default().1 = live;
                    return Ok(Polled::Split(Arc::clone(split), *event));
                }
                Some(Entry::Message(split, _)) => {
                    let split = Arc::clone(split);
                    let live = &mut self.seen.entry(Arc::clone(&split)).or_default().1;
                    if !*live {
                        *live = true;
                        return Ok(Polled::Split(split, SplitEvent::Live));
                    }
                    if let Some(payloads) = self.messages(&log.entries, split, limit) {
                        return Ok(Polled::Payloads(payloads));
                    }
                }
            }
        }
    }

    fn acknowledge(&mut self, split: &SplitName, position: &Position) -> Result<()> {
        lock(&self.input.0).acknowledged.insert(Arc::clone(split), position.clone());
        Ok(())
    }
}

impl Reader {
    /// The messages of `split` from here to where another one begins or there are enough; none if all were read before.
    fn messages(&mut self, entries: &[Entry], split: SplitName, limit: usize) -> Option<Payloads> {
        let skip = self.skip.get(&split).copied().unwrap_or(0);
        let count = &mut self.seen.entry(Arc::clone(&split)).or_default().0;
        let (mut messages, mut bytes) = (Vec::new(), 0);
        while let Some(Entry::Message(other, message)) = entries.get(self.next) {
            let full = !messages.is_empty() && bytes + message.payload.len() > limit;
            if *other != split || full {
                break;
            }
            self.next += 1;
            *count += 1;
            if *count > skip {
                bytes += message.payload.len();
                messages.push(message.clone());
            }
        }
        let position = count.to_string();
        (!messages.is_empty()).then(|| Payloads {
            split,
            data: PayloadData::Messages(messages),
            received: self.clock.now(),
            position,
        })
    }

    /// Ends every live split, one a call, then the input.
    fn end(&mut self) -> Polled {
        let live = self.seen.iter_mut().find(|(_, (_, live))| *live);
        live.map_or(Polled::End, |(split, (_, live))| {
            *live = false;
            Polled::Split(Arc::clone(split), SplitEvent::Ended)
        })
    }
}
