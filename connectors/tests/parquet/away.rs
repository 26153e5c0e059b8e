//! Servers that are away, overloaded, or whose answers get lost: it costs time, not rows.

use super::rig::{BUDGET, Bucket, lake, roll, rows, until};
use crate::support::proxy::{Fate, proxy};
use crate::support::server::ObjectStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const ROWS: i64 = 8192;

#[test]
fn a_server_that_is_killed_in_the_middle_costs_time_and_no_row() {
    let mut server = ObjectStore::start("killed");
    let bucket = Bucket::make(&server);
    // Half of the files are large enough for parts, so the server is killed between two of them.
    let mut lake = lake(&server.url, &[("roll", roll(12 << 20, Duration::from_hours(1)))]).unwrap();
    let mut from = 0;
    while bucket.uploads() == 0 {
        lake.write(&rows("a", from, ROWS)).unwrap();
        from += ROWS;
    }
    server.kill();
    // The pipeline is held up: the sink takes what it has room for, and then nothing.
    let mut refusals = 0;
    while refusals < 50 {
        if lake.try_write(&rows("a", from, ROWS)).unwrap() {
            from += ROWS;
            refusals = 0;
        } else {
            refusals += 1;
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }
    assert!(lake.sink.unwritten() > 0);
    server.start_again();
    for _ in 0..20 {
        lake.write(&rows("a", from, ROWS)).unwrap();
        from += ROWS;
    }
    lake.finish().unwrap();
    assert!(lake.most <= BUDGET, "{} bytes were held", lake.most);
    assert!(bucket.numbers().into_iter().eq(0..from), "every row is there once");
    assert_eq!((bucket.uploads(), lake.sink.unwritten()), (0, 0));
}

#[test]
fn an_overloaded_server_is_asked_again() {
    let server = ObjectStore::start("busy");
    let bucket = Bucket::make(&server);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    // Two of three requests are turned away, the first ones too.
    let url = proxy(&server.url, move |_, _| match count.fetch_add(1, Ordering::SeqCst) % 3 {
        0 => Fate::Answered(503),
        1 => Fate::Answered(429),
        _ => Fate::Passes,
    });
    let mut lake = lake(&url, &[("roll", roll(9 << 20, Duration::from_hours(1)))]).unwrap();
    for batch in 0..200 {
        lake.write(&rows("a", batch * ROWS, ROWS)).unwrap();
    }
    lake.finish().unwrap();
    assert!(bucket.numbers().into_iter().eq(0..200 * ROWS));
    assert_eq!(bucket.uploads(), 0);
    assert!(asked.load(Ordering::SeqCst) > 10);
}

#[test]
fn an_answer_that_got_lost_makes_no_row_come_twice() {
    let server = ObjectStore::start("lost");
    let bucket = Bucket::make(&server);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    // Every second change is made without an answer.
    let url = proxy(&server.url, move |method, path| {
        let changes = method != "GET" && method != "HEAD" && !path.ends_with("?uploads");
        if changes && count.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            Fate::AnswerLost
        } else {
            Fate::Passes
        }
    });
    let mut lake = lake(&url, &[("roll", roll(9 << 20, Duration::from_hours(1)))]).unwrap();
    for batch in 0..200 {
        lake.write(&rows("a", batch * ROWS, ROWS)).unwrap();
    }
    lake.finish().unwrap();
    assert!(bucket.numbers().into_iter().eq(0..200 * ROWS), "every row is there once");
    assert_eq!(lake.sink.unwritten(), 0);
}

#[test]
fn a_bucket_that_goes_away_ends_the_run_and_says_so() {
    let server = ObjectStore::start("gone");
    let bucket = Bucket::make(&server);
    let every = Duration::from_millis(50);
    let mut lake = lake(&server.url, &[("roll", roll(1 << 30, every))]).unwrap();
    lake.write(&rows("a", 0, 10)).unwrap();
    until("the file", || bucket.numbers().len() == 10);
    bucket.remove();
    lake.write(&rows("a", 10, 10)).unwrap();
    let mut error = None;
    until("the error", || {
        error = lake.sink.check().err();
        error.is_some()
    });
    let message = error.unwrap().to_string();
    assert!(message.contains("there is no bucket `plant`"), "{message}");
    lake.sink.abandon();
    assert_eq!(lake.sink.unwritten(), 10);
}
