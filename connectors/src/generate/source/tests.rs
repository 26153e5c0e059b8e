//! The simulated fleet: its rate, its seed, the shares of odd rows, and where it goes on after a restart.

use super::*;
use crate::testing::{Brought, poll_until, source_context, source_plan};
use arrow::array::{Array, AsArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Float64Type, TimestampMicrosecondType};
use dsl::plan::Arg;
use dsl::value::Value;
use engine::time::ManualClock;
use std::collections::BTreeMap;
use std::sync::mpsc;
use std::task::Wake;

fn int(value: i64) -> Arg {
    Arg::Value(Value::Int(value))
}

fn share(value: f64) -> Arg {
    Arg::Value(Value::Float(value))
}

fn max() -> Arg {
    Arg::Choice("max".to_owned())
}

fn open(given: &[(&'static str, Arg)], position: Option<&str>) -> Box<dyn Source> {
    let plan = source_plan(&Generate, given, None, columns::columns());
    let positions = position.map(|it| (SPLIT.into(), it.to_owned())).into_iter().collect();
    Generate.open(&plan, source_context(positions, Arc::new(|| None), 6)).unwrap()
}

fn all(given: &[(&'static str, Arg)], position: Option<&str>, limit: usize) -> Brought {
    poll_until(open(given, position).as_mut(), limit, |_| false).unwrap()
}

fn joined(brought: &Brought) -> arrow::array::RecordBatch {
    let schema = brought.rows[0].1.schema();
    concat_batches(&schema, brought.rows.iter().map(|it| &it.1)).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_rows_from_every_position() {
    let given = |seed| {
        vec![
            ("rate", max()),
            ("rows", int(9_000)),
            ("devices", int(7)),
            ("seed", int(seed)),
            ("spike", share(0.01)),
            ("drop_out", share(0.01)),
            ("late", share(0.01)),
            ("skew", share(0.5)),
        ]
    };
    let large = all(&given(5), None, 1 << 20);
    let small = all(&given(5), None, 64_000);
    assert_eq!(joined(&large), joined(&small));
    assert_eq!(joined(&large).num_rows(), 9_000);
    assert_ne!(joined(&large), joined(&all(&given(6), None, 1 << 20)));
    let mut read = 0;
    for (_, rows, position) in &small.rows[..small.rows.len() - 1] {
        read += rows.num_rows();
        let rest = all(&given(5), Some(position), 1 << 20);
        assert_eq!(joined(&rest), joined(&large).slice(read, 9_000 - read));
    }
    let events: Vec<SplitEvent> = small.events.iter().map(|it| it.1).collect();
    assert_eq!(events, [SplitEvent::Live, SplitEvent::Ended]);
}

#[test]
fn a_rate_follows_the_clock() {
    let clock = Arc::new(ManualClock::new(1_000_000));
    let plan = source_plan(&Generate, &[("rate", int(10))], None, columns::columns());
    assert!(!plan.bounded);
    let mut context = source_context(BTreeMap::new(), Arc::new(|| None), 6);
    context.clock = Arc::clone(&clock) as Arc<dyn Clock>;
    let mut source = Generate.open(&plan, context).unwrap();
    let mut due = |micros: i64| {
        clock.advance(micros);
        let mut times: Vec<i64> = Vec::new();
        loop {
            match source.poll(100).unwrap() {
                Polled::Columns(it) => {
                    let column = it.rows.column(1).as_primitive::<TimestampMicrosecondType>();
                    times.extend(column.values());
                }
                Polled::Pending => return times,
                Polled::Split(_, event) => assert_eq!(event, SplitEvent::Live),
                other => panic!("it makes columns without end, not {other:?}"),
            }
        }
    };
    assert_eq!(due(0), [1_000_000]);
    assert!(due(50_000).is_empty());
    assert_eq!(due(50_000), [1_100_000]);
    assert_eq!(due(350_000), [1_200_000, 1_300_000, 1_400_000]);
}

#[test]
fn the_fastest_and_the_slowest_rate_are_rates() {
    let rate = |amount, per| ("rate", Arg::Value(Value::Rate { amount, per }));
    let clock = Arc::new(ManualClock::new(0));
    let given = [rate(9e18, 1), ("rows", int(3))];
    let plan = source_plan(&Generate, &given, None, columns::columns());
    let mut context = source_context(BTreeMap::new(), Arc::new(|| None), 6);
    context.clock = Arc::clone(&clock) as Arc<dyn Clock>;
    let mut fast = Generate.open(&plan, context).unwrap();
    clock.advance(1_000);
    let brought = poll_until(fast.as_mut(), 1 << 20, |_| false).unwrap();
    assert_eq!(joined(&brought).num_rows(), 3);
    let mut slow = open(&[rate(1.0, i64::MAX), ("rows", int(2))], None);
    let mut polled = || slow.poll(1 << 20).unwrap();
    assert!(matches!(polled(), Polled::Split(_, SplitEvent::Live)));
    assert!(matches!(polled(), Polled::Columns(it) if it.rows.num_rows() == 1));
    assert!(matches!(polled(), Polled::Split(_, SplitEvent::CaughtUp)));
    assert!(matches!(polled(), Polled::Pending));
}

#[test]
fn a_timer_wakes_whoever_waits() {
    struct Tell(mpsc::Sender<()>);
    impl Wake for Tell {
        fn wake(self: Arc<Self>) {
            // Nobody listens any more once the test is over.
            let _sent: Result<(), _> = self.0.send(());
        }
    }
    let (tell, told) = mpsc::channel();
    let plan = source_plan(&Generate, &[("rate", int(100))], None, columns::columns());
    let mut context = source_context(BTreeMap::new(), Arc::new(|| None), 6);
    context.waker = Waker::from(Arc::new(Tell(tell)));
    let mut source = Generate.open(&plan, context).unwrap();
    while !matches!(source.poll(100).unwrap(), Polled::Pending) {}
    told.recv_timeout(Duration::from_secs(10)).expect("to be woken");
}

#[test]
fn shares_are_as_large_as_they_say() {
    let rows = 40_000;
    let brought = all(
        &[
            ("rate", max()),
            ("rows", int(rows)),
            ("devices", int(1_000)),
            ("spike", share(0.05)),
            ("drop_out", share(0.1)),
            ("late", share(0.2)),
            ("skew", share(0.3)),
        ],
        None,
        1 << 20,
    );
    let batch = joined(&brought);
    let close = |count: usize, wanted: f64| {
        let found = count as f64 / rows as f64;
        assert!((found - wanted).abs() < 0.02, "{found} for {wanted}");
    };
    let temperature = batch.column(2).as_primitive::<Float64Type>();
    close(temperature.null_count(), 0.1);
    close(batch.column(5).null_count(), 0.1);
    close(temperature.iter().flatten().filter(|it| *it > 60.0).count(), 0.9 * 0.05 * 0.97);
    let times = batch.column(1).as_primitive::<TimestampMicrosecondType>();
    let due = |row: usize| times.value(0) - times.value(0) % 1_000_000 + row as i64 * 1_000;
    let ahead = |row: &usize| times.value(*row) > due(*row) + 60_000_000;
    close((0..batch.num_rows()).filter(ahead).count(), 0.3);
    let behind = |row: &usize| times.value(*row) < due(*row) - 4_000_000;
    close((0..batch.num_rows()).filter(behind).count(), 0.2 * 0.7);
}

#[test]
fn devices_have_levels_of_their_own_and_a_day() {
    let day = 86_400;
    let given = vec![("rate", max()), ("rows", int(2 * day)), ("devices", int(2))];
    let batch = joined(&all(&given, None, 1 << 20));
    assert_eq!(batch.column(0).as_string::<i32>().value(1), "device-0002");
    let temperature = batch.column(2).as_primitive::<Float64Type>().values();
    for device in 0..2 {
        let hour = |hour: usize| {
            let rows = (hour * 3_600..(hour + 1) * 3_600).map(|it| temperature[it * 2 + device]);
            rows.sum::<f64>() / 3_600.0
        };
        let hours: Vec<f64> = (0..24).map(hour).collect();
        let (least, most) =
            hours.iter().fold((f64::MAX, f64::MIN), |(l, m), &it| (l.min(it), m.max(it)));
        assert!(most - least > 5.0, "{least} to {most}");
        assert!((5.0..45.0).contains(&least));
    }
}

#[test]
fn payloads_are_json_but_for_the_bad_ones() {
    let given = vec![
        ("rate", max()),
        ("rows", int(3_000)),
        ("payload", Arg::Choice("json".to_owned())),
        ("drop_out", share(0.01)),
        ("bad", share(0.1)),
    ];
    let batch = joined(&all(&given, None, 1 << 20));
    let payloads = batch.column(0).as_binary::<i32>();
    let sound = |payload: &[u8]| {
        let json: serde_json::Value = serde_json::from_slice(payload).ok()?;
        json["device_id"].as_str().filter(|it| it.starts_with("device-"))?;
        json["timestamp"].as_i64()?;
        (json["temperature"].is_f64() || json["temperature"].is_null()).then_some(())
    };
    let bad = payloads.iter().flatten().filter(|it| sound(it).is_none()).count();
    assert!((200..400).contains(&bad), "{bad}");
}

#[test]
fn options_that_make_no_sense_are_said() {
    let said = |given: Vec<(&'static str, Arg)>| {
        let args = crate::testing::args(Generate.signature(), &given);
        let mut report = Vec::new();
        Generate.columns(&args, None, None, &mut report);
        report.into_iter().map(|it| it.message).collect::<Vec<_>>()
    };
    assert_eq!(said(vec![("bad", share(0.5))]), ["`bad` breaks payloads, and there are none"]);
    assert_eq!(said(vec![("rate", int(0))]), ["`rate` is not more than none"]);
    assert!(said(vec![("rate", max())]).is_empty());
}
