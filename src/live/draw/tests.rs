//! The view as it looks, on terminals of several sizes.

use super::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::text::Text;

fn shown() -> Shown {
    let source = |name: &str, rate, read, rejected, age, queue| SourceShown {
        name: name.to_owned(),
        rate,
        read,
        rejected,
        dropped: 0,
        age,
        queue,
    };
    let sink = |name: &str, rate, written, failed, latency| SinkShown {
        name: name.to_owned(),
        rate,
        written,
        waiting: 3,
        failed,
        retries: 0,
        latency,
    };
    Shown {
        pipeline: "quickstart".to_owned(),
        seconds: 12.1,
        sources: vec![
            source("telemetry", 2003.4, 24_240, 3, Some(1_250_000), 0.37),
            source("a_source_with_quite_a_long_name", 0.25, 1, 0, None, 0.0),
        ],
        sinks: vec![
            sink("alerts", 0.6, 7, 0, Some((850, 182_000))),
            sink("averages", 200.0, 2_400, 1, None),
        ],
        late: 2,
        refused: 0,
        held: 9_871,
        in_flight: 0,
        residue: 0,
        memory: Some(85 << 20),
        cores: Some(0.344),
    }
}

/// What a terminal of this size shows where the view may have so many lines.
fn screen(width: u16, most: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, most)).unwrap();
    let lines = lines(&shown(), usize::from(width), usize::from(most));
    assert!(lines.len() <= usize::from(most));
    terminal.draw(|frame| frame.render_widget(Text::from(lines), frame.area())).unwrap();
    let text = terminal.backend().to_string();
    let lines = text.lines().map(|it| it.trim_matches('"').trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[test]
fn all_of_it_is_shown_where_there_is_room() {
    let expected = "\
── quickstart ── 12.1 s ────────────────────────────────────────────────────────────────────
source                    rows/s    read  rejected  dropped  watermark age          queue
telemetry                  2,003  24,240         3        0          1.2 s  ███░░░░░  37%
a_source_with_quite_a_l…     0.2       1         0        0              -  ░░░░░░░░   0%
sink                      rows/s  written  waiting  failed  retries     p50     p99
alerts                       0.6        7        3       0        0  850 µs  182 ms
averages                     200    2,400        3       1        0       -       -
the ledger balances · 2 late · 9,871 in open windows · memory 85 MiB · CPU 34% · Ctrl-C stop";
    assert_eq!(screen(92, 12), expected);
}

#[test]
fn less_of_it_is_shown_where_there_is_less_room() {
    let expected = "\
── quickstart ── 12.1 s ────────────────
source                    rows/s    read
… and 2 more
sink                      rows/s  writte
… and 2 more
the ledger balances · 2 late · 9,871 in";
    assert_eq!(screen(40, 6), expected);
    let expected = "\
── quickstart ── 12.1 s ────────────────
the ledger balances · 2 late · 9,871 in";
    assert_eq!(screen(40, 4), expected);
    assert_eq!(screen(10, 1), "── quickst");
}

#[test]
fn what_needs_care_is_coloured() {
    let mut shown = shown();
    shown.residue = 5;
    let lines = lines(&shown, 92, 12);
    let style = |line: usize, text: &str| {
        lines[line].spans.iter().find(|it| it.content == text).map(|it| it.style.fg)
    };
    assert_eq!(style(2, "3"), Some(Some(Color::Yellow)), "rejected");
    assert_eq!(style(6, "1"), Some(Some(Color::Red)), "failed");
    assert_eq!(style(7, "5 rows are unaccounted for"), Some(Some(Color::Red)));
}

#[test]
fn times_and_sizes_have_two_or_three_digits() {
    let times = [0, 850, 12_345, 1_234_567, 90_000_000, 7_200_000_000, 354_240_000_000];
    let shown = ["0.0 s", "850 µs", "12 ms", "1.2 s", "1.5 min", "2.0 h", "4.1 d"];
    assert_eq!(times.map(duration), shown);
    assert_eq!(duration(-2_500_000), "-2.5 s");
    assert_eq!((bytes(85 << 20), bytes(3 << 29)), ("85 MiB".to_owned(), "1.5 GiB".to_owned()));
    assert_eq!(
        (rate(0.0), rate(9.94), rate(12_345.6)),
        ("0".into(), "9.9".into(), "12,346".into())
    );
}
