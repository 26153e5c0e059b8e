//! Windows as the language defines them, row by row and without any state: every result is computed from all rows.

use super::plans::Options;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Given {
    time: i64,
    stamp: i64,
    key: Option<&'static str>,
    n: Option<i64>,
    x: Option<f64>,
    s: String,
}

/// What has to come out.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) rows: Vec<Value>,
    /// The watermark of each late row.
    pub(super) late: Vec<i64>,
}

/// Rows of one or two splits, out of order by more than their watermark allows for. No time is one of both splits: which of
/// two such rows is the first, is free.
pub(super) fn given(most: usize) -> impl Strategy<Value = Vec<Given>> {
    arriving(most, true)
}

/// The same with floats of very different size, and times of both splits.
pub(super) fn wild(most: usize) -> impl Strategy<Value = Vec<Given>> {
    let powers = prop::collection::vec(-25i32..25, most);
    (arriving(most, false), powers).prop_map(|(mut rows, powers)| {
        for (row, power) in rows.iter_mut().zip(powers) {
            row.x = row.x.map(|it| it * 10_f64.powi(power));
        }
        rows
    })
}

fn arriving(most: usize, apart: bool) -> impl Strategy<Value = Vec<Given>> {
    let key = prop_oneof![Just(Some("a")), Just(Some("b")), Just(Some("c")), Just(None)];
    let values = (prop::option::weighted(0.9, -50i64..50), prop::option::weighted(0.9, -30i64..30));
    let row = (0..2usize, 0i64..12, -60i64..8, key, values, "[a-d]{0,2}");
    let rows = prop::collection::vec(row, 1..=most);
    (rows, 1..=2usize, 0i64..20).prop_map(move |(rows, splits, out_of_order)| {
        let mut now = [0, 5];
        let mut seen = [i64::MIN; 2];
        let give =
            |(split, step, back, key, (n, x), s): (usize, i64, i64, _, (_, Option<i64>), _)| {
                let split = split % splits;
                now[split] += step;
                // Most rows come in order.
                let mut time = now[split] + if back < -30 { back } else { back / 6 };
                if apart && splits == 2 {
                    time = time.div_euclid(2) * 2 + split as i64;
                }
                let stamp = seen[split].saturating_sub(out_of_order);
                seen[split] = seen[split].max(time);
                Given { time, stamp, key, n, x: x.map(|it| it as f64 / 10.0), s }
            };
        rows.into_iter().map(give).collect()
    })
}

/// The rows for the bench.
pub(super) fn json(rows: &[Given]) -> String {
    let row = |it: &Given| json!({"@time": it.time, "@stamp": it.stamp, "k": it.key, "n": it.n, "x": it.x, "s": it.s});
    rows.iter().map(row).collect::<Value>().to_string()
}

/// Where a result stands: when it is due, behind windows or among them, which window or row, which key.
type Place = (i64, bool, i64, i64);

/// Tumbling and sliding windows.
pub(super) fn twin_of_panes(
    rows: &[Given],
    (size, every): (i64, i64),
    options: &Options,
) -> Expected {
    let lateness = options.lateness;
    let keyed = !options.by.is_empty();
    let mut groups: BTreeMap<(i64, Option<&str>), Vec<usize>> = BTreeMap::new();
    let mut late = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let mut counts = false;
        for end in (row.time - size - every..row.time + size + every)
            .filter(|end| (end - size).rem_euclid(every) == 0)
            .filter(|end| end - size <= row.time && row.time < *end)
        {
            if row.stamp < end + lateness {
                groups.entry((end, row.key.filter(|_| keyed))).or_default().push(i);
                counts = true;
            }
        }
        if !counts {
            late.push(row.stamp);
        }
    }
    let mut results: Vec<(Place, Value)> = Vec::new();
    for ((end, key), of_group) in groups {
        let window = (end - size, end);
        let mut give = |place: Place, members: &[usize], mark: Option<(&str, bool)>| {
            let members: Vec<&Given> = members.iter().map(|&i| &rows[i]).collect();
            let mut row = result(key.filter(|_| keyed), keyed, window, &members);
            if let Some((op, last)) = mark {
                row["op"] = op.into();
                row["final"] = last.into();
            }
            results.push((place, row));
        };
        if options.emit == "on_close" || lateness == 0 {
            let mark = (options.emit == "on_end").then_some(("insert", true));
            give((end, false, end - size, 0), &of_group, mark);
            continue;
        }
        let (mut members, mut revising): (Vec<usize>, Vec<usize>) =
            of_group.iter().partition(|&&i| rows[i].stamp < end);
        if !members.is_empty() {
            give((end, false, end - size, 0), &members, Some(("insert", false)));
        }
        revising.sort_by_key(|&i| rows[i].stamp);
        for i in revising {
            let op = if members.is_empty() { "insert" } else { "update" };
            members.push(i);
            give((rows[i].stamp, true, i as i64, end), &members, Some((op, false)));
        }
        give((end + lateness, false, end - size, 0), &members, Some(("update", true)));
    }
    results.sort_by_key(|it| it.0);
    Expected { rows: results.into_iter().map(|it| it.1).collect(), late }
}

/// Sessions.
pub(super) fn twin_of_sessions(rows: &[Given], gap: i64, lateness: i64) -> Expected {
    let mut sessions: Vec<(Option<&str>, Vec<usize>)> = Vec::new();
    let mut late = Vec::new();
    let end = |of: &[usize]| of.iter().map(|&i| rows[i].time).max().unwrap() + gap;
    let start = |of: &[usize]| of.iter().map(|&i| rows[i].time).min().unwrap();
    for (i, row) in rows.iter().enumerate() {
        let takes = |(key, of): &(Option<&str>, Vec<usize>)| {
            *key == row.key
                && row.time < end(of)
                && row.time > start(of) - gap
                && row.stamp < end(of) + lateness
        };
        let (near, far): (Vec<_>, Vec<_>) = sessions.into_iter().partition(takes);
        sessions = far;
        let mut members: Vec<usize> = near.into_iter().flat_map(|it| it.1).collect();
        members.push(i);
        if row.stamp < end(&members) + lateness {
            members.sort_unstable();
            sessions.push((row.key, members));
        } else {
            late.push(row.stamp);
        }
    }
    sessions.sort_by_key(|(_, of)| (end(of), start(of)));
    let give = |(key, of): &(Option<&str>, Vec<usize>)| {
        let members: Vec<&Given> = of.iter().map(|&i| &rows[i]).collect();
        result(*key, true, (start(of), end(of)), &members)
    };
    Expected { rows: sessions.iter().map(give).collect(), late }
}

/// One row of results. Members stand in the order in which they came.
fn result(key: Option<&str>, keyed: bool, window: (i64, i64), members: &[&Given]) -> Value {
    let n: Vec<i64> = members.iter().filter_map(|it| it.n).collect();
    let x: Vec<f64> = members.iter().filter_map(|it| it.x).collect();
    let avg = (!x.is_empty()).then(|| x.iter().sum::<f64>() / x.len() as f64);
    let dev = (x.len() > 1).then(|| {
        let mean = avg.unwrap();
        let squares: f64 = x.iter().map(|it| (it - mean) * (it - mean)).sum();
        (squares / (x.len() - 1) as f64).sqrt()
    });
    let mut by_time = members.to_vec();
    by_time.sort_by_key(|it| it.time);
    let mut row = json!({
        "window": {"start": window.0, "end": window.1},
        "rows": members.len(),
        "count": n.len(),
        "sum": (!n.is_empty()).then(|| n.iter().sum::<i64>()),
        "avg": avg,
        "min": members.iter().map(|it| &it.s).min(),
        "max": x.iter().copied().reduce(f64::max),
        "first": by_time[0].s,
        "last": by_time.iter().rev().find_map(|it| it.n),
        "dev": dev,
    });
    if keyed {
        row["k"] = json!(key);
    }
    row
}

/// Compares results; those of one window that stand side by side may come in any order of keys.
#[track_caller]
pub(super) fn same(found: &[Value], expected: &[Value]) {
    let ordered = |rows: &[Value]| -> Vec<Value> {
        let alike = |a: &Value, b: &Value| {
            ["window", "op", "final"].iter().all(|name| a.get(name) == b.get(name))
        };
        let mut all = Vec::new();
        for side_by_side in rows.chunk_by(alike) {
            let mut side_by_side = side_by_side.to_vec();
            // Stable: results of one key stay in their order.
            side_by_side.sort_by_key(|it| it.get("k").map(Value::to_string));
            all.append(&mut side_by_side);
        }
        all
    };
    let (found, expected) = (ordered(found), ordered(expected));
    for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
        assert!(
            close(a, b),
            "row {i}: {a}\n expected {b}\n all: {found:#?}\n expected {expected:#?}"
        );
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}\n expected {expected:#?}");
}

fn close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| close(a, b)))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-9 * (1.0 + b.abs())
        }
        _ => a == b,
    }
}
