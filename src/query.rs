//! Asks what pipelines wrote: SQL over files and folders that are named by their paths.
//!
//! ```text
//!  text ─parse─► statement ─► tables: each name is a path ─► files of one format ─► columns
//!                    │                                        Parquet: DataFusion's reader
//!                    ▼                                        JSON lines, CSV: the formats of the language
//!                  plan ─► rows, batch by batch ─► columns of the language ─► table, JSON lines or CSV
//! ```
//!
//! The language of the question is DataFusion's. What is ours: which files a name stands for, how text is read, how values
//! are shown, and what is said when something is wrong. It runs on threads of its own, which nothing else of the binary
//! starts.

mod answer;
mod columns;
mod describe;
mod fields;
mod hive;
mod infer;
mod paths;
mod problem;
mod reader;
mod seen;
mod table;

pub use answer::Form;
pub use problem::Problem;

use crate::machine;
use answer::Answer;
use datafusion::dataframe::DataFrame;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionContext;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::functions::datetime::planner::DatetimeFunctionPlanner;
use datafusion::functions::unicode::planner::UnicodeFunctionPlanner;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::prelude::SessionConfig;
use datafusion::sql::TableReference;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast;
use fields::Fields;
use reader::Refused;
use std::future::poll_fn;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use table::Files;

/// Of every thread: expressions are looked at from top to bottom, and a question may be a long one.
const STACK_BYTES: usize = 64 << 20;

/// Of the machine's memory, so much may hold rows that are sorted, grouped or joined.
const MEMORY_SHARE: f64 = 0.5;

/// Where the system does not say how much memory there is.
const MEMORY_BYTES: u64 = 2 << 30;

/// Answers a question. What was left out on the way is returned, a sentence each.
pub fn ask(sql: &str, form: Form, out: &mut (dyn Write + Send)) -> Result<Vec<String>, Problem> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(machine::cores())
        .thread_name("weir-query")
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .map_err(|error| Problem::failed(format!("cannot start threads: {error}")))?;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("weir-query".to_owned());
        let asked = thread
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || runtime.block_on(answer(sql, form, out)))
            .map_err(|error| Problem::failed(format!("cannot start a thread: {error}")))?;
        asked.join().unwrap_or_else(|_| Err(Problem::broken("it ended in the middle")))
    })
}

async fn answer(
    sql: &str,
    form: Form,
    out: &mut (dyn Write + Send),
) -> Result<Vec<String>, Problem> {
    let context = context()?;
    let state = context.state();
    let wrong = |error| Problem::of(&error, sql);
    let dialect = state.config_options().sql_parser.dialect;
    let statement = state.sql_to_statement(sql, &dialect).map_err(wrong)?;
    if !reads(&statement) {
        return Err(Problem::no("`weir query` reads and changes nothing; write a `select`"));
    }
    let refused = Arc::new(Refused::default());
    let tables = tables(&context, &state, &statement, &refused).await?;
    if let Some(rows) = describe::described(&statement, &tables)? {
        let names = columns::as_they_are(rows.schema_ref());
        let mut answer = Answer::new(form, rows.schema_ref(), &names, out)?;
        answer.rows(&rows)?;
        answer.end()?;
        return Ok(Vec::new());
    }
    let plan = context.state().statement_to_plan(statement).await.map_err(wrong)?;
    let frame = DataFrame::new(context.state(), plan);
    let tables: Vec<&str> = tables.iter().map(|(name, _)| name.as_str()).collect();
    let names = columns::names(frame.schema(), &tables);
    let mut rows = frame.execute_stream().await.map_err(wrong)?;
    let mut answer = Answer::new(form, &rows.schema(), &names, out)?;
    while let Some(batch) = poll_fn(|context| rows.as_mut().poll_next(context)).await {
        if !answer.rows(&batch.map_err(wrong)?)? {
            return Ok(refused.said());
        }
    }
    answer.end()?;
    Ok(refused.said())
}

/// Whether a statement only reads.
fn reads(statement: &Statement) -> bool {
    match statement {
        Statement::Statement(it) => matches!(
            it.as_ref(),
            ast::Statement::Query(_)
                | ast::Statement::Explain { .. }
                | ast::Statement::ExplainTable { .. }
        ),
        Statement::Explain(it) => reads(&it.statement),
        _ => false,
    }
}

/// DataFusion, set up for one question: names are as they are written, and messages know their places.
fn context() -> Result<SessionContext, Problem> {
    let mut config = SessionConfig::new().with_target_partitions(machine::cores());
    let parser = &mut config.options_mut().sql_parser;
    parser.collect_spans = true;
    parser.enable_ident_normalization = false;
    let memory = machine::memory().unwrap_or(MEMORY_BYTES);
    let memory = usize::try_from(memory).unwrap_or(usize::MAX);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_limit(memory, MEMORY_SHARE)
        .build_arc()
        .map_err(|error| Problem::of(&error, ""))?;
    let mut context = SessionContext::new_with_config_rt(config, runtime);
    // `extract(hour from at)`, `position('a' in name)`, `window['start']`.
    let planners: [Arc<dyn ExprPlanner>; 3] =
        [Arc::new(DatetimeFunctionPlanner), Arc::new(UnicodeFunctionPlanner), Arc::new(Fields)];
    for planner in planners {
        context.register_expr_planner(planner).map_err(|error| Problem::of(&error, ""))?;
    }
    Ok(context)
}

/// Makes a table of every path that the question names.
async fn tables(
    context: &SessionContext,
    state: &SessionState,
    statement: &Statement,
    refused: &Arc<Refused>,
) -> Result<Vec<(String, Arc<Files>)>, Problem> {
    let names =
        state.resolve_table_references(statement).map_err(|error| Problem::of(&error, ""))?;
    let mut tables = Vec::new();
    for name in names {
        let TableReference::Bare { table } = &name else {
            let help = format!("`{name}` is no table; a path stands in quotes: from '{name}'");
            return Err(Problem::no(help));
        };
        // Not a path, but a function that gives rows: `generate_series(1, 10)`.
        if state.table_functions().contains_key(&**table) && !Path::new(&**table).exists() {
            continue;
        }
        let files = Arc::new(Files::open(table, state, refused).await?);
        context
            .register_table(name.clone(), Arc::clone(&files) as _)
            .map_err(|error| Problem::of(&error, ""))?;
        tables.push((table.to_string(), files));
    }
    Ok(tables)
}
