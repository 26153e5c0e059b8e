//! The watermark where several inputs meet: splits of a source, inputs of a union or join, tasks behind an exchange.
//!
//! ```text
//!  input 0   10:05          ┐
//!  input 1   10:02          ├──► 10:02      the least of those that are not idle
//!  input 2    9:40  idle    ┘
//!  input 3   ended                          does not count any more
//! ```
//!
//! When all inputs are idle, the least of all of them counts; also when those that are not have brought no rows since they
//! came (back): else time would jump behind a restart, when inputs come back one by one. What was handed on is never
//! taken back: an input that wakes up behind it goes on from there, and only its rows may be late.
//!
//! Inputs look at the clock one after the other. Of two that fell silent between two looks, the one that says so first
//! need not be the one that was first. So that an input is idle counts only when the others have looked at the clock, too,
//! and then in the order in which they fell silent; at once, if they did so at once.

use crate::time::{Timestamp, Watermark};

/// Whether an input carries time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It has brought rows since it came.
    Active,
    /// It is not idle, and has brought none since it came or came back: it holds the watermark back.
    Waiting,
    /// It has brought nothing for a while, and nobody waits for it.
    Idle,
}

impl Activity {
    /// Behind a restart: nobody knows whether there is still nothing.
    fn resumed(self) -> Activity {
        if self == Activity::Idle { Activity::Waiting } else { self }
    }
}

/// What the clock has done to an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// What the clock showed when it was looked at for this input: by then it had fallen silent or it had not.
    pub seen: Timestamp,
    /// Since when it is idle, if it is.
    pub since: Timestamp,
}

impl Silence {
    /// Of an input that the clock does nothing to: one that ends by itself.
    pub const NEVER: Silence = Silence { seen: i64::MAX, since: i64::MIN };
    /// Of an input for which nobody has looked at the clock.
    const UNSEEN: Silence = Silence { seen: i64::MIN, since: i64::MIN };
}

/// How far an input has come, or several together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Rows before this are late.
    pub watermark: Watermark,
    /// Whether time goes on with it, or whoever waits for the watermark should not wait for it.
    pub activity: Activity,
    /// What the clock has done to it.
    pub silence: Silence,
}

impl Reached {
    /// Of an input that has not begun.
    const NEW: Reached = Reached {
        watermark: Watermark::NONE,
        activity: Activity::Waiting,
        silence: Silence::UNSEEN,
    };

    /// It comes back, after a restart: the clock was not looked at since, and nobody knows whether there is still nothing.
    fn resume(&mut self) {
        self.activity = self.activity.resumed();
        self.silence = Silence::UNSEEN;
    }
}

/// What inputs that have not ended make up together: the least watermark of those that count, if there is any input, and
/// whether they carry time on.
pub fn least(inputs: impl Iterator<Item = (Watermark, Activity)>) -> (Option<Watermark>, Activity) {
    let (mut active, mut waiting) = (false, false);
    let (mut of_awake, mut of_all) = (None, None);
    let lower = |least: Option<Watermark>, it| Some(least.map_or(it, |least| least.min(it)));
    for (watermark, activity) in inputs {
        active |= activity == Activity::Active;
        waiting |= activity == Activity::Waiting;
        of_all = lower(of_all, watermark);
        if activity != Activity::Idle {
            of_awake = lower(of_awake, watermark);
        }
    }
    if active {
        (of_awake, Activity::Active)
    } else if waiting || of_all.is_none() {
        (of_all, Activity::Waiting)
    } else {
        (of_all, Activity::Idle)
    }
}

/// The least watermark of several inputs that run side by side.
#[derive(Clone, Debug)]
pub struct MinWatermark {
    inputs: Vec<Input>,
    handed_on: Watermark,
}

#[derive(Clone, Copy, Debug)]
struct Input {
    reached: Reached,
    /// It has said that it is idle, and how far it has come; the others have not looked at the clock yet.
    falling: Option<Watermark>,
}

impl Input {
    const NEW: Input = Input { reached: Reached::NEW, falling: None };

    fn is_idle(&self) -> bool {
        self.reached.activity == Activity::Idle
    }

    fn come_to(&mut self, watermark: Watermark) {
        self.reached.watermark = self.reached.watermark.max(watermark);
    }
}

impl MinWatermark {
    /// Inputs that have not begun: they hold the watermark back.
    pub fn new(inputs: usize) -> Self {
        Self { inputs: vec![Input::NEW; inputs], handed_on: Watermark::NONE }
    }

    /// One input more, for splits that appear while a source runs. Returns its number.
    pub fn add(&mut self) -> usize {
        self.inputs.push(Input::NEW);
        self.inputs.len() - 1
    }

    /// An input has come this far. Returns the new watermark of all.
    pub fn update(&mut self, input: usize, now: Reached) -> Watermark {
        let input = &mut self.inputs[input];
        input.reached.silence = now.silence;
        if now.activity == Activity::Idle && !input.is_idle() {
            input.falling = Some(now.watermark);
        } else {
            input.falling = None;
            input.come_to(now.watermark);
            input.reached.activity = now.activity;
            self.hand_on();
        }
        self.fall_silent();
        self.handed_on
    }

    /// Lets inputs be idle of which it is known that no other one was silent before them, the first ones first.
    fn fall_silent(&mut self) {
        let mut fallen = Vec::new();
        while let Some(since) = self.next_to_fall() {
            for (i, input) in self.inputs.iter_mut().enumerate() {
                if input.reached.silence.since == since
                    && let Some(watermark) = input.falling.take()
                {
                    input.reached.activity = Activity::Idle;
                    fallen.push((i, watermark));
                }
            }
            self.hand_on();
        }
        // What the clock has added to their time since then comes behind that.
        for (i, watermark) in fallen {
            self.inputs[i].come_to(watermark);
            self.hand_on();
        }
    }

    /// Since when the input that fell silent first is idle, if all that are not idle have looked at the clock since.
    fn next_to_fall(&self) -> Option<Timestamp> {
        let falling = self.inputs.iter().filter(|it| it.falling.is_some());
        let first = falling.map(|it| it.reached.silence.since).min()?;
        (first <= self.silence().seen).then_some(first)
    }

    /// What the clock has done to all of them together.
    pub fn silence(&self) -> Silence {
        let awake = self.running().filter(|it| !it.is_idle());
        let seen = awake.map(|it| it.reached.silence.seen).min().unwrap_or(i64::MAX);
        let since = self.running().map(|it| it.reached.silence.since).max().unwrap_or(i64::MIN);
        Silence { seen, since }
    }

    /// All inputs come back one by one, after a restart; those that were idle have to bring rows before they count.
    pub fn resume(&mut self) {
        for input in &mut self.inputs {
            input.reached.resume();
            input.falling = None;
        }
    }

    /// The watermark of all.
    pub fn current(&self) -> Watermark {
        self.handed_on
    }

    /// Whether what they make up together carries time on; those that have ended aside.
    pub fn activity(&self) -> Activity {
        self.least().1
    }

    /// How far all have come together.
    pub fn reached(&self) -> Reached {
        let (activity, silence) = (self.activity(), self.silence());
        Reached { watermark: self.handed_on, activity, silence }
    }

    fn running(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter().filter(|it| !it.reached.watermark.is_end())
    }

    fn least(&self) -> (Option<Watermark>, Activity) {
        least(self.running().map(|it| (it.reached.watermark, it.reached.activity)))
    }

    fn hand_on(&mut self) {
        self.handed_on = self.handed_on.max(self.least().0.unwrap_or(Watermark::END));
    }
}

/// The watermark of inputs that run one after the other: the end of one is not handed on unless it is the last.
#[derive(Clone, Debug)]
pub struct InTurn {
    inputs: usize,
    current: usize,
    /// What was handed on, and the rest as the input that is being read says it.
    reached: Reached,
}

impl InTurn {
    /// Before the first of so many inputs.
    pub fn new(inputs: usize) -> Self {
        Self { inputs, current: 0, reached: Reached::NEW }
    }

    /// Which input is being read; none when all have ended.
    pub fn reading(&self) -> Option<usize> {
        (self.current < self.inputs).then_some(self.current)
    }

    /// The input that is being read has come this far; at its end the next one begins. Returns the new watermark.
    pub fn update(&mut self, now: Reached) -> Watermark {
        let handed_on = self.reached.watermark;
        let ends = now.watermark.is_end();
        self.reached = if ends { Reached::NEW } else { now };
        if ends {
            self.current = (self.current + 1).min(self.inputs);
        }
        let hands_on = !ends || self.current == self.inputs;
        let come_to = if hands_on { now.watermark } else { Watermark::NONE };
        self.reached.watermark = handed_on.max(come_to);
        self.reached.watermark
    }

    /// The watermark.
    pub fn current(&self) -> Watermark {
        self.reached.watermark
    }

    /// How far the input that is being read has come.
    pub fn reached(&self) -> Reached {
        self.reached
    }

    /// The input comes back: after a restart.
    pub fn resume(&mut self) {
        self.reached.resume();
    }
}

#[cfg(test)]
mod tests;
