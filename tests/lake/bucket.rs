//! The same into an S3 server.

use super::kill;
use crate::support::folder::Folder;
use crate::support::report::{check, number};
use crate::support::server::ObjectStore;
use crate::support::weir::{Call, wait_for, weir};

/// As fast as it can, into one file of many parts.
const BIG: &str = r#"param endpoint: string

source readings = generate(devices: 20, rate: max, time: timestamp, out_of_order: 5s)

sink lake = readings
  | into parquet(path: "s3://plant/lake", roll: { size: 1GiB, every: 1h }, compression: none, endpoint: endpoint, retry: 100ms..1s)
"#;

/// With the keys where AWS tools look for them.
fn keyed(folder: &Folder, words: &[&str]) -> Call {
    let (key, secret) = ObjectStore::KEY;
    let call = weir(folder, words).env("AWS_ACCESS_KEY_ID", key);
    call.env("AWS_SECRET_ACCESS_KEY", secret).env("WEIR_LOG", "debug")
}

#[test]
fn a_killed_run_leaves_nothing_to_be_seen_and_the_next_one_sweeps_its_upload() {
    let server = ObjectStore::start("binary-kill");
    server.make_bucket("plant");
    let folder = Folder::new();
    folder.write("lake.pipe", BIG);
    let set = format!("endpoint={}", server.url);
    let running = keyed(&folder, &["run", "lake.pipe", "--set", &set]).start();
    wait_for("an upload", || (server.uploads("plant") > 0).then_some(()));
    kill(running);
    assert_eq!(server.objects("plant", ".parquet"), 0);
    assert_eq!(server.uploads("plant"), 1);
    folder.write("lake.pipe", BIG.replace("rate: max", "rate: max, rows: 20_000"));
    let words = ["run", "lake.pipe", "--set", &set, "--report", "report.json"];
    let done = keyed(&folder, &words).run();
    done.ends_with(0).says("Took away uploads");
    assert_eq!((server.uploads("plant"), server.objects("plant", ".parquet")), (0, 1));
    assert!(!done.err.contains(ObjectStore::KEY.1), "the secret is said: {}", done.err);
    let report = folder.json("report.json");
    check(&report, &["readings"], &[], &["lake"]);
    assert_eq!(number(&report["sinks"]["lake"], "written"), 20_000);
}

#[test]
fn a_server_that_goes_away_is_said_once_and_so_is_its_return() {
    let mut server = ObjectStore::start("binary-away");
    server.make_bucket("plant");
    let folder = Folder::new();
    let pipe = BIG.replace("every: 1h", "every: 50ms").replace("rate: max", "rate: 2000");
    folder.write("lake.pipe", pipe);
    let set = format!("endpoint={}", server.url);
    let words = ["run", "lake.pipe", "--set", &set, "--report", "report.json"];
    let mut running = keyed(&folder, &words).start();
    wait_for("a file", || (server.objects("plant", ".parquet") > 0).then_some(()));
    server.kill();
    running.wait_until_said("Rows cannot be written");
    server.start_again();
    running.wait_until_said("Rows are written again");
    running.signal("TERM");
    let out = running.read();
    let done = running.wait(out);
    done.ends_with(0);
    assert_eq!(done.err.matches("Rows cannot be written").count(), 1, "{}", done.err);
    let report = folder.json("report.json");
    check(&report, &["readings"], &[], &["lake"]);
    assert_eq!(number(&report["sinks"]["lake"], "unwritten"), 0);
}

#[test]
fn a_server_that_is_away_does_not_hold_up_the_second_signal_or_the_report() {
    let server = ObjectStore::start("binary-stop");
    server.make_bucket("plant");
    let folder = Folder::new();
    folder.write("lake.pipe", BIG.replace("every: 1h", "every: 50ms"));
    let set = format!("endpoint={}", server.url);
    let mut running = keyed(&folder, &["run", "lake.pipe", "--set", &set]).start();
    wait_for("a file", || (server.objects("plant", ".parquet") > 0).then_some(()));
    server.kill();
    running.wait_until_said("Rows cannot be written");
    running.signal("TERM");
    // Two signals at once are one.
    running.wait_until_said("stopping");
    running.signal("TERM");
    let out = running.read();
    running.wait(out).ends_with(143);
}

#[test]
fn what_is_wrong_with_bucket_and_keys_is_said_at_the_start() {
    let server = ObjectStore::start("binary-wrong");
    let folder = Folder::new();
    folder.write("lake.pipe", BIG);
    let set = format!("endpoint={}", server.url);
    let done = keyed(&folder, &["run", "lake.pipe", "--set", &set]).run();
    done.ends_with(3).says("`lake`").says("there is no bucket `plant`; make it, or correct `path`");
    server.make_bucket("plant");
    let wrong = keyed(&folder, &["run", "lake.pipe", "--set", &set]);
    let done = wrong.env("AWS_SECRET_ACCESS_KEY", "hunter2").run();
    done.ends_with(3).says("the secret does not belong to the key").says("AWS_SECRET_ACCESS_KEY");
    assert!(!done.err.contains("hunter2"), "{}", done.err);
    let gone = keyed(&folder, &["run", "lake.pipe", "--set", "endpoint=http://127.0.0.1:9"]);
    gone.run().ends_with(3).says("http://127.0.0.1:9").says("check `endpoint`");
}
