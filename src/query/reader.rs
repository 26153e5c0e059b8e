//! Text files as rows: records are decoded by the formats of the language, those that cannot be read are counted and said.

use super::infer::{Layout, PIECE_BYTES};
use super::problem::Problem;
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::PartitionStream;
use engine::reason::RejectedPayload;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Batches that wait for whoever works on them.
const WAITING_MAX: usize = 2;

/// Of a record that could not be read, so much is shown.
const SHOWN_LETTERS: usize = 80;

/// The records that could not be read, by file.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<BTreeMap<PathBuf, (u64, String)>>);

impl Refused {
    fn add(&self, path: &Path, rejected: &[RejectedPayload]) {
        let Some(first) = rejected.first() else { return };
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, _) = files.entry(path.to_owned()).or_insert_with(|| {
            let payload = String::from_utf8_lossy(&first.payload);
            let mut shown: String = payload.chars().take(SHOWN_LETTERS).collect();
            if shown.len() < payload.len() {
                shown.push('…');
            }
            (0, format!("{}: `{shown}`", first.fault.detail))
        });
        *count += rejected.len() as u64;
    }

    /// A sentence a file.
    pub(super) fn said(&self) -> Vec<String> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let say = |(path, (count, first)): (&PathBuf, &(u64, String))| {
            let records = if *count == 1 { "1 record" } else { &format!("{count} records") };
            let path = path.display();
            let are = if *count == 1 { "is" } else { "are" };
            format!("{records} of `{path}` cannot be read and {are} left out; the first: {first}")
        };
        files.iter().map(say).collect()
    }
}

/// One file, and what the names of its folders say.
pub(super) type Labelled = (PathBuf, Vec<ScalarValue>);

/// Some of the files of a table, read one after the other.
#[derive(Clone, Debug)]
pub(super) struct TextFiles {
    pub(super) layout: Arc<Layout>,
    pub(super) files: Arc<Vec<Labelled>>,
    /// Which of the columns of the files and of their folders come out, in this order.
    pub(super) wanted: Arc<[usize]>,
    /// Those, as Arrow columns.
    pub(super) schema: SchemaRef,
    pub(super) refused: Arc<Refused>,
}

impl PartitionStream for TextFiles {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut rows = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), WAITING_MAX);
        let (out, files) = (rows.tx(), self.clone());
        // Reading waits for the disk, so it is not done where others work.
        rows.spawn_blocking(move || {
            // Whoever wants no more rows has gone.
            files.read(|rows| out.blocking_send(Ok(rows)).is_ok())
        });
        rows.build()
    }
}

impl TextFiles {
    /// Hands rows to `take` until it wants no more.
    fn read(&self, mut take: impl FnMut(RecordBatch) -> bool) -> Result<()> {
        let own = self.layout.columns.len();
        let needed: Vec<bool> = (0..own).map(|it| self.wanted.contains(&it)).collect();
        let mut decoder = self.layout.decoder(&needed).map_err(|it| external(&it))?;
        for (path, labels) in &*self.files {
            let mut file = self.layout.open(path).map_err(|it| external(&it))?;
            while let Some(piece) = file.next(PIECE_BYTES).map_err(|it| external(&it))? {
                let decoded = decoder.decode(&piece).map_err(|it| external(&it))?;
                self.refused.add(path, &decoded.rejected);
                if decoded.rows.num_rows() > 0 && !take(self.rows(&decoded.rows, labels)?) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The wanted columns of the records, and of the folders around their file.
    fn rows(&self, records: &RecordBatch, labels: &[ScalarValue]) -> Result<RecordBatch> {
        let (own, rows) = (self.layout.columns.len(), records.num_rows());
        let array = |column: &usize| match labels.get(column.wrapping_sub(own)) {
            Some(label) => label.to_array_of_size(rows),
            None => Ok(Arc::clone(records.column(*column))),
        };
        let arrays = self.wanted.iter().map(array).collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?)
    }
}

fn external(error: &engine::error::Error) -> DataFusionError {
    DataFusionError::External(Box::new(Problem::failed(error.to_string())))
}
