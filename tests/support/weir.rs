//! The real binary, run as a user runs it: in a folder of its own, with what is typed and what is piped in.
//!
//! Nothing here waits for a time to pass: a condition is looked at again and again until it holds or a deadline is over.

use super::folder::{Folder, rows};
use engine::time::{Clock, SystemClock};
use serde_json::Value;
use std::io::{Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What takes longer hangs.
const DEADLINE: Duration = Duration::from_mins(1);

/// How long it takes until a condition is looked at again.
const PAUSE: Duration = Duration::from_millis(2);

/// Looks until there is something, and fails when there is nothing for too long.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let clock = SystemClock::new();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(clock.elapsed() < DEADLINE, "waited too long for {what}");
        std::thread::park_timeout(PAUSE);
    }
}

/// A command line that is being put together.
pub(crate) struct Call {
    command: Command,
    input: Vec<u8>,
    output: Stdio,
}

/// `weir` with these words behind it, in a folder.
pub(crate) fn weir(folder: &Folder, words: &[&str]) -> Call {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(words).current_dir(folder.path()).env_remove("WEIR_LOG").env_remove("NO_COLOR");
    Call { command, input: Vec::new(), output: Stdio::piped() }
}

/// Runs `weir` with these words to its end.
pub(crate) fn run(folder: &Folder, words: &[&str]) -> Done {
    weir(folder, words).run()
}

impl Call {
    /// What comes in on standard input.
    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Where standard output goes, instead of to whoever reads it.
    pub(crate) fn onto(mut self, file: std::fs::File) -> Self {
        self.output = file.into();
        self
    }

    /// A variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Done {
        let mut running = self.start();
        let out = running.read();
        running.wait(out)
    }

    /// Begins to run it; nobody reads its standard output yet.
    pub(crate) fn start(mut self) -> Running {
        let command = self.command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.stdout(self.output).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = self.input;
        // A command that does not want its input ends before it is written.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let said = Arc::new(Mutex::new(String::new()));
        let mut stderr = child.stderr.take().unwrap();
        let heard = Arc::clone(&said);
        let listener = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stderr.read(&mut buffer) {
                heard.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        });
        Running { output: child.stdout.take(), child, said, threads: vec![writer, listener] }
    }
}

/// A command that runs.
pub(crate) struct Running {
    child: Child,
    output: Option<ChildStdout>,
    said: Arc<Mutex<String>>,
    threads: Vec<JoinHandle<()>>,
}

impl Running {
    /// What it has said on standard error so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it has said this.
    pub(crate) fn wait_until_said(&self, text: &str) {
        wait_for(&format!("it to say `{text}`"), || self.said().contains(text).then_some(()));
    }

    /// Sends a signal: `TERM`, `INT`, `USR1`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap();
        assert!(sent.success(), "the process {id} is not there any more: {}", self.said());
    }

    /// Its standard output, for whoever reads it in a way of his own.
    pub(crate) fn output(&mut self) -> ChildStdout {
        self.output.take().unwrap()
    }

    /// Reads its standard output from here on.
    pub(crate) fn read(&mut self) -> JoinHandle<Vec<u8>> {
        let mut output = self.output();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            output.read_to_end(&mut bytes).unwrap();
            bytes
        })
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self, out: JoinHandle<Vec<u8>>) -> Done {
        let code = self.wait_code();
        let out = String::from_utf8(out.join().unwrap()).unwrap();
        Done { code, out, err: self.said() }
    }

    /// Waits for its end and says its exit code.
    pub(crate) fn wait_code(&mut self) -> i32 {
        let said = Arc::clone(&self.said);
        let child = &mut self.child;
        let status = wait_for("the command to end", || child.try_wait().unwrap());
        self.threads.drain(..).for_each(|it| it.join().unwrap());
        let said = said.lock().unwrap().clone();
        status.code().unwrap_or_else(|| panic!("it was ended by {status}: {said}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What a failed test leaves behind; of a command that has ended, nothing.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// Its exit code.
    pub(crate) code: i32,
    /// Its standard output.
    pub(crate) out: String,
    /// Its standard error.
    pub(crate) err: String,
}

impl Done {
    /// Fails unless it ended with this code; a panic is never an answer.
    #[track_caller]
    pub(crate) fn ends_with(&self, code: i32) -> &Self {
        assert!(!self.err.contains("panicked"), "{}", self.err);
        assert_eq!(self.code, code, "\n-- out\n{}-- err\n{}", self.out, self.err);
        self
    }

    /// Fails unless this is said on standard error.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.err.contains(text), "`{text}` is not in\n{}", self.err);
        self
    }

    /// The rows on standard output.
    pub(crate) fn rows(&self) -> Vec<Value> {
        rows(&self.out)
    }
}
