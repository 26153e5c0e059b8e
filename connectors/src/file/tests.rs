//! Tests of files as a whole, reading and writing.

mod follow;
mod parquet;

mod reading;
mod writing;

use crate::testing::{Brought, poll_until, source_context, source_plan, text};
use dsl::plan::Arg;
use engine::codec::Framing;
use engine::error::{Error, Result};
use engine::source::{MakeFraming, Position, Source, SourceDef, SplitName};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lines, the first of them a header if there is one; says what a format's framing says, in the slowest way.
pub(super) struct Lines {
    header: bool,
}

impl Framing for Lines {
    fn cut(&mut self, buffer: &[u8], last: bool) -> usize {
        match buffer.iter().rposition(|&it| it == b'\n') {
            _ if last => buffer.len(),
            Some(end) => end + 1,
            None => 0,
        }
    }

    fn header(&mut self, buffer: &[u8], last: bool) -> Option<usize> {
        if !self.header {
            return Some(0);
        }
        let end = buffer.iter().position(|&it| it == b'\n').map(|it| it + 1);
        end.or(last.then_some(buffer.len()))
    }
}

pub(super) fn lines(header: bool) -> MakeFraming {
    Arc::new(move || Some(Box::new(Lines { header })))
}

/// Positions by split.
pub(super) fn at(positions: &[(&str, &str)]) -> BTreeMap<SplitName, Position> {
    positions.iter().map(|(split, position)| ((*split).into(), (*position).to_owned())).collect()
}

pub(super) fn open(
    path: &str,
    mut given: Vec<(&'static str, Arg)>,
    positions: &[(&str, &str)],
) -> Result<Box<dyn Source>> {
    given.push(("path", text(path)));
    let plan = source_plan(&super::FileSource, &given, None, Vec::new());
    let header = path.contains(".csv");
    super::FileSource.open(&plan, source_context(at(positions), lines(header), 0))
}

/// Everything that a path brings, from these positions on.
pub(super) fn read(
    path: &str,
    given: Vec<(&'static str, Arg)>,
    positions: &[(&str, &str)],
    limit: usize,
) -> Brought {
    let mut source = open(path, given, positions).unwrap();
    let brought = poll_until(source.as_mut(), limit, |_| false).unwrap();
    assert!(brought.ended);
    brought
}

pub(super) fn refused(path: &str) -> Error {
    open(path, Vec::new(), &[]).err().expect("it should be refused")
}
