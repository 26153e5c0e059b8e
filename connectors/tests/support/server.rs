//! Real servers, brought by `tests/servers`: never skipped, one for each test that asks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// A running Mosquitto of one test. Dropping it stops it and removes its data.
pub struct Mosquitto {
    name: String,
    words: Vec<&'static str>,
    facts: BTreeMap<String, String>,
}

impl Mosquitto {
    /// Starts one with fresh data. `words` are those of `tests/servers`.
    pub fn start(name: &str, words: &[&'static str]) -> Self {
        // The id of this process keeps two runs of the tests apart.
        let name = format!("mosquitto:{name}-{}", std::process::id());
        script(&["reset", &name]);
        let mut server = Self { name, words: words.to_vec(), facts: BTreeMap::new() };
        server.start_again();
        server
    }

    /// After `stop` or `kill`: on the same port, with the data it had.
    pub fn start_again(&mut self) {
        let mut args = vec!["start", &self.name];
        args.extend(&self.words);
        let facts = script(&args);
        self.facts = facts
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
    }

    /// Ends it in an orderly way.
    pub fn stop(&self) {
        script(&["stop", &self.name]);
    }

    /// Ends it as a crash would.
    pub fn kill(&self) {
        script(&["kill", &self.name]);
    }

    pub fn port(&self) -> u16 {
        self.facts["MOSQUITTO_PORT"].parse().unwrap()
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port())
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        script(&["reset", &self.name]);
    }
}

/// Runs `tests/servers`; what it prints.
pub fn script(args: &[&str]) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = root.ancestors().map(|it| it.join("tests/servers")).find(|it| it.exists());
    let output = Command::new(path.unwrap()).args(args).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tests/servers {args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}
