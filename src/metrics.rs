//! Metrics in the form that Prometheus reads: `--metrics 127.0.0.1:9464`.
//!
//! ```text
//!  GET /metrics ──► server ──► exposition ──► families ──► Sample: counters and notes of the run at this moment
//! ```
//!
//! Nothing is kept here: what is shown is what tasks have told by then, gathered when somebody asks.

mod exposition;
mod families;
mod sample;
mod server;

pub use exposition::Exposition;
pub use families::{Family, Shape, families};
pub use sample::Sample;
pub use server::Server;

use std::fmt::Write;

/// The reference of all metrics, in Markdown.
pub fn reference(heading: &str) -> String {
    let mut text = format!(
        "{heading} Metrics\n\n\
         `weir run FILE --metrics 127.0.0.1:9464` serves them at `http://127.0.0.1:9464/metrics`, in the text form of \
         OpenMetrics, for Prometheus and whoever reads it. Counters begin with 0 when a run begins. Rows that windows make \
         carry the latency of what closed the window; `lateness` is how far the watermark was beyond the time of a row \
         that was too late.\n\n| metric | kind | labels | |\n|---|---|---|---|\n"
    );
    for family in families() {
        let labels: Vec<String> = family.labels.iter().map(|it| format!("`{it}`")).collect();
        let row = (family.shown_name(), family.shape.word(), labels.join(" "), family.help);
        writeln!(text, "| `{}` | {} | {} | {} |", row.0, row.1, row.2, row.3)
            .expect("writing to a String cannot fail");
    }
    text
}
