//! Which of the rows that came out stands for which of those that are expected.

use std::collections::HashSet;

/// How much is tried, in rows times keys, before rows that fit several others are called unclear.
const EFFORT: usize = 4_000_000;

/// For each expected row one that fits it, each used once, for as many as possible. `fitting` names for each expected
/// row the rows that fit it, of which there are `found`.
pub(super) fn pairs(fitting: &[Vec<usize>], found: usize) -> Vec<Option<usize>> {
    let mut pairs = Pairs { fitting, of_found: vec![None; found] };
    for row in 0..fitting.len() {
        pairs.place(row, &mut vec![false; found]);
    }
    let mut of_expected = vec![None; fitting.len()];
    for (i, row) in pairs.of_found.iter().enumerate() {
        if let Some(row) = row {
            of_expected[*row] = Some(i);
        }
    }
    of_expected
}

struct Pairs<'a> {
    fitting: &'a [Vec<usize>],
    of_found: Vec<Option<usize>>,
}

impl Pairs<'_> {
    /// Finds a place for a row, and another one for the row that had it before.
    fn place(&mut self, row: usize, seen: &mut [bool]) -> bool {
        let fitting = &self.fitting[row];
        if let Some(&free) = fitting.iter().find(|it| self.of_found[**it].is_none()) {
            self.of_found[free] = Some(row);
            return true;
        }
        for &taken in fitting {
            if std::mem::replace(&mut seen[taken], true) {
                continue;
            }
            if self.of_found[taken].is_none_or(|other| self.place(other, seen)) {
                self.of_found[taken] = Some(row);
                return true;
            }
        }
        false
    }
}

/// Whether all rows can be placed in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// They can.
    All,
    /// This one cannot come behind those expected before it.
    UpTo(usize),
    /// There are too many ways to try them all.
    Unclear,
}

/// Places expected rows one after the other so that of one group none stands before an earlier one. Where a row fits
/// rows of several groups, each is tried.
pub(super) struct InOrder<'a> {
    fitting: &'a [Vec<usize>],
    /// Of each row found its group, and its place among the rows of the group.
    places: Vec<(usize, usize)>,
    /// Rows may be left out.
    gaps: bool,
    /// The place in each group from which on rows are free.
    free: Vec<usize>,
    /// From where nothing led to the end.
    dead: HashSet<(usize, Vec<usize>)>,
    furthest: usize,
    effort: usize,
}

impl<'a> InOrder<'a> {
    pub(super) fn new(
        fitting: &'a [Vec<usize>],
        group_of: &[usize],
        groups: usize,
        gaps: bool,
    ) -> Self {
        let mut lengths = vec![0; groups];
        let places = group_of.iter().map(|&group| {
            lengths[group] += 1;
            (group, lengths[group] - 1)
        });
        let places = places.collect();
        let free = vec![0; groups];
        Self { fitting, places, gaps, free, dead: HashSet::new(), furthest: 0, effort: 0 }
    }

    pub(super) fn place(mut self) -> Placed {
        match self.from(0) {
            Some(true) => Placed::All,
            Some(false) => Placed::UpTo(self.furthest),
            None => Placed::Unclear,
        }
    }

    /// Whether the rows from this one on can be placed; none where that takes too long to find out.
    fn from(&mut self, row: usize) -> Option<bool> {
        if row == self.fitting.len() {
            return Some(true);
        }
        self.furthest = self.furthest.max(row);
        self.effort += 1 + self.free.len();
        if self.effort > EFFORT {
            return None;
        }
        if !self.dead.is_empty() && self.dead.contains(&(row, self.free.clone())) {
            return Some(false);
        }
        for (group, place) in self.ways(row) {
            let before = std::mem::replace(&mut self.free[group], place + 1);
            let placed = self.from(row + 1);
            if placed != Some(false) {
                return placed;
            }
            self.free[group] = before;
        }
        self.dead.insert((row, self.free.clone()));
        Some(false)
    }

    /// Where a row may stand: in each group the first free place that fits. A later one would only leave less room.
    fn ways(&self, row: usize) -> Vec<(usize, usize)> {
        let mut ways: Vec<(usize, usize)> = Vec::new();
        for &found in &self.fitting[row] {
            let (group, place) = self.places[found];
            let free = self.free[group];
            let stands = if self.gaps { place >= free } else { place == free };
            if stands && ways.iter().all(|it| it.0 != group) {
                ways.push((group, place));
            }
        }
        ways
    }
}
