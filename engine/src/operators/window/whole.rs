//! Windows put together from slices.
//!
//! ```text
//!  blocks      |  a    b    c    d  |  e    f    g    h  |       as long as a window
//!  window 1    [ abcd ]                                          = suffix(a)
//!  window 2         [ bcd         e ]                            = suffix(b) + prefix(e)
//!  window 3              [ cd     ef ]                           = suffix(c) + prefix(ef)
//! ```
//!
//! Suffixes of a block are worked out once, from its end, and prefixes grow while windows move on: so a window costs three
//! merges, however many slices it has. Which slices are merged in which order follows from the blocks alone; what is kept
//! here only saves work, so it is neither part of a snapshot nor of the result. Rows that do not count in all windows of their
//! slice (late for some) are merged behind, see [`Slices::extras`].

use super::place::Bucket;
use super::slice::Slice;
use crate::error::Result;
use crate::time::Timestamp;
use crate::windows::{Aligned, Window};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The states of every bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Slices(pub(super) BTreeMap<Bucket, Arc<Slice>>);

impl Slices {
    /// The slices that start in `from..to`, those parts that count in all their windows, in order.
    fn own<'a>(
        &'a self,
        windows: &'a Aligned,
        from: Timestamp,
        to: Timestamp,
    ) -> impl DoubleEndedIterator<Item = (Timestamp, &'a Arc<Slice>)> {
        self.between(from, to)
            .filter(|(bucket, _)| is_own(bucket, windows))
            .map(|(bucket, slice)| (bucket.slice, slice))
    }

    fn between(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl DoubleEndedIterator<Item = (&Bucket, &Arc<Slice>)> {
        self.0.range(Bucket::least(from)..Bucket::least(to.max(from)))
    }

    /// What counts in a window beside the slices as a whole, in the order of the rows.
    pub(super) fn extras<'a>(
        &'a self,
        windows: &'a Aligned,
        window: Window,
    ) -> impl Iterator<Item = &'a Arc<Slice>> {
        self.between(window.start, window.end)
            .filter(move |(it, _)| !is_own(it, windows) && it.counts_from <= window.end)
            .map(|(_, slice)| slice)
    }

    /// The parts of a window in the order in which they are put together: those up to the end of the block from the last
    /// to the first, then the others from the first to the last.
    pub(super) fn parts<'a>(
        &'a self,
        windows: &'a Aligned,
        window: Window,
    ) -> (Vec<&'a Arc<Slice>>, Vec<&'a Arc<Slice>>) {
        let middle = windows.block(window.start).end.min(window.end);
        let suffix = self.own(windows, window.start, middle).rev().map(|it| it.1).collect();
        let prefix = self.own(windows, middle, window.end).map(|it| it.1).collect();
        (suffix, prefix)
    }
}

/// Whether its rows count in all windows of the slice.
fn is_own(bucket: &Bucket, windows: &Aligned) -> bool {
    let first = windows.first_end(bucket.slice);
    bucket.counts_from == first && bucket.timely_from == first
}

/// What was put together already.
#[derive(Debug, Default)]
pub(super) struct Whole {
    /// From this slice on to the end of its block.
    suffixes: BTreeMap<Timestamp, Arc<Slice>>,
    /// From the start of a block on: one for first results, one for last ones, which come at another time.
    prefixes: [Option<Prefix>; 2],
}

#[derive(Debug)]
struct Prefix {
    block: Timestamp,
    /// Where the first slice starts that is not in it yet.
    next: Timestamp,
    slice: Option<Arc<Slice>>,
}

impl Whole {
    /// The states of a window; none if it has no rows. `known`: all ids of the task are below this.
    pub(super) fn window(
        &mut self,
        slices: &Slices,
        windows: &Aligned,
        window: Window,
        last: bool,
        known: usize,
    ) -> Result<Option<Arc<Slice>>> {
        let middle = windows.block(window.start).end.min(window.end);
        let suffix = self.suffix(slices, windows, window.start, middle, known)?;
        let prefix = if middle < window.end {
            let place = &mut self.prefixes[usize::from(last)];
            let kept = place.take().filter(|it| it.block == middle && it.next <= window.end);
            let mut prefix = kept.unwrap_or(Prefix { block: middle, next: middle, slice: None });
            for (_, slice) in slices.own(windows, prefix.next, window.end) {
                prefix.slice = Some(joined(prefix.slice.take(), slice, known)?);
            }
            prefix.next = window.end;
            place.insert(prefix).slice.clone()
        } else {
            None
        };
        let mut whole = match (suffix, prefix) {
            (Some(suffix), Some(prefix)) => Some(joined(Some(suffix), &prefix, known)?),
            (suffix, prefix) => suffix.or(prefix),
        };
        for extra in slices.extras(windows, window) {
            whole = Some(joined(whole, extra, known)?);
        }
        Ok(whole)
    }

    /// The slices that start in `from..to`, where `to` is the end of their block.
    fn suffix(
        &mut self,
        slices: &Slices,
        windows: &Aligned,
        from: Timestamp,
        to: Timestamp,
        known: usize,
    ) -> Result<Option<Arc<Slice>>> {
        let ready = self.suffixes.range(from..to).next().map(|(at, it)| (*at, it.clone()));
        let (missing_to, mut suffix) = match ready {
            Some((at, suffix)) => (at, Some(suffix)),
            None => (to, None),
        };
        for (at, slice) in slices.own(windows, from, missing_to).rev() {
            let new = match suffix {
                None => slice.clone(),
                Some(later) => joined(Some(slice.clone()), &later, known)?,
            };
            self.suffixes.insert(at, new.clone());
            suffix = Some(new);
        }
        Ok(suffix)
    }

    /// A slice has changed, or will: what it is part of has to be put together anew.
    pub(super) fn forget(&mut self, windows: &Aligned, slice: Timestamp) {
        let block = windows.block(slice);
        let stale = self.suffixes.range(block.start..=slice).next_back().is_some();
        if stale {
            let rest = self.suffixes.split_off(&block.start);
            self.suffixes.extend(rest.into_iter().filter(|(at, _)| *at > slice));
        }
        for prefix in &mut self.prefixes {
            if prefix.as_ref().is_some_and(|it| it.block <= slice && slice < it.next) {
                *prefix = None;
            }
        }
    }

    /// A slice is not needed any more.
    pub(super) fn drop_slice(&mut self, slice: Timestamp) {
        self.suffixes.remove(&slice);
    }

    /// Nothing is put together any more.
    pub(super) fn clear(&mut self) {
        *self = Whole::default();
    }
}

/// The states of both, of which the second are those of later rows.
fn joined(first: Option<Arc<Slice>>, later: &Arc<Slice>, known: usize) -> Result<Arc<Slice>> {
    let Some(mut first) = first else { return Ok(later.clone()) };
    Arc::make_mut(&mut first).merge(later, known)?;
    Ok(first)
}
