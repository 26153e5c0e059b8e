//! A file with many mistakes: each of them is found at once, on its line, and nothing is said about what follows from it.

use crate::support::catalog::Words;
use dsl::diagnostic::render;
use dsl::span::SourceFile;

/// Every line that ends in `# !` has one mistake.
const MISTAKES: &str = r#"param limit: flot = 85.0                       # !

schema Reading {
  device_id:   string
  at:          timestamp
  temperature  float?                          # !
  state:       string not null                 # !
  humidity:    float? in 100.0..0.0            # !
}

source readings = memory(schema: Reading, time: at)

source live = mqtt(
  url: "mqtt://localhost",
  topik: "devices/{device_id}",                # !
  schema: Reading,
  time: at,
  out_of_order: 5s,
)

stream hot = readings
  | where temperature > 85.0 && state == "on"  # !
  | select device_id, temprature               # !
  | where temprature > 90.0

stream open = readings
  | where state == 'open'                      # !
  | extend name = uper(device_id)              # !
  | select name, kind: "OPEN"                  # !

SELECT * FROM readings                         # !

strem cold = readings                          # !
  | where temperature < 0.0

stream minutes = cold
  | window tumbling(1m), by: device_id, state  # !
  | aggregate n = count()
  | select device_id, n, window.end

sink out = union(hot, minuts) | into memory()  # !

sink late = minutes.late
  | where (late_by > 10s                       # !
  | into memory()

test "hot" {
  feed readings [{ device: "a" }]              # !
  expekt hot count 0                           # !
  expect hot count 0
}
"#;

#[test]
fn every_planted_mistake_is_found_on_its_line_and_nothing_else() {
    let file = SourceFile::new("mistakes", MISTAKES);
    let (plan, found) = dsl::compile(&file, &Words);
    assert!(plan.is_none());
    let lines: Vec<usize> = found.iter().map(|it| file.position(it.span.start).line).collect();
    let planted: Vec<usize> = MISTAKES
        .lines()
        .enumerate()
        .filter(|(_, line)| line.ends_with("# !"))
        .map(|(i, _)| i + 1)
        .collect();
    assert!(planted.len() >= 12);
    assert_eq!(lines, planted, "\n{}", render::text(&found, &file, false));
}

/// The same mistakes one at a time: each is found without the others, too.
#[test]
fn each_planted_mistake_is_found_alone() {
    let right = [
        ("param limit: flot", "param limit: float"),
        ("temperature  float?", "temperature: float?"),
        ("string not null", "string"),
        ("100.0..0.0", "0.0..100.0"),
        ("topik", "topic"),
        ("&&", "and"),
        ("temprature", "temperature"),
        ("'open'", "\"open\""),
        ("uper(", "upper("),
        ("kind: \"OPEN\"", "kind = \"OPEN\""),
        ("SELECT * FROM readings", ""),
        ("strem", "stream"),
        ("by: device_id, state", "by: [device_id, state]"),
        ("minuts", "minutes"),
        ("(late_by > 10s", "late_by > 10s"),
        ("{ device: \"a\" }", "{ device_id: \"a\" }"),
        ("expekt", "expect"),
    ];
    let mended = |but: Option<usize>| {
        let mut text = MISTAKES.to_owned();
        for (i, (wrong, right)) in right.iter().enumerate() {
            assert!(text.contains(wrong), "{wrong}");
            if but != Some(i) {
                text = text.replace(wrong, right);
            }
        }
        SourceFile::new("mistake", text)
    };
    let (plan, found) = dsl::compile(&mended(None), &Words);
    assert!(plan.is_some(), "{}", render::text(&found, &mended(None), false));
    for (i, (wrong, _)) in right.iter().enumerate() {
        let file = mended(Some(i));
        let (_, found) = dsl::compile(&file, &Words);
        let line = file.text().lines().position(|it| it.contains(wrong)).unwrap() + 1;
        let lines: Vec<usize> = found.iter().map(|it| file.position(it.span.start).line).collect();
        assert!(lines.contains(&line), "{wrong}: {}", render::text(&found, &file, false));
        assert!(lines.len() <= 2, "{wrong}: {}", render::text(&found, &file, false));
    }
}
