//! The view as lines of text with styles, as many as there is room for.

use super::history::{Shown, SinkShown, SourceShown};
use crate::summary::grouped;
use engine::time::Micros;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

/// How many cells show how full a queue is.
const GAUGE: usize = 8;

/// Names take up so much: as much as the words above them at least.
const NAME_MIN: usize = 6;
const NAME_MAX: usize = 24;

/// Between two columns.
const GAP: usize = 2;

const PLAIN: Style = Style::new();
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const TROUBLE: Style = Style::new().fg(Color::Red);
const CARE: Style = Style::new().fg(Color::Yellow);
const SOUND: Style = Style::new().fg(Color::Green);

/// A cell of a table.
type Cell = (String, Style);

/// A table: its head, and the cells of each row, the name first.
struct Table {
    head: &'static [&'static str],
    rows: Vec<Vec<Cell>>,
}

/// The view: at most so many lines, none of them wider than this.
pub(super) fn lines(shown: &Shown, width: usize, most: usize) -> Vec<Line<'static>> {
    let mut lines = vec![title(shown, width)];
    let foot = foot(shown);
    let tables = [sources(&shown.sources), sinks(&shown.sinks)];
    // Title and foot, and for each table its head and one row, come before more rows.
    let mut room = most.saturating_sub(2);
    let mut tables: Vec<Table> = tables.into_iter().filter(|it| !it.rows.is_empty()).collect();
    if room < tables.len() * 2 {
        tables.clear();
    }
    // Names of all tables have one width, so that their figures stand below each other.
    let names = tables.iter().flat_map(|it| &it.rows).map(|it| it[0].0.chars().count());
    let name = names.max().unwrap_or(0).clamp(NAME_MIN, NAME_MAX);
    let count = tables.len();
    for (i, table) in tables.into_iter().enumerate() {
        let behind = (count - i - 1) * 2;
        let height = (table.rows.len() + 1).min(room.saturating_sub(behind));
        lines.extend(table.lines(name, height.saturating_sub(1)));
        room -= height.min(room);
    }
    if most > 1 {
        lines.push(foot);
    }
    lines.truncate(most);
    lines
}

/// `── quickstart ── 12.1 s ──────`
fn title(shown: &Shown, width: usize) -> Line<'static> {
    let name = format!(" {} ", shown.pipeline);
    let time = format!(" {} ", duration((shown.seconds * 1e6) as Micros));
    let used = 4 + name.chars().count() + time.chars().count();
    let rule = "─".repeat(width.saturating_sub(used));
    Line::from(vec![
        Span::styled("──", DIM),
        Span::styled(name, BOLD),
        Span::styled("──", DIM),
        Span::raw(time),
        Span::styled(rule, DIM),
    ])
}

fn sources(sources: &[SourceShown]) -> Table {
    let row = |it: &SourceShown| {
        let age = it.age.map_or_else(|| "-".to_owned(), duration);
        vec![
            (it.name.clone(), PLAIN),
            (rate(it.rate), BOLD),
            (grouped(it.read as i64), PLAIN),
            (grouped(it.rejected as i64), if it.rejected > 0 { CARE } else { PLAIN }),
            (grouped(it.dropped as i64), if it.dropped > 0 { TROUBLE } else { PLAIN }),
            (age, PLAIN),
            gauge(it.queue),
        ]
    };
    Table {
        head: &["source", "rows/s", "read", "rejected", "dropped", "watermark age", "queue"],
        rows: sources.iter().map(row).collect(),
    }
}

fn sinks(sinks: &[SinkShown]) -> Table {
    let row = |it: &SinkShown| {
        let (median, most) = match it.latency {
            Some((median, most)) => (duration(median), duration(most)),
            None => ("-".to_owned(), "-".to_owned()),
        };
        vec![
            (it.name.clone(), PLAIN),
            (rate(it.rate), BOLD),
            (grouped(it.written), PLAIN),
            (grouped(it.waiting), PLAIN),
            (grouped(it.failed), if it.failed > 0 { TROUBLE } else { PLAIN }),
            (grouped(it.retries as i64), if it.retries > 0 { CARE } else { PLAIN }),
            (median, PLAIN),
            (most, PLAIN),
        ]
    };
    Table {
        head: &["sink", "rows/s", "written", "waiting", "failed", "retries", "p50", "p99"],
        rows: sinks.iter().map(row).collect(),
    }
}

impl Table {
    /// The head and at most so many rows, with names of this width; if there are more, the last line says how many.
    fn lines(&self, name: usize, most: usize) -> Vec<Line<'static>> {
        let mut widths: Vec<usize> = self.head.iter().map(|it| it.chars().count()).collect();
        for row in &self.rows {
            for (width, (text, _)) in widths.iter_mut().zip(row) {
                *width = (*width).max(text.chars().count());
            }
        }
        widths[0] = name;
        let head: Vec<Cell> = self.head.iter().map(|it| ((*it).to_owned(), DIM)).collect();
        let shown = if self.rows.len() > most { most.saturating_sub(1) } else { most };
        let mut lines = vec![line(&head, &widths)];
        lines.extend(self.rows.iter().take(shown).map(|it| line(it, &widths)));
        if self.rows.len() > most {
            let more = format!("… and {} more", self.rows.len() - shown);
            lines.push(Line::styled(more, DIM));
        }
        lines
    }
}

/// Names stand at the left, all else at the right of its column.
fn line(cells: &[Cell], widths: &[usize]) -> Line<'static> {
    let mut spans = Vec::new();
    for (i, ((text, style), width)) in cells.iter().zip(widths).enumerate() {
        let text = cut(text, *width);
        let padding = " ".repeat(width - text.chars().count());
        if i > 0 {
            spans.push(Span::raw(" ".repeat(GAP)));
            spans.push(Span::raw(padding));
            spans.push(Span::styled(text, *style));
        } else {
            spans.push(Span::styled(text, *style));
            spans.push(Span::raw(padding));
        }
    }
    Line::from(spans)
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// Whether all adds up, and what the process uses.
fn foot(shown: &Shown) -> Line<'static> {
    let ledger = if shown.residue == 0 {
        Span::styled("the ledger balances".to_owned(), SOUND)
    } else {
        Span::styled(format!("{} rows are unaccounted for", grouped(shown.residue)), TROUBLE)
    };
    let mut spans = vec![ledger];
    let mut say = |text: String, style: Style| {
        spans.push(Span::styled(" · ", DIM));
        spans.push(Span::styled(text, style));
    };
    if shown.late > 0 {
        say(format!("{} late", grouped(shown.late)), CARE);
    }
    if shown.refused > 0 {
        say(format!("{} refused", grouped(shown.refused)), CARE);
    }
    if shown.held > 0 {
        say(format!("{} in open windows", grouped(shown.held)), PLAIN);
    }
    if shown.in_flight > 0 {
        say(format!("{} on their way", grouped(shown.in_flight as i64)), PLAIN);
    }
    if let Some(memory) = shown.memory {
        say(format!("memory {}", bytes(memory)), PLAIN);
    }
    if let Some(cores) = shown.cores {
        say(format!("CPU {:.0}%", cores * 100.0), PLAIN);
    }
    say("Ctrl-C stops".to_owned(), DIM);
    Line::from(spans)
}

/// `███░░░░░  37%`
fn gauge(share: f64) -> Cell {
    let share = share.clamp(0.0, 1.0);
    let full = (share * GAUGE as f64).round() as usize;
    let bar = "█".repeat(full) + &"░".repeat(GAUGE - full);
    let style = if share >= 0.9 { CARE } else { PLAIN };
    (format!("{bar} {:>3.0}%", share * 100.0), style)
}

fn rate(rate: f64) -> String {
    if rate > 0.0 && rate < 10.0 { format!("{rate:.1}") } else { grouped(rate.round() as i64) }
}

/// `850 µs`, `12 ms`, `1.2 s`, `3.5 min`, `2.0 h`, `4.1 d`
fn duration(micros: Micros) -> String {
    const UNITS: [(&str, f64); 6] =
        [("d", 86_400e6), ("h", 3_600e6), ("min", 60e6), ("s", 1e6), ("ms", 1e3), ("µs", 1.0)];
    let size = micros as f64;
    let unit = UNITS.iter().find(|(_, unit)| size.abs() >= *unit).unwrap_or(&("s", 1e6));
    let digits = usize::from(unit.1 >= 1e6);
    format!("{:.digits$} {}", size / unit.1, unit.0)
}

/// `85 MiB`
fn bytes(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    if mebibytes < 1024.0 {
        format!("{mebibytes:.0} MiB")
    } else {
        format!("{:.1} GiB", mebibytes / 1024.0)
    }
}

#[cfg(test)]
mod tests;
