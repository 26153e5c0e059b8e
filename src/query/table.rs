//! Some files as a table of a question.

use super::hive::Hive;
use super::infer::Layout;
use super::paths::{self, Found};
use super::problem::Problem;
use super::reader::{Refused, TextFiles};
use async_trait::async_trait;
use connectors::file::Holds;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{ObjectMeta, ObjectStore};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::streaming::StreamingTableExec;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files of one format, with the columns that any of them has, and those that the names of their folders say.
#[derive(Debug)]
pub(super) struct Files {
    schema: SchemaRef,
    hive: Hive,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Parquet { columns: SchemaRef, files: Vec<ObjectMeta> },
    Text { layout: Arc<Layout>, files: Vec<PathBuf>, refused: Arc<Refused> },
}

impl Files {
    /// The table that a name stands for.
    pub(super) async fn open(
        name: &str,
        state: &SessionState,
        refused: &Arc<Refused>,
    ) -> std::result::Result<Self, Problem> {
        let Found { holds, files } = paths::find(name)?;
        let (columns, body) = match holds {
            Holds::Parquet => {
                let metas = files.iter().map(|it| meta(it)).collect::<Result<Vec<_>, _>>()?;
                let columns = footers(&files, &metas, state).await?;
                (Arc::clone(&columns), Body::Parquet { columns, files: metas })
            }
            Holds::Text(format) => {
                let layout = Arc::new(Layout::of(format, &files)?);
                let columns = engine::types::schema(&layout.columns);
                let refused = Arc::clone(refused);
                (columns, Body::Text { layout, files: files.clone(), refused })
            }
        };
        let hive = Hive::of(&files, |it| columns.field_with_name(it).is_ok());
        let fields = columns.fields().iter().chain(&hive.fields).cloned();
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        if schema.fields().is_empty() {
            return Err(Problem::no(format!("`{name}` is empty: it has no columns and no rows")));
        }
        Ok(Self { schema, hive, body })
    }

    fn plan(
        &self,
        threads: usize,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Planned> {
        match &self.body {
            Body::Parquet { columns, files } => {
                let file = |(meta, values): (&ObjectMeta, &Vec<_>)| {
                    let mut file = PartitionedFile::new_from_meta(meta.clone());
                    file.partition_values.clone_from(values);
                    file
                };
                let files: Vec<_> = files.iter().zip(&self.hive.values).map(file).collect();
                let groups = FileGroup::new(files).split_files(threads);
                let table = TableSchema::new(Arc::clone(columns), self.hive.fields.clone());
                let source = ParquetFormat::default().file_source(table);
                let store = ObjectStoreUrl::local_filesystem();
                let scan = FileScanConfigBuilder::new(store, source)
                    .with_file_groups(groups)
                    .with_projection_indices(projection.cloned())?
                    .with_limit(limit)
                    .build();
                Ok(Planned::Parquet(Box::new(scan)))
            }
            Body::Text { layout, files, refused } => {
                let all: Vec<usize> = (0..self.schema.fields().len()).collect();
                let wanted: Arc<[usize]> = projection.unwrap_or(&all).clone().into();
                let schema = Arc::new(self.schema.project(&wanted)?);
                let labelled: Vec<_> =
                    files.iter().cloned().zip(self.hive.values.iter().cloned()).collect();
                let share = labelled.len().div_ceil(threads.max(1)).max(1);
                let part = |files: &[_]| {
                    Arc::new(TextFiles {
                        layout: Arc::clone(layout),
                        files: Arc::new(files.to_vec()),
                        wanted: Arc::clone(&wanted),
                        schema: Arc::clone(&schema),
                        refused: Arc::clone(refused),
                    }) as _
                };
                let parts = labelled.chunks(share).map(part).collect();
                let exec = StreamingTableExec::try_new(schema, parts, None, [], false, limit)?;
                Ok(Planned::Text(Arc::new(exec)))
            }
        }
    }
}

enum Planned {
    Parquet(Box<FileScanConfig>),
    Text(Arc<dyn ExecutionPlan>),
}

#[async_trait]
impl TableProvider for Files {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match self.plan(state.config().target_partitions(), projection, limit)? {
            Planned::Text(plan) => Ok(plan),
            Planned::Parquet(scan) => {
                ParquetFormat::default().create_physical_plan(state, *scan).await
            }
        }
    }
}

/// A file, as DataFusion's readers know it.
fn meta(path: &Path) -> std::result::Result<ObjectMeta, Problem> {
    let found = std::fs::metadata(path).map_err(|error| paths::unreadable(path, &error))?;
    let location = StorePath::from_filesystem_path(path)
        .map_err(|error| Problem::usage(format!("cannot read `{}`: {error}", path.display())))?;
    Ok(ObjectMeta {
        location,
        last_modified: found.modified().map(Into::into).unwrap_or_default(),
        size: found.len(),
        e_tag: None,
        version: None,
    })
}

/// The columns that any of some Parquet files has.
async fn footers(
    files: &[PathBuf],
    metas: &[ObjectMeta],
    state: &SessionState,
) -> std::result::Result<SchemaRef, Problem> {
    let store = ObjectStoreUrl::local_filesystem();
    let store: Arc<dyn ObjectStore> =
        state.runtime_env().object_store(&store).map_err(|error| Problem::of(&error, ""))?;
    let format = ParquetFormat::default();
    let error = match format.infer_schema(state, &store, metas).await {
        Ok(schema) => return Ok(schema),
        Err(error) => error,
    };
    // All of them at once do not work: which one is it?
    for (path, meta) in files.iter().zip(metas) {
        if format.infer_schema(state, &store, std::slice::from_ref(meta)).await.is_err() {
            return Err(Problem::usage(format!(
                "`{}` cannot be read as Parquet; was it written to its end, and is it what its ending says?",
                path.display()
            )));
        }
    }
    Err(Problem::usage(format!(
        "the files have columns that do not fit together ({}); name those that do",
        Problem::of(&error, "")
    )))
}
