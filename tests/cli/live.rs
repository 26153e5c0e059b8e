//! The live view, on a terminal: rows scroll above it, and the terminal is given back.

use crate::support::folder::Folder;
use crate::support::terminal::Terminal;
use crate::support::weir::wait_for;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

const PIPE: &str = r#"schema Reading {
  device: string
  t:      float
}

source readings = file(path: "in.jsonl", schema: Reading, follow: true)

sink shown = readings | into console(format: json)

sink kept = readings | into file(path: "out.jsonl", append: true)
"#;

/// The line of the view that is always there.
const FOOT: &str = "the ledger balances";

/// `weir` on a terminal of its own.
struct OnTerminal {
    child: Child,
    keys: ChildStdin,
    terminal: Arc<Mutex<Terminal>>,
    /// All that was written to the terminal.
    written: Arc<Mutex<Vec<u8>>>,
}

impl OnTerminal {
    fn start(folder: &Folder, words: &str, environment: &[(&str, &str)]) -> Self {
        folder.write("a.pipe", PIPE);
        let weir = env!("CARGO_BIN_EXE_weir");
        let command = format!("tty > tty.txt; stty rows 20 cols 90; exec '{weir}' {words}");
        let mut script = Command::new("script");
        script.args(["-qfec", &command, "/dev/null"]).current_dir(folder.path());
        script.env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("WEIR_LOG");
        script.envs(environment.iter().copied());
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let terminal = Arc::new(Mutex::new(Terminal::new(20, 90)));
        let written = Arc::new(Mutex::new(Vec::new()));
        let (screen, all) = (Arc::clone(&terminal), Arc::clone(&written));
        let mut output = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                all.lock().unwrap().extend_from_slice(&buffer[..length]);
                screen.lock().unwrap().write(&buffer[..length]);
            }
        });
        Self { keys: child.stdin.take().unwrap(), child, terminal, written }
    }

    /// Waits until the terminal shows what is looked for.
    fn wait_for<T>(&self, what: &str, mut look: impl FnMut(&Terminal) -> Option<T>) -> T {
        wait_for(what, || look(&self.terminal.lock().unwrap()))
    }

    fn wait_for_view(&self) {
        self.wait_for("the view", |it| it.below().last()?.starts_with(FOOT).then_some(()));
    }

    fn press(&mut self, key: &str) {
        self.keys.write_all(key.as_bytes()).unwrap();
    }

    /// Waits for the end: the exit code, all that was written, and what stands on the terminal.
    fn end(mut self) -> (i32, Vec<u8>, Arc<Mutex<Terminal>>) {
        let status = wait_for("the end", || self.child.try_wait().unwrap());
        // Whoever reads it is through when the terminal is gone.
        let terminal = Arc::clone(&self.terminal);
        wait_for("the rest", || (Arc::strong_count(&terminal) == 2).then_some(()));
        (status.code().unwrap(), self.written.lock().unwrap().clone(), terminal)
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn append(folder: &Folder, numbers: std::ops::Range<u32>) {
    let mut file = OpenOptions::new().append(true).open(folder.path().join("in.jsonl")).unwrap();
    for number in numbers {
        writeln!(file, "{}", line(number)).unwrap();
    }
}

fn line(number: u32) -> String {
    format!(r#"{{"device":"device-{number}","t":{number}.5}}"#)
}

#[test]
fn rows_scroll_above_the_view_and_stay_when_it_is_gone() {
    let folder = Folder::new();
    folder.write("in.jsonl", "");
    let mut weir = OnTerminal::start(&folder, "run a.pipe", &[]);
    weir.wait_for_view();
    for step in 0..4 {
        append(&folder, step * 10..step * 10 + 10);
        let last = line(step * 10 + 9);
        weir.wait_for("the rows", |it| it.above().contains(&&*last).then_some(()));
    }
    weir.wait_for("all rows in the view", |it| {
        let below = it.below();
        let sink = below.iter().find(|it| it.starts_with("shown"))?;
        (sink.split_whitespace().nth(2)? == "40").then_some(())
    });
    {
        let terminal = weir.terminal.lock().unwrap();
        let rows: Vec<&str> = terminal.above().into_iter().filter(|it| !it.is_empty()).collect();
        let expected: Vec<String> = (0..40).map(line).collect();
        assert_eq!(rows, expected, "no row is torn, and nothing of the view is among them");
        let below = terminal.below();
        assert!(below[0].starts_with("── a ── ") && below[1].starts_with("source "), "{below:?}");
        assert!(below[2].starts_with("readings ") && below[2].contains(" 40 "), "{below:?}");
        assert_eq!(below.len(), 7, "{below:?}");
        assert!(!terminal.cursor_is_shown);
    }
    weir.press("\x03");
    let (code, _, terminal) = weir.end();
    assert_eq!(code, 0);
    let terminal = terminal.lock().unwrap();
    assert!(terminal.cursor_is_shown && terminal.below().is_empty(), "it scrolls as before");
    let all = terminal.above().join("\n");
    assert!(all.contains("stopped after") && all.contains(&line(39)), "{all}");
    assert!(!all.contains("p99") && !all.contains("Ctrl-C stops"), "the view is gone:\n{all}");
}

#[test]
fn the_view_follows_the_size_of_the_window() {
    let folder = Folder::new();
    folder.write("in.jsonl", "");
    let mut weir = OnTerminal::start(&folder, "run a.pipe", &[]);
    weir.wait_for_view();
    append(&folder, 0..8);
    weir.wait_for("the rows", |it| it.above().contains(&&*line(7)).then_some(()));
    let tty = folder.read("tty.txt");
    for rows in [14, 24, 9] {
        weir.terminal.lock().unwrap().resize(rows);
        let rows = rows.to_string();
        let stty = ["-F", tty.trim(), "rows", &rows];
        assert!(Command::new("stty").args(stty).status().unwrap().success());
        weir.wait_for_view();
    }
    append(&folder, 8..16);
    weir.wait_for("the rows", |it| it.above().contains(&&*line(15)).then_some(()));
    {
        let terminal = weir.terminal.lock().unwrap();
        let below = terminal.below();
        assert!(below.len() <= 4 && below[0].starts_with("── a ── "), "{below:?}");
        let above = terminal.above();
        let rows: Vec<&str> = above.iter().copied().filter(|it| it.starts_with('{')).collect();
        assert_eq!(rows, (0..16).map(line).collect::<Vec<_>>(), "{above:?}");
        let left: Vec<&&str> = above.iter().filter(|it| it.contains("rows/s")).collect();
        assert!(left.is_empty(), "nothing is left of the view where it was: {left:?}");
    }
    weir.press("\x03");
    weir.end();
}

/// A pipeline that takes about two seconds and then ends: time for several views.
const TWO_SECONDS: &str = r"source fleet = generate(rate: 20, rows: 40)

sink shown = fleet | select device_id | into console(format: json)
";

#[test]
fn nothing_is_drawn_where_nobody_wants_it() {
    let view = |words: &str, environment: (&str, &str)| {
        let folder = Folder::new();
        folder.write("b.pipe", TWO_SECONDS);
        let weir = OnTerminal::start(&folder, words, &[environment]);
        let (code, written, _) = weir.end();
        let written = String::from_utf8(written).unwrap();
        assert_eq!(code, 0, "{words}: {written}");
        written.contains("p99") || written.contains("\x1b[1;")
    };
    let cases = [
        ("run b.pipe", ("LANG", "C"), true),
        ("run b.pipe", ("TERM", "dumb"), false),
        ("run b.pipe", ("TERM", ""), false),
        ("run b.pipe", ("NO_COLOR", "1"), false),
        ("run b.pipe --quiet", ("LANG", "C"), false),
        ("run b.pipe > rows.txt", ("LANG", "C"), false),
        ("run b.pipe 2> said.txt", ("LANG", "C"), false),
    ];
    std::thread::scope(|scope| {
        for (words, environment, expected) in cases {
            scope.spawn(move || {
                assert_eq!(view(words, environment), expected, "{words} {environment:?}");
            });
        }
    });
}

#[test]
fn the_demo_is_seen_with_all_of_its_sinks_and_ends_with_a_question() {
    let folder = Folder::new();
    let mut weir = OnTerminal::start(&folder, "demo --devices 20 --rate 200", &[]);
    let names = ["alerts_file ", "alerts_shown ", "averages_file ", "lake ", "rejected "];
    weir.wait_for("every sink, and rows on their way into a file", |it| {
        let below = it.below();
        let row = |name: &str| below.iter().find(|it| it.starts_with(name)).copied();
        let waiting = row("lake ")?.split_whitespace().nth(3)?.replace(',', "");
        let all = names.iter().all(|it| row(it).is_some());
        (all && waiting.parse::<u32>().is_ok_and(|it| it > 0)).then_some(())
    });
    weir.press("\x03");
    let (code, written, terminal) = weir.end();
    assert_eq!(code, 0);
    assert!(terminal.lock().unwrap().below().is_empty());
    let written = String::from_utf8_lossy(&written).into_owned();
    assert!(written.contains(" query \"select device_id, "), "{written}");
}

/// Rows into a pipe that nobody reads.
const STUCK: &str = r#"source fleet = generate(rate: max)

sink out = fleet | into file(path: "pipe.jsonl", append: true)
"#;

#[test]
fn a_second_ctrl_c_gives_the_terminal_back_too() {
    let folder = Folder::new();
    folder.write("c.pipe", STUCK);
    let fifo = folder.path().join("pipe.jsonl");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    // Opened both ways, so that opening waits for nobody.
    let _reader = OpenOptions::new().read(true).write(true).open(&fifo).unwrap();
    let mut weir = OnTerminal::start(&folder, "run c.pipe", &[]);
    weir.wait_for_view();
    weir.press("\x03");
    weir.wait_for("the first", |it| {
        it.above().iter().any(|it| it.contains("stopping")).then_some(())
    });
    weir.wait_for_view();
    weir.press("\x03");
    let (code, _, terminal) = weir.end();
    let terminal = terminal.lock().unwrap();
    assert_eq!(code, 130);
    assert!(terminal.cursor_is_shown && terminal.below().is_empty(), "{:?}", terminal.screen());
    assert!(!terminal.screen().iter().any(|it| it.contains("p99")), "{:?}", terminal.screen());
}
