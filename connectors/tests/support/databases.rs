//! Real databases of time series, and what is in them.

use super::http::get;
use super::server::script;
use serde_json::Value;
use std::collections::BTreeMap;

/// A running server of one test. Dropping it stops it and removes its data.
pub struct Database {
    name: String,
    words: Vec<&'static str>,
    facts: BTreeMap<String, String>,
}

impl Database {
    /// Starts one with fresh data. `kind` and `words` are those of `tests/servers`.
    pub fn start(kind: &str, name: &str, words: &[&'static str]) -> Self {
        // The id of this process keeps two runs of the tests apart.
        let name = format!("{kind}:{name}-{}", std::process::id());
        script(&["reset", &name]);
        let mut server = Self { name, words: words.to_vec(), facts: BTreeMap::new() };
        server.start_again();
        server
    }

    pub fn influxdb(name: &str, words: &[&'static str]) -> Self {
        Self::start("influxdb", name, words)
    }

    /// After `stop` or `kill`: on the same port, with the data it had.
    pub fn start_again(&mut self) {
        let mut args = vec!["start", &self.name];
        args.extend(&self.words);
        let facts = script(&args);
        let pair = |line: &str| line.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned()));
        self.facts = facts.lines().filter_map(pair).collect();
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
        let fact = self.facts.iter().find(|(name, _)| name.ends_with("_PORT"));
        fact.unwrap().1.parse().unwrap()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The file with the authority that signed its certificate.
    pub fn authority(&self) -> &str {
        &self.facts["TLS_CA"]
    }

    /// The rows that InfluxDB 1 answers: each a value a column, the time (in ns) first.
    pub fn influxql(&self, query: &str) -> Vec<Vec<Value>> {
        let query = [("db", "test"), ("epoch", "ns"), ("q", query)];
        let answer: Value = serde_json::from_str(&get(self.port(), "/query", &query)).unwrap();
        let rows = &answer["results"][0]["series"][0]["values"];
        serde_json::from_value(rows.clone()).unwrap_or_default()
    }

    /// How many points InfluxDB 1 has of a measurement: the largest count of a field.
    pub fn points(&self, measurement: &str) -> i64 {
        let rows = self.influxql(&format!("select count(*) from {measurement}"));
        let counts = rows.first().map(|row| row[1..].iter().filter_map(Value::as_i64).max());
        counts.flatten().unwrap_or(0)
    }

    /// The rows that QuestDB answers.
    pub fn sql(&self, query: &str) -> Result<Vec<Vec<Value>>, String> {
        let answer = get(self.port(), "/exec", &[("query", query)]);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        match answer.get("dataset") {
            Some(rows) => Ok(serde_json::from_value(rows.clone()).unwrap()),
            None => Err(answer["error"].to_string()),
        }
    }

    /// What VictoriaMetrics has of metrics like this: their labels, values and times (in ms).
    pub fn series(&self, selector: &str) -> Vec<Value> {
        get(self.port(), "/internal/force_flush", &[]);
        let answer = get(self.port(), "/api/v1/export", &[("match[]", selector)]);
        answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        script(&["reset", &self.name]);
    }
}

/// Asks until the answer will do, or the test has waited long enough.
pub fn until<T>(mut ask: impl FnMut() -> T, enough: impl Fn(&T) -> bool) -> T {
    for _ in 0..1_500 {
        let answer = ask();
        if enough(&answer) {
            return answer;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
    ask()
}
