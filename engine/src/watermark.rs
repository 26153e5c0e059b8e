//! The watermark where several inputs meet: splits of a source, inputs of a union or join, tasks behind an exchange.
//!
//! ```text
//!  input 0   10:05          ┐
//!  input 1   10:02          ├──► 10:02      the least of those that are not idle
//!  input 2    9:40  idle    ┘
//!  input 3   ended                          does not count any more
//! ```
//!
//! When all inputs are idle, the least of all of them counts. What was handed on is never taken back: an input that
//! wakes up behind it goes on from there, and only its rows may be late.

use crate::time::Watermark;

/// The least watermark of several inputs that run side by side.
#[derive(Clone, Debug)]
pub struct MinWatermark {
    inputs: Vec<Input>,
    handed_on: Watermark,
}

#[derive(Clone, Copy, Debug)]
struct Input {
    watermark: Watermark,
    idle: bool,
}

impl MinWatermark {
    /// Inputs that have not begun: they hold the watermark back.
    pub fn new(inputs: usize) -> Self {
        let input = Input { watermark: Watermark::NONE, idle: false };
        Self { inputs: vec![input; inputs], handed_on: Watermark::NONE }
    }

    /// One input more, for splits that appear while a source runs. Returns its number.
    pub fn add(&mut self) -> usize {
        self.inputs.push(Input { watermark: Watermark::NONE, idle: false });
        self.inputs.len() - 1
    }

    /// An input has come this far, and is not idle. Returns the new watermark of all.
    pub fn advance(&mut self, input: usize, watermark: Watermark) -> Watermark {
        self.update(input, watermark, false)
    }

    /// An input has come this far, and is idle or not: both at once, since an input that were awake for a moment among
    /// idle ones would count alone. Returns the new watermark of all.
    pub fn update(&mut self, input: usize, watermark: Watermark, idle: bool) -> Watermark {
        let input = &mut self.inputs[input];
        input.watermark = input.watermark.max(watermark);
        input.idle = idle;
        self.hand_on()
    }

    /// No input is idle until it says so again: none is after a restart.
    pub fn wake(&mut self) {
        self.inputs.iter_mut().for_each(|it| it.idle = false);
    }

    /// An input has become idle, or wakes up. Returns the new watermark of all.
    pub fn set_idle(&mut self, input: usize, idle: bool) -> Watermark {
        self.inputs[input].idle = idle;
        self.hand_on()
    }

    /// The watermark of all.
    pub fn current(&self) -> Watermark {
        self.handed_on
    }

    /// Whether all of them are idle, those that have ended aside: then so is what they make up together.
    pub fn is_idle(&self) -> bool {
        self.running().next().is_some() && self.running().all(|it| it.idle)
    }

    fn running(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter().filter(|it| !it.watermark.is_end())
    }

    fn hand_on(&mut self) -> Watermark {
        let awake = self.running().filter(|it| !it.idle).map(|it| it.watermark).min();
        let least = awake.or_else(|| self.running().map(|it| it.watermark).min());
        self.handed_on = self.handed_on.max(least.unwrap_or(Watermark::END));
        self.handed_on
    }
}

/// The watermark of inputs that run one after the other: the end of one is not handed on unless it is the last.
#[derive(Clone, Debug)]
pub struct InTurn {
    inputs: usize,
    current: usize,
    handed_on: Watermark,
    idle: bool,
}

impl InTurn {
    /// Before the first of so many inputs.
    pub fn new(inputs: usize) -> Self {
        Self { inputs, current: 0, handed_on: Watermark::NONE, idle: false }
    }

    /// Which input is being read; none when all have ended.
    pub fn reading(&self) -> Option<usize> {
        (self.current < self.inputs).then_some(self.current)
    }

    /// The input that is being read has come this far, and is idle or not; at its end the next one begins, which is not.
    /// Returns the new watermark.
    pub fn update(&mut self, watermark: Watermark, idle: bool) -> Watermark {
        self.idle = idle && !watermark.is_end();
        if watermark.is_end() {
            self.current = (self.current + 1).min(self.inputs);
        }
        if !watermark.is_end() || self.current == self.inputs {
            self.handed_on = self.handed_on.max(watermark);
        }
        self.handed_on
    }

    /// The watermark.
    pub fn current(&self) -> Watermark {
        self.handed_on
    }

    /// Whether the input that is being read is idle.
    pub fn is_idle(&self) -> bool {
        self.idle
    }

    /// The input is not idle until it says so again.
    pub fn wake(&mut self) {
        self.idle = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: i64) -> Watermark {
        Watermark::at(time)
    }

    #[test]
    fn an_input_that_has_not_begun_holds_back() {
        let mut all = MinWatermark::new(2);
        assert_eq!(all.advance(0, at(10)), Watermark::NONE);
        assert_eq!(all.advance(1, at(7)), at(7));
    }

    #[test]
    fn an_idle_input_does_not_hold_back_until_it_wakes_up() {
        let mut all = MinWatermark::new(2);
        all.advance(0, at(10));
        assert_eq!(all.set_idle(1, true), at(10));
        assert!(!all.is_idle());
        assert_eq!(all.advance(1, at(3)), at(10), "what was handed on is not taken back");
        assert_eq!(all.advance(0, at(12)), at(10));
        assert_eq!(all.advance(1, at(11)), at(11));
    }

    #[test]
    fn when_all_are_idle_the_least_of_all_counts() {
        let mut all = MinWatermark::new(2);
        all.advance(0, at(5));
        all.advance(1, at(9));
        all.set_idle(1, true);
        assert_eq!(all.set_idle(0, true), at(5));
        assert!(all.is_idle());
    }

    #[test]
    fn an_idle_input_among_idle_ones_never_counts_alone() {
        let mut all = MinWatermark::new(2);
        all.update(0, at(5), true);
        all.update(1, at(9), true);
        assert_eq!(all.update(1, at(9), true), at(5));
        assert_eq!(all.update(1, at(20), true), at(5), "both are idle: the least counts");
        assert_eq!(all.update(0, at(12), true), at(12));
        all.wake();
        assert!(!all.is_idle());
    }

    #[test]
    fn an_input_that_has_ended_does_not_count() {
        let mut all = MinWatermark::new(3);
        all.advance(0, Watermark::END);
        all.advance(1, at(5));
        assert_eq!(all.set_idle(2, true), at(5));
        assert_eq!(all.set_idle(1, true), at(5), "two idle inputs do not end with the third");
        all.advance(1, Watermark::END);
        assert_eq!(all.advance(2, Watermark::END), Watermark::END);
        assert!(!all.is_idle());
    }

    #[test]
    fn an_input_may_join_later() {
        let mut all = MinWatermark::new(1);
        all.advance(0, at(5));
        let late_comer = all.add();
        assert_eq!(all.advance(0, at(8)), at(5));
        assert_eq!(all.advance(late_comer, at(6)), at(6));
    }

    #[test]
    fn in_turn_only_the_last_end_is_handed_on() {
        let mut turns = InTurn::new(2);
        assert_eq!(turns.update(at(5), false), at(5));
        assert_eq!(turns.update(Watermark::END, false), at(5));
        assert_eq!(turns.reading(), Some(1));
        assert_eq!(turns.update(at(3), false), at(5));
        assert_eq!(turns.update(Watermark::END, false), Watermark::END);
        assert_eq!(turns.reading(), None);
        assert_eq!(turns.current(), Watermark::END);
    }

    #[test]
    fn in_turn_only_the_input_that_is_read_can_be_idle() {
        let mut turns = InTurn::new(2);
        turns.update(at(5), true);
        assert!(turns.is_idle());
        turns.update(Watermark::END, false);
        assert!(!turns.is_idle(), "the next one has not said anything");
        turns.update(at(7), true);
        assert!(turns.is_idle());
    }
}
