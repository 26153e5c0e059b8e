//! Files read from one end to the other: globs, compression, records cut by pieces, positions.

use super::{lines, open, read, refused};
use crate::file::framed::{Framed, Pool, RECORD_BYTES_MAX, Step};
use crate::file::shape::Compression as Packing;
use crate::testing::{Folder, bool, poll_until};
use engine::codec::Framing;
use engine::source::{MakeFraming, SplitEvent};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Lines of uneven length, the last one without an end.
fn content(rows: usize) -> String {
    let line = |i: usize| format!("{{\"n\":{i},\"pad\":\"{}\"}}", "x".repeat(i % 37));
    (0..rows).map(line).collect::<Vec<_>>().join("\n")
}

fn gzip(parts: &[&str]) -> Vec<u8> {
    let member = |part: &&str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    parts.iter().flat_map(member).collect()
}

/// The same bytes in the three ways they can stand in a file.
fn packed(folder: &Folder, text: &str) -> [String; 3] {
    let (first, second) = text.split_at(text.len() / 2);
    [
        folder.write("a.jsonl", text),
        folder.write("b.jsonl.gz", gzip(&[first, second])),
        folder.write("c.jsonl.zst", zstd::encode_all(text.as_bytes(), 3).unwrap()),
    ]
}

#[test]
fn every_piece_holds_whole_records_and_together_they_are_the_file() {
    let folder = Folder::new();
    let text = content(5_000);
    for path in packed(&folder, &text) {
        for limit in [1, 1_000, 70_000, 1 << 20] {
            let brought = read(&path, vec![], &[], limit);
            assert!(brought.text(&path) == text, "{path} in pieces of {limit}");
            for (_, piece, _) in &brought.pieces {
                assert!(piece.starts_with(b"{\"n\":"));
                assert!(piece.len() <= limit.max(128), "{}", piece.len());
            }
        }
    }
}

#[test]
fn from_every_position_the_rest_is_the_same() {
    let folder = Folder::new();
    let text = content(60);
    for path in packed(&folder, &text) {
        let all = read(&path, vec![], &[], 100);
        assert!(all.pieces.len() > 10);
        for (i, (_, _, position)) in all.pieces.iter().enumerate() {
            let rest = read(&path, vec![], &[(&path, position)], 100);
            assert_eq!(rest.pieces, all.pieces[i + 1..], "{path} from {position}");
        }
    }
}

#[test]
fn every_piece_has_the_header() {
    let folder = Folder::new();
    let rows: Vec<String> = (0..30_000).map(|i| format!("{i},row {i}\n")).collect();
    let path = folder.write("a.csv", format!("\u{FEFF}n,text\n{}", rows.concat()));
    for limit in [1_000, 70_000] {
        let all = read(&path, vec![], &[], limit);
        let mut seen = String::new();
        for (i, (_, piece, position)) in all.pieces.iter().enumerate() {
            let piece = std::str::from_utf8(piece).unwrap();
            seen.push_str(piece.strip_prefix("n,text\n").expect("the header"));
            if i % 50 == 0 {
                let rest = read(&path, vec![], &[(&path, position)], limit);
                assert!(rest.pieces == all.pieces[i + 1..], "from {position}");
            }
        }
        assert!(seen == rows.concat());
    }
}

#[test]
fn every_file_of_a_glob_is_a_split_and_they_are_read_by_turns() {
    let folder = Folder::new();
    for name in ["b.jsonl", "a.jsonl", "c.jsonl"] {
        folder.write(name, content(100));
    }
    folder.write(".hidden.jsonl", "x");
    folder.write("other.txt", "x");
    let [a, b, c] = ["a.jsonl", "b.jsonl", "c.jsonl"].map(|it| folder.path(it));
    let brought = read(&folder.path("*.jsonl"), vec![], &[], 1_000);
    for split in [&a, &b, &c] {
        assert_eq!(brought.text(split), content(100));
    }
    let first: Vec<&str> = brought.pieces.iter().take(6).map(|it| it.0.as_str()).collect();
    assert_eq!(first, [&a, &b, &c, &a, &b, &c]);
    let of = |wanted| brought.events.iter().filter(move |(_, it)| *it == wanted).count();
    assert_eq!((of(SplitEvent::Announced), of(SplitEvent::Live), of(SplitEvent::Ended)), (3, 3, 3));
    assert_eq!(brought.events[2], (c, SplitEvent::Announced), "all are known before one is read");
}

#[test]
fn sequential_files_are_one_split_in_the_order_of_their_names() {
    let folder = Folder::new();
    for (name, text) in [("b.jsonl", "3\n4\n"), ("a.jsonl", "1\n2"), ("c.jsonl", "5\n")] {
        folder.write(name, text);
    }
    let glob = folder.path("*.jsonl");
    let all = read(&glob, vec![("sequential", bool(true))], &[], 1);
    let records: Vec<&str> =
        all.pieces.iter().map(|it| std::str::from_utf8(&it.1).unwrap().trim_end()).collect();
    assert_eq!(records, ["1", "2", "3", "4", "5"]);
    assert!(all.pieces.iter().all(|it| it.0 == glob));
    for (i, (_, _, position)) in all.pieces.iter().enumerate() {
        let rest = read(&glob, vec![("sequential", bool(true))], &[(&glob, position)], 1);
        assert_eq!(rest.pieces, all.pieces[i + 1..], "from {position}");
    }
}

#[test]
fn what_cannot_be_read_is_said_when_it_is_opened() {
    let folder = Folder::new();
    folder.write("a.txt", "x");
    let error = |name: &str| refused(&folder.path(name)).to_string();
    assert!(error("none.jsonl").contains("there is no file"));
    assert!(error("none*.jsonl").contains("no file matches"));
    assert!(error("").contains("is a folder"), "{}", error(""));
    assert!(error("a.txt").contains("write `format: json`"));
    assert!(error("[.jsonl").contains("glob"), "{}", error("[.jsonl"));
}

#[test]
fn a_file_that_became_another_one_is_not_read_on() {
    let folder = Folder::new();
    let path = folder.write("a.jsonl", "1\n");
    let mut source = open(&path, vec![], &[(&path, "100")]).unwrap();
    let error = poll_until(source.as_mut(), 100, |_| false).unwrap_err();
    assert!(error.to_string().contains("2 bytes, and 100 of it were read before"), "{error}");
}

#[test]
fn compressed_data_that_breaks_off_is_an_error() {
    let folder = Folder::new();
    let whole = gzip(&[&content(1_000)]);
    let path = folder.write("a.jsonl.gz", &whole[..whole.len() / 2]);
    let mut source = open(&path, vec![], &[]).unwrap();
    let error = poll_until(source.as_mut(), 1 << 20, |_| false).unwrap_err();
    assert!(error.to_string().contains("was not written to its end"), "{error}");
    let path = folder.write("b.jsonl.gz", "plain text");
    let mut source = open(&path, vec![], &[]).unwrap();
    let error = poll_until(source.as_mut(), 1 << 20, |_| false).unwrap_err();
    assert!(error.to_string().contains("cannot be unpacked"), "{error}");
}

#[test]
fn an_endless_record_is_an_error() {
    let endless = Box::new(std::io::repeat(b'x'));
    let mut framed = Framed::eager(endless, &lines(false), &Pool::default());
    let Err(error) = framed.next(8 << 20) else { panic!("there is no end of a record") };
    assert!(error.to_string().contains("longer than 64 MiB"), "{error}");
    assert_eq!(RECORD_BYTES_MAX >> 20, 64);
}

/// A record of the longest length, or of one byte more, in front of another one.
fn long(more: usize) -> Vec<u8> {
    let mut text = vec![b'x'; RECORD_BYTES_MAX - 1 + more];
    text.extend_from_slice(b"\nend\n");
    text
}

#[test]
fn the_longest_record_is_the_same_for_files_and_for_standard_input() {
    let folder = Folder::new();
    for (more, fits) in [(0, true), (1, false)] {
        let path = folder.write("long.jsonl", long(more));
        let (make, pool) = (lines(false), Pool::default());
        let file = Framed::open(&path, Packing::None, "", &make, &pool, false).unwrap();
        let input = Framed::eager(Box::new(std::io::Cursor::new(long(more))), &make, &pool);
        for mut framed in [file, input] {
            match framed.next(1 << 20) {
                Ok(Step::Piece(piece, _)) => {
                    assert_eq!((piece.len() >= RECORD_BYTES_MAX, fits), (true, true));
                }
                Ok(_) => panic!("there is a record"),
                Err(error) => assert!(!fits && error.to_string().contains("64 MiB"), "{error}"),
            }
        }
    }
}

#[test]
fn a_long_line_that_comes_in_small_parts_is_looked_at_a_few_times_only() {
    struct Parts(usize);
    impl std::io::Read for Parts {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let part = buffer.len().min(4 << 10).min(self.0);
            buffer[..part].fill(b'x');
            self.0 -= part;
            Ok(part)
        }
    }
    struct Counted(Arc<AtomicUsize>);
    impl Framing for Counted {
        fn cut(&mut self, buffer: &[u8], last: bool) -> usize {
            self.0.fetch_add(buffer.len(), Ordering::SeqCst);
            if last { buffer.len() } else { 0 }
        }
        fn header(&mut self, _: &[u8], _: bool) -> Option<usize> {
            Some(0)
        }
    }
    let looked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&looked);
    let make: MakeFraming = Arc::new(move || Some(Box::new(Counted(Arc::clone(&counter)))));
    let length = 4 << 20;
    let mut framed = Framed::eager(Box::new(Parts(length)), &make, &Pool::default());
    let Step::Piece(piece, _) = framed.next(1 << 16).unwrap() else { panic!("there is a line") };
    assert_eq!(piece.len(), length);
    assert!(looked.load(Ordering::SeqCst) < 10 * length, "{looked:?}");
}

#[test]
fn an_input_that_comes_when_it_likes_is_handed_on_at_once() {
    struct Slowly(Vec<&'static str>);
    impl std::io::Read for Slowly {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let part = self.0.remove(0);
            buffer[..part.len()].copy_from_slice(part.as_bytes());
            Ok(part.len())
        }
    }
    let input = Slowly(vec!["one\ntw", "o\n", "three\nfour"]);
    let mut framed = Framed::eager(Box::new(input), &lines(false), &Pool::default());
    let mut pieces = Vec::new();
    while let Step::Piece(piece, position) = framed.next(1 << 20).unwrap() {
        pieces.push((String::from_utf8(piece.to_vec()).unwrap(), position));
    }
    let expected = [("one\n", "4"), ("two\n", "8"), ("three\n", "14"), ("four", "18")];
    assert_eq!(pieces, expected.map(|(piece, at)| (piece.to_owned(), at.to_owned())));
}
