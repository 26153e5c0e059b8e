//! A real InfluxDB, and what is in it.

use super::http::get;
use super::server::script;
use serde_json::Value;

/// An InfluxDB of one test. Dropping it stops it and removes its data.
pub(crate) struct InfluxDb {
    name: String,
    port: String,
}

impl InfluxDb {
    pub(crate) fn start(name: &str) -> Self {
        let name = format!("influxdb:{name}-{}", std::process::id());
        script(&["reset", &name]);
        let mut server = Self { name, port: String::new() };
        server.start_again();
        server
    }

    pub(crate) fn start_again(&mut self) {
        let facts = script(&["start", &self.name]);
        let port = facts.lines().find_map(|it| it.strip_prefix("INFLUXDB_PORT="));
        port.unwrap().clone_into(&mut self.port);
    }

    pub(crate) fn kill(&self) {
        script(&["kill", &self.name]);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The rows of an answer, each with its time (in seconds) first.
    pub(crate) fn rows(&self, query: &str) -> Vec<Vec<Value>> {
        let plain = |it: u8| it.is_ascii_alphanumeric();
        let byte = |it| if plain(it) { char::from(it).into() } else { format!("%{it:02X}") };
        let query: String = query.bytes().map(byte).collect();
        let answer = get(&format!("{}/query?db=test&epoch=s&q={query}", self.url())).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let rows = &answer["results"][0]["series"][0]["values"];
        serde_json::from_value(rows.clone()).unwrap_or_default()
    }

    /// The number that an aggregate over a measurement yields; 0 before it is there.
    pub(crate) fn ask(&self, aggregate: &str, measurement: &str) -> i64 {
        let rows = self.rows(&format!("select {aggregate} from {measurement}"));
        rows.first().and_then(|it| it[1].as_i64()).unwrap_or(0)
    }
}

impl Drop for InfluxDb {
    fn drop(&mut self) {
        script(&["reset", &self.name]);
    }
}
