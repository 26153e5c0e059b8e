//! When a file ends, and how much memory open files take.

use super::*;
use crate::testing::args;
use dsl::catalog::SinkRule;
use engine::time::SystemClock;

#[test]
fn a_file_ends_at_its_rows() {
    let folder = Folder::new();
    let mut sink = open(&folder, &[("roll", roll(1 << 30, HOUR, Some(10)))], context());
    write(sink.as_mut(), &numbers("a", 0, 25)).unwrap();
    write(sink.as_mut(), &numbers("a", 25, 7)).unwrap();
    finish(sink.as_mut()).unwrap();
    let counts: Vec<usize> = contents(&folder).iter().map(|it| it.1.len()).collect();
    assert_eq!(counts, [10, 10, 10, 2]);
    let all: Vec<i64> = contents(&folder).into_iter().flat_map(|it| it.1).collect();
    assert_eq!(all, (0..32).collect::<Vec<_>>());
}

#[test]
fn a_file_ends_at_its_size() {
    let folder = Folder::new();
    let mut sink = open(
        &folder,
        &[("roll", roll(64 << 10, HOUR, None)), ("compression", Arg::Choice("none".to_owned()))],
        context(),
    );
    // Numbers that no encoding makes small.
    let number = |it: i64| it.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64);
    for batch in 0..32 {
        let all: Vec<_> = (0..1024).map(|it| (None, None, number(batch * 1024 + it))).collect();
        write(sink.as_mut(), &rows(&all)).unwrap();
    }
    finish(sink.as_mut()).unwrap();
    let sizes: Vec<u64> = files(&folder)
        .keys()
        .map(|it| std::fs::metadata(Path::new(&folder.path("lake")).join(it)).unwrap().len())
        .collect();
    assert!(sizes.len() >= 4, "{sizes:?}");
    assert!(sizes.iter().rev().skip(1).all(|it| (48 << 10..112 << 10).contains(it)), "{sizes:?}");
}

#[test]
fn a_file_ends_when_it_is_old_by_the_clock_of_the_run() {
    let folder = Folder::new();
    let clock = Arc::new(ManualClock::new(0));
    let options = [("roll", roll(1 << 30, HOUR, None)), ("partition", list(&[column("site")]))];
    let mut sink = open(&folder, &options, SinkContext { clock: clock.clone(), ..context() });
    write(sink.as_mut(), &numbers("a", 0, 2)).unwrap();
    let begun =
        |number| Path::new(&folder.path("lake/.weir/test.output/0001")).join(number).exists();
    until(|| begun("000001.tmp"));
    clock.advance(HOUR - 1);
    write(sink.as_mut(), &numbers("b", 2, 1)).unwrap();
    until(|| begun("000002.tmp"));
    assert_eq!(sink.unwritten(), 3);
    assert_eq!(contents(&folder), []);
    clock.advance(1);
    write(sink.as_mut(), &numbers("b", 3, 1)).unwrap();
    until(|| sink.unwritten() == 2);
    assert_eq!(
        contents(&folder),
        [("site=a/test.output-0001-000001.parquet".to_owned(), vec![0, 1])]
    );
    finish(sink.as_mut()).unwrap();
    assert_eq!(sink.unwritten(), 0);
}

#[test]
fn a_file_ends_when_it_is_old_without_another_row() {
    let folder = Folder::new();
    let clock = Arc::new(SystemClock::new());
    let options = [("roll", roll(1 << 30, 20_000, None))];
    let mut sink = open(&folder, &options, SinkContext { clock, ..context() });
    write(sink.as_mut(), &numbers("a", 0, 2)).unwrap();
    until(|| sink.unwritten() == 0);
    assert_eq!(contents(&folder).len(), 1);
    until(|| sink.bytes() == 0);
}

#[test]
fn at_a_checkpoint_everything_is_seen() {
    let folder = Folder::new();
    let mut sink = open(&folder, &[], context());
    write(sink.as_mut(), &numbers("a", 0, 2)).unwrap();
    assert_eq!(contents(&folder), []);
    commit(sink.as_mut(), 1).unwrap();
    assert_eq!(sink.unwritten(), 0);
    write(sink.as_mut(), &numbers("a", 2, 2)).unwrap();
    commit(sink.as_mut(), 2).unwrap();
    commit(sink.as_mut(), 3).unwrap();
    finish(sink.as_mut()).unwrap();
    let names = ["test.output-0001-000001.parquet", "test.output-0001-000002.parquet"];
    assert_eq!(
        contents(&folder),
        [(names[0].to_owned(), vec![0, 1]), (names[1].to_owned(), vec![2, 3])]
    );
}

#[test]
fn memory_stays_within_the_budget_whatever_the_folders() {
    let folder = Folder::new();
    let budget = 1 << 20;
    let options = [("partition", list(&[column("site")])), ("sort", named(&["n"]))];
    let mut sink = open(&folder, &options, SinkContext { budget, ..context() });
    let mut most = 0;
    for batch in 0..30 {
        let sites: Vec<String> = (0..100).map(|it| format!("site-{it}")).collect();
        let all: Vec<_> = (0..2000)
            .map(|it| (Some(sites[it % 100].as_str()), Some(0), batch * 2000 + it as i64))
            .collect();
        write(sink.as_mut(), &rows(&all)).unwrap();
        most = most.max(sink.bytes());
    }
    finish(sink.as_mut()).unwrap();
    assert!(most <= budget, "{most} bytes were held");
    let mut all: Vec<i64> = contents(&folder).into_iter().flat_map(|it| it.1).collect();
    all.sort_unstable();
    assert_eq!(all, (0..60_000).collect::<Vec<_>>());
}

#[test]
fn defaults_are_what_the_reference_says() {
    let given = args(ParquetSink.signature(), &[("path", text("lake"))]);
    let roll = crate::parquet::options::roll(given.record("roll").unwrap()).unwrap();
    assert_eq!((roll.size, roll.rows, roll.every.as_secs()), (128 << 20, u64::MAX, 60));
}
