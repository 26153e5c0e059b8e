//! Servers that go away and come back.

use super::rig::{Opening, batch, numbered, open, open_as, text};
use crate::support::databases::Database;
use dsl::plan::Arg;
use engine::sink::{Prepared, Written};
use serde_json::json;

const ROWS: i64 = 60_000;
const PIECE: i64 = 500;

fn at(server: &Database) -> Vec<(&'static str, Arg)> {
    vec![("url", text(&server.url())), ("database", text("test"))]
}

#[test]
fn no_row_is_lost_over_a_restart_and_a_crash() {
    let mut server = Database::influxdb("restart", &[]);
    let mut options = at(&server);
    options.push(("batch", super::rig::int(1_000)));
    let mut sink = open(&options).unwrap();
    for start in (0..ROWS).step_by(PIECE as usize) {
        sink.write(&numbered(start..start + PIECE));
        if start == ROWS / 3 {
            server.stop();
            // Rows come meanwhile: nobody is there to take them.
        } else if start == ROWS / 2 {
            server.start_again();
        } else if start == ROWS * 2 / 3 {
            server.kill();
            server.start_again();
        }
    }
    assert_eq!(sink.prepare().unwrap(), []);
    assert_eq!(server.points("m"), ROWS);
    let sums = server.influxql("select sum(n) from m");
    assert_eq!(sums[0][1], json!(ROWS * (ROWS - 1) / 2));
    assert!(sink.sink.sent().retries > 0, "it was away");
}

#[test]
fn a_server_that_is_away_makes_the_sink_busy_at_its_budget() {
    let mut server = Database::influxdb("away", &[]);
    let opening = Opening { budget: 200_000, ..Opening::default() };
    let mut sink = open_as(&at(&server), opening).unwrap();
    server.stop();
    let mut taken = 0;
    while let Written::Taken(faults) =
        sink.sink.write(&batch(&numbered(taken..taken + PIECE))).unwrap()
    {
        assert!(faults.is_empty());
        taken += PIECE;
        assert!(taken < 100_000, "memory is bounded");
    }
    assert!(sink.sink.bytes() < 400_000, "{} bytes for {taken} rows", sink.sink.bytes());
    assert_eq!(sink.sink.prepare(1).unwrap(), Prepared::Busy);
    assert_eq!(sink.sink.unwritten(), taken as u64);
    server.start_again();
    assert_eq!(sink.finish(), []);
    assert_eq!(server.points("m"), taken);
}
