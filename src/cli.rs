//! The command line: what the user typed, and nothing else.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A stream engine for devices: one .pipe file, checked, compiled and run.
#[derive(Debug, Parser)]
#[command(name = "weir", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a pipeline until its inputs end or it is told to stop
    Run(RunArgs),
    /// Say everything that is wrong with files
    Check(CheckArgs),
    /// Run the tests inside files, under virtual time
    Test(TestArgs),
    /// Rewrite files in the one canonical layout
    Fmt(FmtArgs),
    /// Show how a file will run: operators, keys, watermarks, guarantees
    Explain(ExplainArgs),
    /// See it work: a broker, a simulated fleet and a pipeline over it
    Demo(DemoArgs),
    /// The reference of the language's words, or of one word
    Docs(DocsArgs),
    /// Ask what a pipeline wrote, in SQL over files and folders
    Query(QueryArgs),
    /// Measure a named workload
    Bench(BenchArgs),
}

/// Options of `weir run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The .pipe file
    pub file: PathBuf,
    /// Give a param a value; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// How many threads work on rows [default: all cores]
    #[arg(long, value_name = "N", value_parser = count)]
    pub threads: Option<usize>,
    /// Write the closing table as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Serve metrics for Prometheus at this address and port
    #[arg(long, value_name = "HOST:PORT")]
    pub metrics: Option<String>,
    /// No progress and no closing table
    #[arg(long)]
    pub quiet: bool,
    /// How log lines look
    #[arg(long, value_enum, default_value = "text")]
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Options of `weir check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The .pipe files
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// One JSON object a diagnostic
    #[arg(long)]
    pub json: bool,
    /// Let warnings count as errors
    #[arg(long, value_name = "WHAT")]
    pub deny: Option<Deny>,
}

/// What else counts as an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Warnings
    Warnings,
}

/// Options of `weir test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// The .pipe files
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Only tests whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// One JSON object a test
    #[arg(long)]
    pub json: bool,
}

/// Options of `weir fmt`.
#[derive(Debug, Args)]
pub struct FmtArgs {
    /// The .pipe files; `-` is standard input to standard output
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Only say which files would change
    #[arg(long)]
    pub check: bool,
}

/// Options of `weir explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The .pipe file
    pub file: PathBuf,
    /// As JSON
    #[arg(long, conflicts_with = "dot")]
    pub json: bool,
    /// As a Graphviz graph
    #[arg(long)]
    pub dot: bool,
}

/// Options of `weir demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// End after this long, e.g. 30s [default: until Ctrl-C]
    #[arg(long = "for", value_name = "DURATION")]
    pub duration: Option<String>,
    /// How many devices the simulated fleet has
    #[arg(long, default_value_t = 1000)]
    pub devices: u32,
    /// How many messages they send a second
    #[arg(long, default_value_t = 2000)]
    pub rate: u32,
    /// Serve metrics for Prometheus at this address and port
    #[arg(long, value_name = "HOST:PORT")]
    pub metrics: Option<String>,
    /// No progress
    #[arg(long)]
    pub quiet: bool,
}

/// Options of `weir docs`.
#[derive(Debug, Args)]
pub struct DocsArgs {
    /// A word: `sigma`, `mqtt`, `tumbling` …
    pub word: Option<String>,
}

/// Options of `weir query`.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// The question; files, folders and globs stand in quotes: "select … from 'lake/*.parquet'"
    pub sql: String,
    /// One JSON object a row
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// As CSV, with names in the first line
    #[arg(long)]
    pub csv: bool,
}

/// Options of `weir bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// The workloads; see --list
    pub names: Vec<String>,
    /// List the workloads
    #[arg(long)]
    pub list: bool,
    /// How many rows the generated input has
    #[arg(long, default_value_t = 10_000_000)]
    pub rows: u64,
    /// How many threads work on rows [default: all cores]
    #[arg(long, value_name = "N", value_parser = count)]
    pub threads: Option<usize>,
    /// How often each is measured; the median is printed
    #[arg(long, default_value_t = 3)]
    pub repeat: u32,
    /// Measure a peer on the same input too
    #[arg(long, value_name = "PEER")]
    pub against: Option<Peer>,
    /// One JSON object a workload
    #[arg(long)]
    pub json: bool,
}

/// Whom to measure against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// `DuckDB`, through its Python package
    Duckdb,
}

fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "expected a number from 1 on".to_owned())
}
