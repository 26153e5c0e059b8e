//! What inputs that are silent, come back or end mean for the watermark of all; rule by rule.

use super::Activity::{Active, Idle, Waiting};
use super::*;

fn at(time: i64) -> Watermark {
    Watermark::at(time)
}

fn reached(watermark: Watermark, activity: Activity, silence: Silence) -> Reached {
    Reached { watermark, activity, silence }
}

/// An input says this when the others have looked at the clock long ago.
fn say(
    all: &mut MinWatermark,
    input: usize,
    watermark: Watermark,
    activity: Activity,
) -> Watermark {
    all.update(input, reached(watermark, activity, Silence::NEVER))
}

/// Two inputs were at 100 and 50, and fell silent between two looks at the clock, at 0 and at 200. What each of them
/// says then, the clock has added to.
#[test]
fn the_order_in_which_inputs_say_that_they_are_idle_does_not_count() {
    for (since, expected) in [((120, 110), 100), ((110, 120), 70), ((120, 120), 70)] {
        for order in [[0, 1], [1, 0]] {
            let mut all = MinWatermark::new(2);
            let look = Silence { seen: 0, since: i64::MIN };
            all.update(0, reached(at(100), Active, look));
            all.update(1, reached(at(50), Active, look));
            let since = [since.0, since.1];
            for input in order {
                let watermark = at([130, 70][input]);
                let silence = Silence { seen: 200, since: since[input] };
                all.update(input, reached(watermark, Idle, silence));
            }
            assert_eq!(all.current(), at(expected), "{since:?} {order:?}");
            assert_eq!(all.activity(), Idle);
        }
    }
}

#[test]
fn an_input_is_idle_when_the_others_have_looked_at_the_clock() {
    let mut all = MinWatermark::new(2);
    let look = |seen| Silence { seen, since: i64::MIN };
    all.update(0, reached(at(100), Active, look(0)));
    all.update(1, reached(at(50), Active, look(0)));
    let silent = Silence { seen: 200, since: 150 };
    assert_eq!(all.update(1, reached(at(50), Idle, silent)), at(50));
    assert_eq!(all.update(0, reached(at(100), Active, look(149))), at(50));
    assert_eq!(all.update(0, reached(at(100), Active, look(150))), at(100));
    assert_eq!(all.silence(), Silence { seen: 150, since: 150 });
}

#[test]
fn an_input_that_has_not_begun_holds_back() {
    let mut all = MinWatermark::new(2);
    assert_eq!(say(&mut all, 0, at(10), Active), Watermark::NONE);
    assert_eq!(say(&mut all, 1, at(7), Active), at(7));
}

#[test]
fn an_idle_input_does_not_hold_back_until_it_wakes_up() {
    let mut all = MinWatermark::new(2);
    say(&mut all, 0, at(10), Active);
    assert_eq!(say(&mut all, 1, Watermark::NONE, Idle), at(10));
    assert_eq!(all.activity(), Active);
    assert_eq!(say(&mut all, 1, at(3), Active), at(10), "what was handed on is not taken back");
    assert_eq!(say(&mut all, 0, at(12), Active), at(10));
    assert_eq!(say(&mut all, 1, at(11), Active), at(11));
}

#[test]
fn when_all_are_idle_the_least_of_all_counts() {
    let mut all = MinWatermark::new(2);
    say(&mut all, 0, at(5), Active);
    say(&mut all, 1, at(9), Active);
    say(&mut all, 1, at(9), Idle);
    assert_eq!(say(&mut all, 0, at(5), Idle), at(5));
    assert_eq!(say(&mut all, 1, at(20), Idle), at(5));
    assert_eq!(say(&mut all, 0, at(12), Idle), at(12));
    assert_eq!(all.activity(), Idle);
}

#[test]
fn an_input_that_only_came_back_does_not_count_alone() {
    let mut all = MinWatermark::new(2);
    say(&mut all, 0, at(90), Idle);
    say(&mut all, 1, at(80), Idle);
    all.resume();
    assert_eq!(say(&mut all, 1, at(80), Idle), at(80), "0 has come to 90 by the clock only");
    assert_eq!(say(&mut all, 0, at(90), Idle), at(80));
    assert_eq!(say(&mut all, 0, at(91), Active), at(91), "now it has rows");
    assert_eq!(say(&mut all, 1, at(85), Waiting), at(91));
    assert_eq!(say(&mut all, 1, at(99), Waiting), at(91));
    assert_eq!(say(&mut all, 0, at(95), Active), at(95), "among others it counts");
}

#[test]
fn an_input_that_has_ended_does_not_count() {
    let mut all = MinWatermark::new(3);
    say(&mut all, 0, Watermark::END, Active);
    say(&mut all, 1, at(5), Active);
    assert_eq!(say(&mut all, 2, Watermark::NONE, Idle), at(5));
    assert_eq!(say(&mut all, 1, at(5), Idle), at(5), "two idle inputs do not end with the third");
    say(&mut all, 1, Watermark::END, Active);
    assert_eq!(say(&mut all, 2, Watermark::END, Active), Watermark::END);
    assert_ne!(all.activity(), Idle);
}

#[test]
fn an_input_may_join_later() {
    let mut all = MinWatermark::new(1);
    say(&mut all, 0, at(5), Active);
    let late_comer = all.add();
    assert_eq!(say(&mut all, 0, at(8), Active), at(5));
    assert_eq!(say(&mut all, late_comer, at(6), Active), at(6));
}

#[test]
fn in_turn_only_the_last_end_is_handed_on() {
    let mut turns = InTurn::new(2);
    assert_eq!(turns.update(reached(at(5), Active, Silence::NEVER)), at(5));
    assert_eq!(turns.update(reached(Watermark::END, Active, Silence::NEVER)), at(5));
    assert_eq!(turns.reading(), Some(1));
    assert_eq!(turns.update(reached(at(3), Active, Silence::NEVER)), at(5));
    assert_eq!(turns.update(reached(Watermark::END, Active, Silence::NEVER)), Watermark::END);
    assert_eq!(turns.reading(), None);
    assert_eq!(turns.current(), Watermark::END);
}

#[test]
fn in_turn_the_input_that_is_read_says_whether_time_goes_on() {
    let mut turns = InTurn::new(2);
    turns.update(reached(at(5), Idle, Silence::NEVER));
    assert_eq!(turns.reached().activity, Idle);
    turns.update(reached(Watermark::END, Idle, Silence::NEVER));
    assert_eq!(turns.reached().activity, Waiting, "the next one has not said anything");
    turns.update(reached(at(7), Active, Silence::NEVER));
    assert_eq!(turns.reached().activity, Active);
}

#[test]
fn in_turn_the_clock_is_looked_at_anew_behind_a_restart() {
    let silent = Silence { seen: 200, since: 150 };
    let mut turns = InTurn::new(2);
    turns.update(reached(at(5), Idle, silent));
    turns.resume();
    assert_eq!(turns.reached(), reached(at(5), Waiting, Silence::UNSEEN));
    let mut all = MinWatermark::new(1);
    all.update(0, reached(at(5), Idle, silent));
    all.resume();
    assert_eq!(all.reached(), turns.reached(), "side by side it is the same");
}

#[test]
fn the_least_of_those_that_count() {
    for (inputs, expected) in [
        (vec![], (None, Waiting)),
        (vec![(9, Active), (7, Waiting), (3, Idle)], (Some(at(7)), Active)),
        (vec![(7, Waiting), (3, Idle)], (Some(at(3)), Waiting)),
        (vec![(7, Idle), (3, Idle)], (Some(at(3)), Idle)),
    ] {
        let given = inputs.iter().map(|(time, activity)| (at(*time), *activity));
        assert_eq!(least(given), expected, "{inputs:?}");
    }
}
