//! The workloads of `weir bench`.

/// A pipeline and the question it answers.
#[derive(Debug)]
pub struct Workload {
    /// As it is typed.
    pub name: &'static str,
    /// What it does, one line.
    pub summary: &'static str,
    /// The pipeline; its param `input` is the path of the data.
    pub pipe: &'static str,
    /// The same question for `DuckDB`: one row, the count of results and a checksum of them. `{input}` is the path.
    pub sql: &'static str,
}

/// Every workload.
pub const ALL: [Workload; 3] = [
    Workload {
        name: "filter",
        summary: "keep readings above a limit, three of eight columns",
        pipe: include_str!("filter.pipe"),
        sql: "select count(*), sum(value) from (select ts, device, value from \
              read_json('{input}', format='newline_delimited', columns={ts:'BIGINT', \
              device:'VARCHAR', value:'DOUBLE'}) where value > 28.0)",
    },
    Workload {
        name: "tumbling",
        summary: "count, average, least and greatest of 10,000 devices every 10 s",
        pipe: include_str!("tumbling.pipe"),
        sql: "select count(*), sum(n) from (select device, ts // 10000 as w, count(*) as n, \
              avg(value) as a, min(value) as lo, max(value) as hi from read_json('{input}', \
              format='newline_delimited', columns={ts:'BIGINT', device:'VARCHAR', \
              value:'DOUBLE'}) group by all)",
    },
    Workload {
        name: "sliding",
        summary: "the same over 60 s, every second",
        pipe: include_str!("sliding.pipe"),
        sql: "with panes as (select device, ts // 1000 as p, count(*) as n, sum(value) as s, \
              min(value) as lo, max(value) as hi from read_json('{input}', \
              format='newline_delimited', columns={ts:'BIGINT', device:'VARCHAR', \
              value:'DOUBLE'}) group by all) select count(*), sum(n) from (select device, p + k as \
              w, sum(n) as n, sum(s) / sum(n) as a, min(lo) as lo, max(hi) as hi from panes, \
              range(60) t(k) group by all)",
    },
];

/// The workload of this name.
pub fn find(name: &str) -> Option<&'static Workload> {
    ALL.iter().find(|it| it.name == name)
}
