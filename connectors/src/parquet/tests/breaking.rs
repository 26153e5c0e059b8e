//! Runs that break off, and disks that are full.

use super::*;
use engine::time::SystemClock;

#[test]
fn a_run_that_breaks_off_leaves_nothing_and_knows_what_is_missing() {
    let folder = Folder::new();
    let mut sink = open(&folder, &[("roll", roll(1 << 30, HOUR, Some(10)))], context());
    write(sink.as_mut(), &numbers("a", 0, 25)).unwrap();
    until(|| sink.unwritten() == 5);
    sink.abandon();
    assert_eq!(sink.unwritten(), 5);
    drop(sink);
    assert_eq!(contents(&folder).len(), 2);
    let left: Vec<_> =
        std::fs::read_dir(folder.path("lake/.weir/test.output/0001")).unwrap().collect();
    assert_eq!(left.len(), 1, "the lock alone");
}

#[test]
fn a_full_disk_ends_the_run_without_another_row() {
    let folder = Folder::new();
    let mut sink = open(&folder, &[("roll", roll(1 << 30, 20_000, None))], {
        let clock = Arc::new(SystemClock::new());
        SinkContext { clock, ..context() }
    });
    let open = folder.path("lake/.weir/test.output/0001/000001.tmp");
    std::os::unix::fs::symlink("/dev/full", open).unwrap();
    write(sink.as_mut(), &numbers("a", 0, 5)).unwrap();
    let mut error = None;
    until(|| {
        error = sink.check().err();
        error.is_some()
    });
    let message = error.unwrap().message;
    assert!(message.contains("the disk is full") && message.contains("lake"), "{message}");
    sink.abandon();
    assert_eq!(sink.unwritten(), 5);
    assert_eq!(contents(&folder), []);
}

#[test]
fn rows_of_a_job_that_failed_are_missing_once() {
    let folder = Folder::new();
    let mut sink = open(&folder, &[("roll", roll(1 << 30, HOUR, Some(10)))], context());
    let open = folder.path("lake/.weir/test.output/0001/000002.tmp");
    std::os::unix::fs::symlink("/dev/full", open).unwrap();
    write(sink.as_mut(), &numbers("a", 0, 25)).unwrap();
    until(|| sink.check().is_err());
    sink.abandon();
    // Ten of them can be seen, and the others cannot; a batch is written or not as far as its counts go.
    assert_eq!(contents(&folder).len(), 1);
    assert_eq!(sink.unwritten(), 15);
}
