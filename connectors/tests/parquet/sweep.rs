//! Uploads that a dead run left are taken away by the next one, and those of a living run are not.

use super::rig::{Bucket, lake, rows, until};
use crate::support::server::ObjectStore;

/// Writes until an upload has begun.
fn begun(server: &ObjectStore, bucket: &Bucket, uploads: usize) -> super::rig::Lake {
    let mut lake = lake(&server.url, &[]).unwrap();
    let mut from = 0;
    while bucket.uploads() < uploads {
        lake.write(&rows("a", from, 8192)).unwrap();
        from += 8192;
    }
    lake
}

#[test]
fn uploads_of_dead_runs_are_taken_away_and_those_of_living_ones_stay() {
    let mut server = ObjectStore::start("sweep");
    let bucket = Bucket::make(&server);
    let mut alive = begun(&server, &bucket, 1);
    let dead = begun(&server, &bucket, 2);
    // The server is away when the run ends, so it cannot take its upload away.
    server.kill();
    drop(dead);
    server.start_again();
    assert_eq!(bucket.uploads(), 2);
    // Also a run that ends at once sweeps.
    lake(&server.url, &[]).unwrap().finish().unwrap();
    assert_eq!(bucket.uploads(), 1);
    alive.finish().unwrap();
    assert_eq!(bucket.files().len(), 1);
    assert_eq!(bucket.uploads(), 0);
}

#[test]
fn a_run_that_breaks_off_takes_its_own_uploads_away() {
    let server = ObjectStore::start("abandon");
    let bucket = Bucket::make(&server);
    let mut lake = begun(&server, &bucket, 1);
    lake.sink.abandon();
    until("the upload to go", || bucket.uploads() == 0);
    assert_eq!(bucket.files().len(), 0);
}
