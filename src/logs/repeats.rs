//! What was said lately, so that the same is not said again and again.
//!
//! ```text
//!  said ──► shown           again, within the interval ──► counted
//!                           the interval is over       ──► how often it was left out, once
//! ```
//!
//! The same is what comes from the same place in the code and is about the same source or sink.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing::Level;
use tracing::callsite::Identifier;

/// So many different things are remembered; what is said beyond that is always shown.
const REMEMBERED_MAX: usize = 1024;

/// What was said lately.
pub(super) struct Repeats {
    interval: Duration,
    seen: Mutex<HashMap<Said, Seen>>,
}

/// A place in the code, and the source or sink that it is about.
type Said = (Identifier, String);

/// Something that was shown.
struct Seen {
    at: Duration,
    /// When it was said last.
    last: Duration,
    level: Level,
    message: String,
    left_out: u64,
}

/// Something that was left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub(super) level: Level,
    /// The source or sink; empty if there is none.
    pub(super) name: String,
    pub(super) message: String,
    pub(super) count: u64,
    /// When it was said last.
    last: Duration,
}

/// What to do about something that is said.
pub(super) struct Sight {
    /// What is said first.
    pub(super) left_out: Vec<LeftOut>,
    /// Whether it is shown.
    pub(super) shown: bool,
}

impl Repeats {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<Said, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is said, at this time by a clock that never jumps.
    pub(super) fn see(
        &self,
        place: Identifier,
        level: Level,
        name: String,
        message: String,
        now: Duration,
    ) -> Sight {
        let mut seen = self.seen();
        let left_out = self.old(&mut seen, now);
        let remembered = seen.len();
        let mut shown = true;
        match seen.get_mut(&(place.clone(), name.clone())) {
            Some(before) => {
                before.left_out += 1;
                before.last = now;
                shown = false;
            }
            None if remembered < REMEMBERED_MAX => {
                seen.insert(
                    (place, name),
                    Seen { at: now, last: now, level, message, left_out: 0 },
                );
            }
            None => {}
        }
        Sight { left_out, shown }
    }

    /// What was left out for as long as the interval and has to be said now. Of trouble and its end, what was last comes
    /// last, also when nothing more is said for hours.
    pub(super) fn due(&self, now: Duration) -> Vec<LeftOut> {
        self.old(&mut self.seen(), now)
    }

    fn old(&self, seen: &mut HashMap<Said, Seen>, now: Duration) -> Vec<LeftOut> {
        taken(seen.extract_if(|_, it| now.saturating_sub(it.at) >= self.interval))
    }

    /// What was left out and not said yet; nothing is remembered any more.
    pub(super) fn rest(&self) -> Vec<LeftOut> {
        taken(self.seen().drain())
    }
}

/// What was left out of these, in the order in which it was said last.
fn taken(seen: impl Iterator<Item = (Said, Seen)>) -> Vec<LeftOut> {
    let mut left_out: Vec<LeftOut> = seen
        .filter(|(_, it)| it.left_out > 0)
        .map(|((_, name), Seen { last, level, message, left_out, .. })| LeftOut {
            level,
            name,
            message,
            count: left_out,
            last,
        })
        .collect();
    left_out.sort_by(|a, b| (a.last, &a.name, &a.message).cmp(&(b.last, &b.name, &b.message)));
    left_out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Callsite;
    use tracing::subscriber::Interest;

    /// A place in some code.
    struct Place;

    impl Callsite for Place {
        fn set_interest(&self, _: Interest) {}

        fn metadata(&self) -> &tracing::Metadata<'_> {
            unreachable!("nobody asks for it")
        }
    }

    static PLACE: Place = Place;

    fn see(repeats: &Repeats, name: &str, second: u64) -> (bool, Vec<(String, u64)>) {
        let place = Identifier(&PLACE);
        let (name, message) = (name.to_owned(), "lost".to_owned());
        let sight = repeats.see(place, Level::WARN, name, message, Duration::from_secs(second));
        (sight.shown, sight.left_out.into_iter().map(|it| (it.name, it.count)).collect())
    }

    #[test]
    fn the_same_is_shown_once_in_a_while_with_how_often_it_was_left_out() {
        let repeats = Repeats::new(Duration::from_secs(30));
        assert_eq!(see(&repeats, "a", 0), (true, vec![]));
        assert_eq!(see(&repeats, "a", 10), (false, vec![]));
        assert_eq!(see(&repeats, "b", 20), (true, vec![]));
        assert_eq!(see(&repeats, "a", 29), (false, vec![]));
        assert_eq!(see(&repeats, "b", 31), (false, vec![("a".to_owned(), 2)]));
        assert_eq!(see(&repeats, "a", 32), (true, vec![]));
        assert_eq!(see(&repeats, "a", 33), (false, vec![]));
        let rest: Vec<_> = repeats.rest().into_iter().map(|it| (it.name, it.count)).collect();
        assert_eq!(rest, [("b".to_owned(), 1), ("a".to_owned(), 1)]);
        assert_eq!(repeats.rest(), []);
    }

    #[test]
    fn what_was_left_out_is_said_when_nothing_else_is() {
        let repeats = Repeats::new(Duration::from_secs(30));
        for (name, second) in [("lost", 0), ("back", 1), ("lost", 5), ("back", 6), ("lost", 7)] {
            see(&repeats, name, second);
        }
        assert_eq!(repeats.due(Duration::from_secs(29)), []);
        let due: Vec<_> =
            repeats.due(Duration::from_secs(31)).into_iter().map(|it| it.name).collect();
        assert_eq!(due, ["back", "lost"], "how it is now is said last");
    }

    #[test]
    fn what_cannot_be_remembered_is_shown() {
        let repeats = Repeats::new(Duration::from_secs(30));
        for name in 0..REMEMBERED_MAX {
            assert!(see(&repeats, &name.to_string(), 0).0);
        }
        assert!(see(&repeats, "one more", 1).0 && see(&repeats, "one more", 2).0);
        assert!(!see(&repeats, "7", 2).0);
        assert!(see(&repeats, "one more", 31).0 && !see(&repeats, "one more", 32).0);
    }
}
