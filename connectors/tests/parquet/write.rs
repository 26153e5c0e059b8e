//! Files in a bucket: small ones at once, large ones in parts, and names that never meet.

use super::rig::{BUDGET, Bucket, lake, roll, rows, until};
use crate::support::server::ObjectStore;
use dsl::plan::Arg;
use std::time::Duration;

#[test]
fn files_of_two_runs_stand_beside_each_other() {
    let server = ObjectStore::start("two");
    let bucket = Bucket::make(&server);
    let partition = Arg::List(vec![Arg::Column("site".to_owned())]);
    let options = [("partition", partition)];
    let (mut one, mut two) =
        (lake(&server.url, &options).unwrap(), lake(&server.url, &options).unwrap());
    one.write(&rows("a/b é", 0, 10)).unwrap();
    one.write(&rows("c", 10, 10)).unwrap();
    two.write(&rows("c", 20, 10)).unwrap();
    one.finish().unwrap();
    two.finish().unwrap();
    let names = [
        "lake/.weir/test.lake/0001",
        "lake/.weir/test.lake/0002",
        "lake/site=a%2Fb%20é/test.lake-0001-000001.parquet",
        "lake/site=c/test.lake-0001-000002.parquet",
        "lake/site=c/test.lake-0002-000001.parquet",
    ];
    assert_eq!(bucket.names(), names);
    assert_eq!(bucket.numbers(), (0..30).collect::<Vec<_>>());
    assert_eq!((one.sink.unwritten(), one.sink.bytes()), (0, 0));
}

#[test]
fn a_large_file_is_seen_when_all_its_parts_are_there() {
    let server = ObjectStore::start("parts");
    let bucket = Bucket::make(&server);
    let mut lake = lake(&server.url, &[]).unwrap();
    let (batches, count) = (400, 8192);
    for batch in 0..batches {
        lake.write(&rows("a", batch * count, count)).unwrap();
    }
    until("an upload", || bucket.uploads() == 1);
    assert!(bucket.numbers().is_empty());
    assert_eq!(lake.sink.unwritten(), (batches * count) as u64);
    lake.finish().unwrap();
    assert_eq!((bucket.uploads(), lake.sink.unwritten()), (0, 0));
    assert_eq!(bucket.files().len(), 1);
    assert_eq!(bucket.numbers(), (0..batches * count).collect::<Vec<_>>());
    assert!(lake.most <= BUDGET, "{} bytes were held", lake.most);
}

#[test]
fn a_file_is_seen_when_it_is_old_also_without_another_row() {
    let server = ObjectStore::start("old");
    let bucket = Bucket::make(&server);
    let every = Duration::from_millis(50);
    let mut lake = lake(&server.url, &[("roll", roll(1 << 30, every))]).unwrap();
    lake.write(&rows("a", 0, 10)).unwrap();
    until("the file", || bucket.numbers().len() == 10);
    until("the count", || lake.sink.unwritten() == 0);
    lake.sink.check().unwrap();
}

#[test]
fn a_name_that_is_taken_is_left_alone() {
    let server = ObjectStore::start("taken");
    let bucket = Bucket::make(&server);
    for run in 0..2 {
        let mut lake = lake(&server.url, &[]).unwrap();
        lake.write(&rows("a", run * 10, 10)).unwrap();
        lake.finish().unwrap();
        bucket.forget("lake/.weir/test.lake/0001");
    }
    let names = ["lake/test.lake-0001-000001.parquet", "lake/test.lake-0001-000002.parquet"];
    assert_eq!(bucket.names(), names);
    assert_eq!(bucket.numbers(), (0..20).collect::<Vec<_>>());
}
