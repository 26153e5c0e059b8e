//! The closing table: rows read, emitted, late, rejected, written, and whether the ledger balances.

use crate::report::Report;
use dsl::plan::Side;
use engine::side::Samples;

/// The table of a run, for people.
pub fn table(report: &Report, samples: &Samples) -> String {
    let mut text = String::new();
    let head = ["source", "read", "emitted", "rejected", "skipped", "dropped", "watermark"];
    let sources = report.sources.iter().map(|(name, it)| {
        let count = &it.count;
        let figures = [count.read, count.emitted, count.errors, count.skipped, count.dropped];
        let mut row = vec![name.clone()];
        row.extend(figures.iter().map(|it| grouped(*it as i64)));
        row.push(it.watermark.clone().unwrap_or_else(|| "-".to_owned()));
        row
    });
    section(&mut text, &head, &sources.collect::<Vec<_>>());
    let head = [
        "stream",
        "in",
        "made",
        "out",
        "filtered",
        "late",
        "rejected",
        "duplicates",
        "absorbed",
        "held",
    ];
    let streams = report.streams.iter().map(|(name, it)| {
        let figures = [
            it.input,
            it.made,
            it.out,
            it.filtered,
            it.late,
            it.errors,
            it.duplicates,
            it.absorbed,
            it.held,
        ];
        std::iter::once(name.clone()).chain(figures.iter().map(|it| grouped(*it))).collect()
    });
    section(&mut text, &head, &streams.collect::<Vec<_>>());
    let sinks = report.sinks.iter().map(|(name, it)| {
        let figures = [it.stream.input, it.written, it.failed, it.unwritten];
        std::iter::once(name.clone()).chain(figures.iter().map(|it| grouped(*it))).collect()
    });
    let head = ["sink", "in", "written", "failed", "unwritten"];
    section(&mut text, &head, &sinks.collect::<Vec<_>>());
    newest(&mut text, samples);
    remarks(&mut text, report);
    let balance = if !report.ledger.balanced {
        let rows = grouped(report.ledger.residue);
        format!("the ledger does not balance, {rows} rows are unaccounted for: please report this")
    } else if report.in_flight.is_some() {
        "so far every row is accounted for".to_owned()
    } else {
        "the ledger balances: every row is accounted for".to_owned()
    };
    put(&mut text, format_args!("{} after {:.1} s; {balance}\n", report.status, report.seconds));
    text
}

/// Where rows are that have neither gone out nor been dropped, a line each.
fn remarks(text: &mut String, report: &Report) {
    let of_streams = report.streams.values().map(|it| it.held).sum::<i64>();
    let of_sinks = report.sinks.values().map(|it| it.stream.held).sum::<i64>();
    let held = grouped(of_streams + of_sinks);
    match report.status {
        _ if of_streams + of_sinks == 0 => {}
        "running" => put(text, format_args!("{held} rows are held in open windows\n")),
        "failed" => put(text, format_args!("{held} rows were still inside when the run failed\n")),
        _ => {
            put(
                text,
                format_args!("{held} rows were still held in open windows when the run ended\n"),
            );
        }
    }
    let unwritten = report.sinks.values().map(|it| it.unwritten).sum::<i64>();
    if unwritten > 0 {
        let (rows, so_far) = (grouped(unwritten), report.in_flight.is_some());
        let not = if so_far { "and not written yet" } else { "and never written" };
        put(text, format_args!("{rows} rows were taken by sinks {not}\n"));
    }
    if let Some(rows) = report.in_flight.filter(|it| *it > 0) {
        put(text, format_args!("{} rows are on their way\n", grouped(rows as i64)));
    }
}

/// The newest rows of side streams that nobody reads.
fn newest(text: &mut String, samples: &Samples) {
    for (name, side, sample) in samples.iter() {
        let side = if side == Side::Late { "late" } else { "errors" };
        put(text, format_args!("{name}.{side}: {}: {}\n", sample.why, sample.row));
    }
}

/// A table with a line above it; nothing without rows.
fn section(text: &mut String, head: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let mut widths: Vec<usize> = head.iter().map(|it| it.len()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let head: Vec<String> = head.iter().map(|it| (*it).to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = if i == 0 { "" } else { "  " };
            if i == 0 {
                put(text, format_args!("{gap}{cell:<width$}"));
            } else {
                put(text, format_args!("{gap}{cell:>width$}"));
            }
        }
        text.push('\n');
    }
    text.push('\n');
}

/// `12,345,678`
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.push_str(&std::fmt::format(what));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(-100), "-100");
    }
}
