//! Arbitrary times and stamps: rows out of order, and pauses after which state is forgotten.

use crate::operator::TTL;
use crate::time::{Micros, Timestamp};
use proptest::prelude::*;

/// A minute, in µs.
pub(crate) const MINUTE: Micros = 60_000_000;

/// When a row is from, and its stamp.
pub(crate) type Arrival = (Timestamp, Timestamp);

/// Times and stamps of up to `most` rows: stamps never fall, and begin before all time.
pub(crate) fn arrivals(most: usize) -> impl Strategy<Value = Vec<Arrival>> {
    let step = prop_oneof![
        6 => Just(0),
        6 => 0..2 * MINUTE,
        2 => 0..40 * MINUTE,
        1 => TTL - MINUTE..TTL + 2 * MINUTE,
    ];
    let offset = prop_oneof![6 => 0..5 * MINUTE, 1 => -20 * MINUTE..0];
    let unstamped = 0_usize..4;
    (prop::collection::vec((step, offset), 1..=most), unstamped).prop_map(|(rows, unstamped)| {
        let mut stamp = 0;
        let arrival = |(i, (step, offset)): (usize, (Micros, Micros))| {
            stamp += step;
            (stamp + offset, if i < unstamped { i64::MIN } else { stamp })
        };
        rows.into_iter().enumerate().map(arrival).collect()
    })
}

/// Cuts the rows of one key, given in order, where its state is forgotten: the first row of each life.
pub(crate) fn lives(arrivals: &[Arrival]) -> Vec<usize> {
    let mut starts = Vec::new();
    for i in 0..arrivals.len() {
        let life = starts.last().map_or(0, |it| *it);
        let seen = arrivals[life..i].iter().map(|it| it.0).max();
        let gone = |seen| arrivals[i].0 >= seen + TTL || arrivals[i].1 >= seen + TTL;
        if seen.is_none_or(gone) {
            starts.push(i);
        }
    }
    starts
}
