//! How many points a second the sink `influxdb` gets into InfluxDB 1.8, beside requests that were made and packed before
//! the clock started, in the same run and to the same server.
//!
//! ```text
//!  cargo bench -p weir-connectors --bench influxdb            500,000 points, each measured three times
//!  cargo bench -p weir-connectors --bench influxdb -- 2000000
//! ```
//!
//! Points are new ones for each measurement, so that the server always does the same work. Processor time is that of this
//! process alone: of the sink for making lines, packing and sending them, of the others for sending.

#![allow(missing_docs, unreachable_pub, dead_code, clippy::unwrap_used, reason = "a bench")]

#[path = "../tests/support/databases.rs"]
mod databases;
#[path = "../tests/support/http.rs"]
mod http;
#[path = "support/measure.rs"]
mod measure;
#[path = "../tests/influxdb/rig.rs"]
mod rig;
#[path = "../tests/support/server.rs"]
mod server;

use bytes::Bytes;
use databases::Database;
use engine::batch::Batch;
use engine::sink::Written;
use flate2::Compression;
use flate2::write::GzEncoder;
use measure::{Measured, REPEAT, measured, report, say};
use reqwest::header::CONTENT_ENCODING;
use std::io::Write;
use tokio::task::JoinSet;

/// How many series there are.
const DEVICES: usize = 1_000;
/// How many points a request has: what the sink does unless it is told otherwise.
const POINTS: usize = 5_000;
/// How many rows come to the sink at a time.
const BATCH: usize = 1_000;
/// How many requests are on their way where several are.
const SEVERAL: usize = 4;

fn main() {
    let points = std::env::args().find_map(|it| it.parse().ok()).unwrap_or(500_000);
    let points = (points / POINTS).max(1) * POINTS;
    let server = Database::influxdb("bench", &[]);
    say(&format!("{points} points of {DEVICES} devices, {POINTS} a request, median of {REPEAT}"));
    report("packed before, one at a time", "point", |n| {
        plain(&server, points, &format!("one{n}"), 1)
    });
    report("packed before, four at a time", "point", |n| {
        plain(&server, points, &format!("four{n}"), SEVERAL)
    });
    let batches = batches(points);
    report("sink", "point", |n| sink(&server, &batches, points, &format!("sink{n}")));
}

/// The device and the time of a point, in seconds: no two are the same.
fn place(n: usize) -> (usize, i64) {
    (n % DEVICES, rig::START + (n / DEVICES) as i64)
}

/// A value as sensors send them.
fn value(n: usize) -> f64 {
    20.0 + (n * 7919 % 1000) as f64 / 100.0
}

/// Requests as the sink makes them.
fn requests(points: usize, measurement: &str) -> Vec<Bytes> {
    let request = |from: usize| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        for n in from..from + POINTS {
            let ((device, at), v) = (place(n), value(n));
            let line = format!("{measurement},key=device-{device:04} v={v},n={n}i {at}000000000\n");
            packed.write_all(line.as_bytes()).unwrap();
        }
        Bytes::from(packed.finish().unwrap())
    };
    (0..points).step_by(POINTS).map(request).collect()
}

fn plain(server: &Database, points: usize, measurement: &str, at_a_time: usize) -> Measured {
    let requests = requests(points, measurement);
    // There is one already in this process, or not.
    drop(rustls::crypto::ring::default_provider().install_default());
    let url = format!("{}/write?db=test&precision=ns", server.url());
    let client = reqwest::Client::new();
    let post = |body: Bytes| {
        let request = client.post(&url).header(CONTENT_ENCODING, "gzip").body(body);
        async move { assert_eq!(request.send().await.unwrap().status(), 204) }
    };
    let mut io = tokio::runtime::Builder::new_multi_thread();
    let io = io.worker_threads(1).enable_all().build().unwrap();
    let found = measured(points, || {
        io.block_on(async {
            let mut open = JoinSet::new();
            for body in requests {
                if open.len() >= at_a_time {
                    open.join_next().await.unwrap().unwrap();
                }
                open.spawn(post(body));
            }
            open.join_all().await;
        });
    });
    assert_eq!(server.points(measurement), points as i64);
    found
}

fn batches(points: usize) -> Vec<Batch> {
    let row = |n: usize| {
        let (device, at) = place(n);
        rig::Row {
            key: Some(format!("device-{device:04}")),
            v: Some(value(n)),
            n: n as i64,
            note: None,
            at: at - rig::START,
        }
    };
    let batch = |from: usize| rig::batch(&(from..from + BATCH).map(row).collect::<Vec<_>>());
    (0..points).step_by(BATCH).map(batch).collect()
}

fn sink(server: &Database, batches: &[Batch], points: usize, measurement: &str) -> Measured {
    let url = server.url();
    let options = [
        ("url", rig::text(&url)),
        ("database", rig::text("test")),
        ("measurement", rig::measurement(measurement)),
    ];
    let mut drain = rig::open(&options).unwrap();
    let found = measured(points, || {
        for batch in batches {
            while drain.sink.write(batch).unwrap() == Written::Busy {
                drain.wait();
            }
        }
        assert!(drain.prepare().unwrap().is_empty());
    });
    drain.finish();
    assert_eq!(server.points(measurement), points as i64);
    found
}
