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
use crate::watermark::{Activity, Silence, least};
use std::collections::BTreeMap;

/// The time of all splits of a source.
#[derive(Clone, Debug)]
pub(super) struct Splits {
    out_of_order: Micros,
    /// After how long a quiet split is idle; none: never, the input is bounded.
    idle: Option<Micros>,
    all: BTreeMap<SplitName, Split>,
    handed_on: Watermark,
    /// What the clock has shown: what fell silent up to then is known.
    looked: Timestamp,
    /// What was handed on when a split was last awake, and what the clock showed then: from there it is carried on.
    reached: (Watermark, Timestamp),
    /// What the clock showed when this was saved.
    saved: Timestamp,
    /// No split comes any more.
    ended: bool,
}

#[derive(Clone, Copy, Debug)]
struct Split {
    newest: Option<Timestamp>,
    state: State,
    /// Whether it has brought rows since it came, or came back.
    fresh: bool,
}

impl Split {
    /// When it became idle, if it has by now.
    fn idle_since(&self, after: Option<Micros>, clock: Timestamp) -> Option<Timestamp> {
        let State::Quiet(since) = self.state else { return None };
        let deadline = since.saturating_add(after?);
        (deadline <= clock).then_some(deadline)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It holds the watermark back and cannot be idle.
    Out,
    /// It is being read; when it last brought something.
    Live(Timestamp),
    /// Everything it had was read; since when it has brought nothing.
    Quiet(Timestamp),
    /// It was there before a restart, and had brought nothing since then; it holds the watermark back and cannot be idle.
    Away(Timestamp),
    /// It does not count any more.
    Ended,
}

impl Splits {
    pub(super) fn new(out_of_order: Micros, idle: Option<Micros>) -> Self {
        let none = Watermark::NONE;
        let all = BTreeMap::new();
        Self {
            out_of_order,
            idle,
            all,
            handed_on: none,
            looked: i64::MIN,
            reached: (none, i64::MIN),
            saved: 0,
            ended: false,
        }
    }

    /// What is saved.
    pub(super) fn save(&self, clock: Timestamp) -> Splits {
        Splits { saved: clock, ..self.clone() }
    }

    /// Goes on where it was saved: the splits are there again when the source says so.
    pub(super) fn resume(mut self, clock: Timestamp) -> Splits {
        let down = clock.saturating_sub(self.saved).max(0);
        self.reached.1 = self.reached.1.saturating_add(down);
        let (idle, saved) = (self.idle, self.saved);
        self.looked = clock;
        for split in self.all.values_mut() {
            split.fresh &= split.idle_since(idle, saved).is_none();
            if let State::Live(since) | State::Quiet(since) | State::Away(since) = split.state {
                split.state = State::Away(since.saturating_add(down));
            }
        }
        self
    }

    fn split(&mut self, name: &SplitName) -> &mut Split {
        let new = Split { newest: None, state: State::Out, fresh: false };
        self.all.entry(name.clone()).or_insert(new)
    }

    /// The watermark of one split: the stamp of the row that it brings next.
    pub(super) fn stamp(&self, name: &SplitName) -> Watermark {
        self.all.get(name).map_or(Watermark::NONE, |it| self.stamp_of(it))
    }

    /// A split has brought rows of which the newest has this time.
    pub(super) fn data(&mut self, name: &SplitName, newest: Option<Timestamp>, clock: Timestamp) {
        let split = self.split(name);
        split.newest = split.newest.max(newest);
        split.state = State::Live(clock);
        split.fresh = true;
    }

    /// Something has happened to a split.
    pub(super) fn event(&mut self, name: &SplitName, event: SplitEvent, clock: Timestamp) {
        let after = self.idle;
        let split = self.split(name);
        split.fresh &= match (event, split.state) {
            (SplitEvent::CaughtUp, _)
            | (SplitEvent::Live | SplitEvent::Announced, State::Live(_) | State::Away(_)) => true,
            (SplitEvent::Live, State::Quiet(_)) => split.idle_since(after, clock).is_none(),
            _ => false,
        };
        split.state = match (event, split.state) {
            (SplitEvent::CaughtUp, State::Live(since) | State::Away(since)) => State::Quiet(since),
            (SplitEvent::CaughtUp, state) => state,
            (SplitEvent::Live, State::Live(since) | State::Quiet(since) | State::Away(since)) => {
                State::Live(since)
            }
            (SplitEvent::Live, _) => State::Live(clock),
            (SplitEvent::Announced, State::Away(since)) => State::Away(since),
            (SplitEvent::Announced | SplitEvent::Disconnected | SplitEvent::Paused, _) => {
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
        for split in self.all.values_mut() {
            if let State::Live(since) = split.state {
                split.state = State::Quiet(since);
            }
        }
    }

    /// The source was not asked for rows for a while: nobody knows what waits in the meantime.
    pub(super) fn held_back(&mut self) {
        for split in self.all.values_mut() {
            if let State::Quiet(since) = split.state {
                split.state = State::Live(since);
            }
        }
    }

    fn idle_since(&self, split: &Split, clock: Timestamp) -> Option<Timestamp> {
        split.idle_since(self.idle, clock)
    }

    /// The watermark of all splits, and whether they carry time on. As where inputs meet, a split that has only come back
    /// does not do so alone while others are idle, and splits that fell silent between two looks at the clock count in the
    /// order in which they did.
    pub(super) fn watermark(&mut self, clock: Timestamp) -> (Watermark, Activity) {
        if self.ended {
            self.handed_on = Watermark::END;
            return (self.handed_on, Activity::Waiting);
        }
        while let Some(since) = self.next_to_fall(clock) {
            self.look(since);
        }
        let activity = self.look(clock);
        (self.handed_on, activity)
    }

    /// Since when the split is idle that fell silent next after the last look, if one did before `clock`.
    fn next_to_fall(&self, clock: Timestamp) -> Option<Timestamp> {
        let fallen = self.all.values().filter_map(|it| self.idle_since(it, clock));
        fallen.filter(|it| (self.looked.saturating_add(1)..clock).contains(it)).min()
    }

    /// Hands on what the splits have come to when the clock shows this.
    fn look(&mut self, clock: Timestamp) -> Activity {
        let running = self.all.values().filter(|it| it.state != State::Ended);
        let (least, activity) = least(running.map(|it| {
            let activity = match self.idle_since(it, clock) {
                Some(_) => Activity::Idle,
                None if it.fresh => Activity::Active,
                None => Activity::Waiting,
            };
            (self.stamp_of(it), activity)
        }));
        let least = match activity {
            Activity::Idle => self.paced(clock),
            Activity::Active | Activity::Waiting => least.unwrap_or_default(),
        };
        self.handed_on = self.handed_on.max(least);
        if activity != Activity::Idle {
            self.reached = (self.handed_on, clock);
        }
        self.looked = self.looked.max(clock);
        activity
    }

    /// What the clock has done to all splits together: since when the last of them is idle.
    pub(super) fn silence(&self, clock: Timestamp) -> Silence {
        if self.idle.is_none() {
            return Silence::NEVER;
        }
        let since = self.all.values().filter_map(|it| self.idle_since(it, clock)).max();
        Silence { seen: clock, since: since.unwrap_or(i64::MIN) }
    }

    /// When all are idle, the watermark goes on at the pace of the clock since the last of them became idle, at most to the
    /// clock less `out_of_order`. It starts where the one that has rows and became idle last had brought it.
    fn paced(&self, clock: Timestamp) -> Watermark {
        let all = || self.all.values().filter_map(|it| Some((it, self.idle_since(it, clock)?)));
        let begun = || all().filter(|(it, _)| it.newest.is_some());
        let last = begun().map(|(_, since)| since).max();
        let of_last = begun().filter(|(_, since)| Some(*since) == last);
        let base = of_last.map(|(it, _)| self.stamp_of(it)).min().max(Some(self.reached.0));
        let since = all().map(|(_, since)| since).max().max(Some(self.reached.1));
        let (Some(base), Some(since)) = (base.and_then(Watermark::time), since) else {
            return Watermark::NONE;
        };
        let paced = base.saturating_add(clock - since);
        Watermark::at(paced.min(clock.saturating_sub(self.out_of_order)).max(base))
    }

    fn stamp_of(&self, split: &Split) -> Watermark {
        let newest = split.newest;
        newest.map_or(Watermark::NONE, |newest| Watermark::at(newest).less(self.out_of_order))
    }
}

#[cfg(test)]
mod tests {
    use super::Activity::{Active, Idle, Waiting};
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
        assert_eq!(splits.watermark(29), (Watermark::at(10), Active));
        assert_eq!(splits.watermark(30), (Watermark::at(120), Active));
        splits.event(&name("b"), SplitEvent::Disconnected, 40);
        splits.data(&name("a"), Some(150), 40);
        assert_eq!(splits.watermark(1000), (Watermark::at(120), Active), "b holds it back again");
    }

    #[test]
    fn when_all_are_idle_the_clock_carries_the_watermark_on() {
        let mut splits = Splits::new(5, Some(30));
        live(&mut splits, "a", 1000, 1000);
        splits.caught_up();
        assert_eq!(splits.watermark(1029), (Watermark::at(995), Active));
        assert_eq!(splits.watermark(1030), (Watermark::at(995), Idle));
        assert_eq!(splits.watermark(1040), (Watermark::at(1005), Idle));
        // However the clock jumps, and never past the clock less `out_of_order`.
        assert_eq!(splits.watermark(5000), (Watermark::at(4965), Idle));
        let mut bounded = Splits::new(5, None);
        live(&mut bounded, "a", 1000, 1000);
        bounded.caught_up();
        assert_eq!(bounded.watermark(99_999), (Watermark::at(995), Active));
    }

    #[test]
    fn what_was_handed_on_is_not_taken_back() {
        let mut splits = Splits::new(0, Some(30));
        live(&mut splits, "a", 1000, 1000);
        splits.caught_up();
        assert_eq!(splits.watermark(1130).0, Watermark::at(1100));
        splits.data(&name("a"), Some(1050), 1131);
        assert_eq!(splits.watermark(1131), (Watermark::at(1100), Active));
        assert_eq!(splits.stamp(&name("a")), Watermark::at(1050));
    }

    #[test]
    fn the_clock_carries_on_what_the_last_awake_split_had_reached() {
        let mut splits = Splits::new(0, Some(30));
        live(&mut splits, "slow", 10, 0);
        live(&mut splits, "fast", 500, 20);
        splits.event(&name("never"), SplitEvent::Live, 20);
        splits.caught_up();
        // However late somebody looks: at 50 the last one became idle, when `fast` alone had counted since 30.
        assert_eq!(splits.clone().watermark(1060), (Watermark::at(1060), Idle));
        assert_eq!(splits.watermark(60), (Watermark::at(500), Idle), "not beyond the clock");
    }

    #[test]
    fn a_restart_is_not_silence() {
        let mut splits = Splits::new(0, Some(30));
        live(&mut splits, "a", 1000, 1000);
        live(&mut splits, "b", 990, 1000);
        splits.caught_up();
        let mut splits = splits.save(1020).resume(5000);
        splits.data(&name("b"), Some(2000), 5000);
        assert_eq!(splits.watermark(9999), (Watermark::at(1000), Active), "a is not there yet");
        splits.event(&name("a"), SplitEvent::Live, 5001);
        splits.event(&name("a"), SplitEvent::CaughtUp, 5001);
        assert_eq!(
            splits.watermark(5009),
            (Watermark::at(1000), Active),
            "20 of 30 were over before"
        );
        assert_eq!(splits.watermark(5010), (Watermark::at(2000), Active));
    }

    #[test]
    fn time_that_was_counted_before_a_restart_is_not_counted_again() {
        let mut splits = Splits::new(0, Some(30));
        live(&mut splits, "a", 100, 1000);
        live(&mut splits, "b", 90, 1005);
        splits.caught_up();
        assert_eq!(splits.watermark(1034), (Watermark::at(90), Active), "a is idle, b is not");
        assert_eq!(splits.watermark(1040), (Watermark::at(95), Idle));
        let mut splits = splits.save(1040).resume(2000);
        splits.event(&name("b"), SplitEvent::Live, 2000);
        splits.event(&name("b"), SplitEvent::CaughtUp, 2000);
        assert_eq!(splits.watermark(2000), (Watermark::at(95), Waiting), "a has only come back");
        splits.event(&name("a"), SplitEvent::Live, 2001);
        splits.caught_up();
        assert_eq!(splits.watermark(2005), (Watermark::at(100), Idle));
    }

    /// `a` and `b` fall silent while `c`, which has only come back, does not.
    #[test]
    fn splits_that_fell_silent_between_two_looks_count_in_their_order() {
        let mut splits = Splits::new(0, Some(30));
        live(&mut splits, "c", 70, 0);
        splits.event(&name("c"), SplitEvent::Disconnected, 0);
        live(&mut splits, "b", 50, 80);
        live(&mut splits, "a", 100, 90);
        splits.caught_up();
        assert_eq!(splits.watermark(90), (Watermark::at(50), Active));
        let mut often = splits.clone();
        assert_eq!(often.watermark(110), (Watermark::at(70), Active), "b is idle, a is not");
        assert_eq!(often.watermark(200), (Watermark::at(70), Waiting));
        assert_eq!(
            splits.watermark(200),
            (Watermark::at(70), Waiting),
            "however late somebody looks"
        );
    }

    #[test]
    fn what_nobody_asked_for_is_not_silent() {
        let mut splits = Splits::new(0, Some(30));
        live(&mut splits, "a", 10, 0);
        splits.caught_up();
        splits.held_back();
        live(&mut splits, "b", 100, 50);
        assert_eq!(splits.watermark(50), (Watermark::at(10), Active));
        splits.caught_up();
        assert_eq!(splits.watermark(51), (Watermark::at(100), Active));
    }
}
