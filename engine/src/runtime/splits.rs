//! The time of a source: how far each of its splits has come, which of them are idle, and the watermark of all.
//!
//! ```text
//!            data                     nothing for `idle`, nothing to read
//!  announced ────► live ──caught up──► quiet ────────────────► idle ──data──► live
//!      │             └──disconnected, paused──► out: not idle, holds the watermark back
//!      └──────────────────────── ended: does not count
//! ```
//!
//! Pure: the clock is an argument. What the clock does is told from deadlines and not from when somebody looks, so a
//! manual clock may jump.

use crate::source::{SplitEvent, SplitName};
use crate::time::{Micros, Timestamp, Watermark};
use std::collections::BTreeMap;

/// The time of all splits of a source.
#[derive(Clone, Debug)]
pub(super) struct Splits {
    out_of_order: Micros,
    /// After how long a quiet split is idle; none: never, the input is bounded.
    idle: Option<Micros>,
    splits: BTreeMap<SplitName, Split>,
    handed_on: Watermark,
    /// No split comes any more.
    ended: bool,
}

#[derive(Clone, Copy, Debug)]
struct Split {
    newest: Option<Timestamp>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It holds the watermark back and cannot be idle.
    Out,
    /// It is being read; when it last brought something.
    Live(Timestamp),
    /// Everything it had was read; since when it has brought nothing.
    Quiet(Timestamp),
    /// It does not count any more.
    Ended,
}

impl Splits {
    pub(super) fn new(out_of_order: Micros, idle: Option<Micros>) -> Self {
        let handed_on = Watermark::NONE;
        Self { out_of_order, idle, splits: BTreeMap::new(), handed_on, ended: false }
    }

    fn split(&mut self, name: &SplitName) -> &mut Split {
        let new = Split { newest: None, state: State::Out };
        self.splits.entry(name.clone()).or_insert(new)
    }

    /// The watermark of one split: the stamp of the row that it brings next.
    pub(super) fn stamp(&self, name: &SplitName) -> Watermark {
        let newest = self.splits.get(name).and_then(|it| it.newest);
        newest.map_or(Watermark::NONE, |newest| Watermark::at(newest).less(self.out_of_order))
    }

    /// A split has brought rows of which the newest has this time.
    pub(super) fn data(&mut self, name: &SplitName, newest: Option<Timestamp>, clock: Timestamp) {
        let split = self.split(name);
        split.newest = split.newest.max(newest);
        split.state = State::Live(clock);
    }

    /// Something has happened to a split.
    pub(super) fn event(&mut self, name: &SplitName, event: SplitEvent, clock: Timestamp) {
        let split = self.split(name);
        split.state = match (event, split.state) {
            (SplitEvent::CaughtUp, State::Live(since)) => State::Quiet(since),
            (SplitEvent::CaughtUp, state) => state,
            (SplitEvent::Live, State::Live(since) | State::Quiet(since)) => State::Live(since),
            (SplitEvent::Live, _) => State::Live(clock),
            (SplitEvent::Announced, _) | (SplitEvent::Disconnected | SplitEvent::Paused, _) => {
                State::Out
            }
            (SplitEvent::Ended, _) => State::Ended,
        };
    }

    /// Nothing comes any more from any split.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Everything that live splits had was read.
    pub(super) fn caught_up(&mut self) {
        for split in self.splits.values_mut() {
            if let State::Live(since) = split.state {
                split.state = State::Quiet(since);
            }
        }
    }

    /// When a split became idle, if it has by now.
    fn idle_since(&self, split: &Split, clock: Timestamp) -> Option<Timestamp> {
        let State::Quiet(since) = split.state else { return None };
        let deadline = since.saturating_add(self.idle?);
        (deadline <= clock).then_some(deadline)
    }

    /// When the clock alone will change something next.
    pub(super) fn deadline(&self, clock: Timestamp) -> Option<Timestamp> {
        let idle = self.idle?;
        let quiet = self.splits.values().filter_map(|it| match it.state {
            State::Quiet(since) => Some(since.saturating_add(idle)),
            _ => None,
        });
        let deadline = quiet.min()?;
        Some(deadline.max(clock))
    }

    /// The watermark of all splits, and whether all of them are idle.
    pub(super) fn watermark(&mut self, clock: Timestamp) -> (Watermark, bool) {
        if self.ended {
            self.handed_on = Watermark::END;
            return (self.handed_on, false);
        }
        let running = || self.splits.iter().filter(|(_, it)| it.state != State::Ended);
        let awake = running().filter(|(_, it)| self.idle_since(it, clock).is_none());
        let least = match awake.clone().map(|(name, _)| self.stamp(name)).min() {
            Some(least) => least,
            None => self.paced(running().map(|(_, split)| split), clock),
        };
        let idle = running().next().is_some() && awake.clone().next().is_none();
        self.handed_on = self.handed_on.max(least);
        (self.handed_on, idle)
    }

    /// When all are idle, the least of all goes on at the pace of the clock since the last of them became idle, at most
    /// to the clock less `out_of_order`.
    fn paced<'a>(
        &self,
        idle: impl Iterator<Item = &'a Split> + Clone,
        clock: Timestamp,
    ) -> Watermark {
        let least = idle.clone().map(|it| it.newest).min().flatten();
        let since = idle.filter_map(|it| self.idle_since(it, clock)).max();
        let (Some(least), Some(since)) = (least, since) else { return Watermark::NONE };
        let least = Watermark::at(least).less(self.out_of_order).micros();
        let paced = least.saturating_add(clock - since);
        Watermark::at(paced.min(clock.saturating_sub(self.out_of_order)).max(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> SplitName {
        text.into()
    }

    fn live(splits: &mut Splits, split: &str, newest: i64, clock: i64) {
        splits.event(&name(split), SplitEvent::Live, clock);
        splits.data(&name(split), Some(newest), clock);
    }

    #[test]
    fn a_split_that_has_not_begun_holds_back_and_one_that_ended_does_not_count() {
        let mut splits = Splits::new(5, Some(30));
        splits.event(&name("b"), SplitEvent::Announced, 0);
        live(&mut splits, "a", 100, 0);
        assert_eq!(splits.watermark(0).0, Watermark::NONE);
        live(&mut splits, "b", 50, 0);
        assert_eq!(splits.watermark(0).0, Watermark::at(45));
        splits.event(&name("b"), SplitEvent::Ended, 0);
        assert_eq!(splits.watermark(0).0, Watermark::at(95));
        splits.event(&name("a"), SplitEvent::Ended, 0);
        assert_eq!(splits.watermark(0).0, Watermark::at(95), "more splits may come");
        splits.end();
        assert_eq!(splits.watermark(0).0, Watermark::END);
    }

    #[test]
    fn a_quiet_split_is_idle_after_a_while_and_an_unconnected_one_is_not() {
        let mut splits = Splits::new(0, Some(30));
        live(&mut splits, "a", 100, 0);
        live(&mut splits, "b", 10, 0);
        splits.caught_up();
        splits.data(&name("a"), Some(120), 20);
        assert_eq!(splits.watermark(29), (Watermark::at(10), false));
        assert_eq!(splits.watermark(30), (Watermark::at(120), false));
        splits.event(&name("b"), SplitEvent::Disconnected, 40);
        splits.data(&name("a"), Some(150), 40);
        assert_eq!(splits.watermark(1000), (Watermark::at(120), false), "b holds it back again");
    }

    #[test]
    fn when_all_are_idle_the_clock_carries_the_watermark_on() {
        let mut splits = Splits::new(5, Some(30));
        live(&mut splits, "a", 1000, 1000);
        splits.caught_up();
        assert_eq!(splits.deadline(1000), Some(1030));
        assert_eq!(splits.watermark(1029), (Watermark::at(995), false));
        assert_eq!(splits.watermark(1030), (Watermark::at(995), true));
        assert_eq!(splits.watermark(1040), (Watermark::at(1005), true));
        // However the clock jumps, and never past the clock less `out_of_order`.
        assert_eq!(splits.watermark(5000), (Watermark::at(4965), true));
        let mut bounded = Splits::new(5, None);
        live(&mut bounded, "a", 1000, 1000);
        bounded.caught_up();
        assert_eq!(bounded.watermark(99_999), (Watermark::at(995), false));
    }

    #[test]
    fn what_was_handed_on_is_not_taken_back() {
        let mut splits = Splits::new(0, Some(30));
        live(&mut splits, "a", 1000, 1000);
        splits.caught_up();
        assert_eq!(splits.watermark(1130).0, Watermark::at(1100));
        splits.data(&name("a"), Some(1050), 1131);
        assert_eq!(splits.watermark(1131), (Watermark::at(1100), false));
        assert_eq!(splits.stamp(&name("a")), Watermark::at(1050));
    }
}
