//! Which columns text files have: all of it is read once to find out, up to a limit, since the type of a column is the one
//! that holds all of its values.

use super::problem::Problem;
use super::seen::Seen;
use crate::registry::Registry;
use arrow::array::AsArray;
use connectors::file::TextFile;
use connectors::formats::csv;
use dsl::plan::{Arg, Args, Field, Schema};
use dsl::span::{Span, Spanned};
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::codec::{Decoder, DecoderContext, Format};
use engine::error::{Error, Result};
use engine::source::PayloadData;
use engine::vocabulary::Vocabulary;
use serde::de::{DeserializeSeed, IgnoredAny};
use std::path::PathBuf;

/// How much is read at a time.
pub(super) const PIECE_BYTES: usize = 1 << 20;

/// So much of a table is read to find its types; behind that, the beginning of each file.
const LOOKED_AT_BYTES: usize = 256 << 20;

/// The characters that may stand between the fields of CSV, if there is no comma in its first line.
const DELIMITERS: [char; 3] = [';', '\t', '|'];

/// How text is read.
pub(super) struct Layout {
    format: &'static dyn Format,
    options: Args,
    /// The columns, in the order in which they first came.
    pub(super) columns: Vec<Column>,
    schema: Schema,
}

impl std::fmt::Debug for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layout").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Layout {
    /// Finds out about files of this format.
    pub(super) fn of(format: &'static str, files: &[PathBuf]) -> Result<Self, Problem> {
        let csv = format == "csv";
        let format = Registry.format(format).ok_or_else(|| Problem::broken("a format is gone"))?;
        let mut layout = Self::new(format, Args::default(), Vec::new());
        let found = if csv { records(&mut layout, files) } else { objects(&layout, files) };
        let columns = found.map_err(|error| Problem::usage(error.to_string()))?;
        Ok(Self::new(format, layout.options, columns))
    }

    fn new(format: &'static dyn Format, options: Args, columns: Vec<Column>) -> Self {
        let fields = columns.iter().map(Field::plain).collect();
        let schema = Schema { name: "Row".to_owned(), fields };
        Self { format, options, columns, schema }
    }

    /// Opens one of the files.
    pub(super) fn open(&self, path: &std::path::Path) -> Result<TextFile> {
        let path = path.to_str().ok_or_else(|| {
            Error::user(format!("the name of `{}` is not UTF-8; rename it", path.display()))
        })?;
        TextFile::open(path, self.format, &self.options)
    }

    /// Reads records; only the columns that are needed are filled.
    pub(super) fn decoder(&self, needed: &[bool]) -> Result<Box<dyn Decoder>> {
        self.format.decoder(DecoderContext {
            options: &self.options,
            schema: Some(&self.schema),
            columns: &self.columns,
            needed,
            captures: &[],
            strict: false,
        })
    }
}

/// Calls `look` with pieces of all files, until enough is known.
fn pieces(
    layout: &Layout,
    files: &[PathBuf],
    mut look: impl FnMut(&PayloadData) -> Result<()>,
) -> Result<()> {
    let mut left = LOOKED_AT_BYTES;
    for path in files {
        let mut file = layout.open(path)?;
        let mut first = true;
        while first || left > 0 {
            let Some(piece) = file.next(PIECE_BYTES)? else { break };
            if let PayloadData::Stream(bytes) = &piece {
                left = left.saturating_sub(bytes.len());
            }
            look(&piece)?;
            first = false;
        }
    }
    Ok(())
}

/// The columns of JSON lines. What is no JSON is said when it is read.
fn objects(layout: &Layout, files: &[PathBuf]) -> Result<Vec<Column>> {
    let mut seen = Seen::default();
    pieces(layout, files, |piece| {
        let PayloadData::Stream(bytes) = piece else { return Ok(()) };
        for line in bytes.split(|it| *it == b'\n') {
            // An empty or broken line says nothing about types; it is told when it is read.
            if serde_json::from_slice::<IgnoredAny>(line).is_ok() {
                drop(seen.deserialize(&mut serde_json::Deserializer::from_slice(line)));
            }
        }
        Ok(())
    })?;
    Ok(seen.columns())
}

/// The columns of CSV, and what stands between two fields.
fn records(layout: &mut Layout, files: &[PathBuf]) -> Result<Vec<Column>> {
    if let Some(first) = files.first()
        && let Some(PayloadData::Stream(bytes)) = layout.open(first)?.next(PIECE_BYTES)?
    {
        layout.options = options(&bytes);
    }
    let mut names: Vec<String> = Vec::new();
    for path in files {
        if let Some(PayloadData::Stream(bytes)) = layout.open(path)?.next(PIECE_BYTES)? {
            for name in csv::names(&bytes, &layout.options)? {
                if !name.is_empty() && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    let texts = names.iter().map(|it| Column::new(it, Type::String.nullable())).collect();
    let texts = Layout::new(layout.format, layout.options.clone(), texts);
    let mut decoder = texts.decoder(&vec![true; names.len()])?;
    let mut seen: Vec<Seen> = names.iter().map(|_| Seen::default()).collect();
    pieces(&texts, files, |piece| {
        let rows = decoder.decode(piece)?.rows;
        for (seen, column) in seen.iter_mut().zip(rows.columns()) {
            column.as_string::<i32>().iter().flatten().for_each(|it| seen.note_field(it));
        }
        Ok(())
    })?;
    let column = |(name, seen): (&String, Seen)| {
        // Fields of several kinds are texts.
        let ty = Some(seen.ty()).filter(|it| *it != Type::Json).unwrap_or(Type::String);
        Column::new(name, ty.nullable())
    };
    Ok(names.iter().zip(seen).map(column).collect())
}

/// The delimiter, told from the first line.
fn options(text: &[u8]) -> Args {
    let line = text.split(|it| *it == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut options = Args::default();
    if let Some(delimiter) = DELIMITERS.iter().find(|it| line.contains(**it) && !line.contains(','))
    {
        let value = Arg::Value(Value::String(delimiter.to_string()));
        let arg = Spanned { node: value, span: Span::default() };
        options.given.push(("delimiter".to_owned(), arg));
    }
    options
}
