//! Real servers, brought by `tests/servers`: never skipped, one for each test that asks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A running Mosquitto of one test. Dropping it stops it and removes its data.
pub struct Mosquitto {
    name: String,
    words: Vec<String>,
    facts: BTreeMap<String, String>,
}

impl Mosquitto {
    /// Starts one with fresh data. `words` are those of `tests/servers`.
    pub fn start(name: &str, words: &[&str]) -> Self {
        // The id of this process keeps two runs of the tests apart.
        let name = format!("mosquitto:{name}-{}", std::process::id());
        script(&["reset", &name]);
        let mut server = Self {
            name,
            words: words.iter().map(|it| (*it).to_owned()).collect(),
            facts: BTreeMap::new(),
        };
        server.start_again();
        server
    }

    /// After `stop` or `kill`: on the same port, with the data it had.
    pub fn start_again(&mut self) {
        let mut args = vec!["start", &self.name];
        args.extend(self.words.iter().map(String::as_str));
        self.facts = facts(&script(&args));
    }

    /// Ends it in an orderly way.
    pub fn stop(&self) {
        script(&["stop", &self.name]);
    }

    /// Ends it as a crash would.
    pub fn kill(&self) {
        script(&["kill", &self.name]);
    }

    /// What it said of itself when it started.
    pub fn fact(&self, name: &str) -> &str {
        &self.facts[name]
    }

    pub fn port(&self) -> u16 {
        self.fact("MOSQUITTO_PORT").parse().unwrap()
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

/// A running S3 server of one test. Dropping it stops it and removes its data.
pub struct ObjectStore {
    name: String,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// Where its buckets are, as folders.
    data: PathBuf,
}

impl ObjectStore {
    /// The id and the secret of its key.
    pub const KEY: (&str, &str) = ("test", "testtest");

    /// Starts one without buckets.
    pub fn start(name: &str) -> Self {
        let name = format!("s3:{name}-{}", std::process::id());
        script(&["reset", &name]);
        let mut server = Self { name, url: String::new(), data: PathBuf::new() };
        server.start_again();
        server
    }

    /// After `stop` or `kill`: on the same port, with the data it had.
    pub fn start_again(&mut self) {
        let facts = script(&["start", &self.name]);
        let fact = |key: &str| facts.lines().find_map(|line| line.strip_prefix(key));
        fact("S3=").expect("it says where it is").clone_into(&mut self.url);
        self.data = fact("S3_DATA=").expect("it says where its data are").into();
    }

    /// Makes a bucket, behind the server's back.
    pub fn make_bucket(&self, bucket: &str) {
        std::fs::create_dir_all(self.data.join(bucket)).unwrap();
    }

    /// Where the objects of a bucket are, as files.
    pub fn folder(&self, bucket: &str) -> PathBuf {
        self.data.join(bucket)
    }

    /// How many objects of a bucket have names that end so.
    pub fn objects(&self, bucket: &str, ending: &str) -> usize {
        let bucket = self.data.join(bucket);
        let own = bucket.join(".sgwtmp");
        let names = walk(&bucket).into_iter().filter(|it| !it.starts_with(&own));
        names.filter(|it| it.to_string_lossy().ends_with(ending)).count()
    }

    /// How many uploads of a bucket have begun and were not completed.
    pub fn uploads(&self, bucket: &str) -> usize {
        let open = self.data.join(bucket).join(".sgwtmp/multipart");
        let keys = std::fs::read_dir(open).into_iter().flatten();
        keys.flatten().flat_map(|it| std::fs::read_dir(it.path()).into_iter().flatten()).count()
    }

    /// Ends it as a crash would.
    pub fn kill(&self) {
        script(&["kill", &self.name]);
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        script(&["reset", &self.name]);
    }
}

/// A running `HiveMQ` of one test. Dropping it stops it and removes its data.
pub struct HiveMq {
    name: String,
    facts: BTreeMap<String, String>,
}

impl HiveMq {
    /// Starts one with fresh data.
    pub fn start(name: &str) -> Self {
        let name = format!("hivemq:{name}-{}", std::process::id());
        script(&["reset", &name]);
        let mut server = Self { name, facts: BTreeMap::new() };
        server.start_again();
        server
    }

    /// After `kill`: on the same ports, with the data it had.
    pub fn start_again(&mut self) {
        self.facts = facts(&script(&["start", &self.name]));
    }

    /// Ends it as a crash would.
    pub fn kill(&self) {
        script(&["kill", &self.name]);
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port())
    }

    /// What it said of itself when it started.
    pub fn fact(&self, name: &str) -> &str {
        &self.facts[name]
    }

    pub fn port(&self) -> u16 {
        self.fact("HIVEMQ_PORT").parse().unwrap()
    }
}

impl Drop for HiveMq {
    fn drop(&mut self) {
        script(&["reset", &self.name]);
    }
}

/// Every file below a folder; some go while they are looked at.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|it| it.path());
    paths.flat_map(|it| if it.is_dir() { walk(&it) } else { vec![it] }).collect()
}

/// The Python that has other readers of Parquet.
pub fn readers() -> PathBuf {
    let facts = script(&["start", "readers"]);
    let path = facts.lines().find_map(|line| line.strip_prefix("READERS_PYTHON="));
    path.expect("it says where it is").into()
}

fn facts(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.split_once('='));
    lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
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
