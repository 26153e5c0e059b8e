//! The rows of a piece while they are decoded: accepted whole or not at all.

use super::builder::Builder;
use super::shape::{Member, Refusal};
use super::text::scalar;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use dsl::types::Type;
use engine::codec::{Decoded, DecoderContext};
use engine::error::Result;
use engine::reason::{Fault, RejectedPayload};
use engine::types::{data_type, schema};

/// The columns of a source while they are filled.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    schema: SchemaRef,
    rows: usize,
    /// The message that is being decoded, or the record of a stream.
    pub(crate) message: u32,
    /// Where a payload is a message: the message of each row.
    origins: Option<Vec<u32>>,
    rejected: Vec<RejectedPayload>,
    scratch: Vec<u8>,
}

/// One column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) member: Member,
    pub(crate) builder: Builder,
    /// Whether anybody reads it. One that nobody reads is checked all the same, but not kept.
    pub(crate) read: bool,
    /// Which of a message's captures fills it.
    pub(crate) capture: Option<usize>,
    ty: Type,
    blank: Option<ArrayRef>,
}

impl Table {
    pub(crate) fn new(context: &DecoderContext<'_>) -> Result<Self> {
        let fields = context.schema.map_or(&[][..], |it| &it.fields);
        let column = |(i, column): (usize, &dsl::types::Column)| {
            let field = fields.iter().find(|it| it.column.name == column.name);
            let member = match field {
                Some(field) => Member::of_field(field)?,
                None => Member::of_column(column)?,
            };
            Ok(Column {
                member,
                builder: Builder::new(&column.typed.ty),
                read: context.needed.get(i).copied().unwrap_or(true),
                capture: context.captures.iter().position(|it| *it == column.name),
                ty: column.typed.ty.clone(),
                blank: None,
            })
        };
        Ok(Self {
            columns: context.columns.iter().enumerate().map(column).collect::<Result<_>>()?,
            schema: schema(context.columns),
            rows: 0,
            message: 0,
            origins: None,
            rejected: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Before the first record of a piece.
    pub(crate) fn begin(&mut self, messages: bool) {
        self.message = 0;
        self.origins = messages.then(Vec::new);
    }

    /// Every column that is read has got a value: they are a row.
    #[inline]
    pub(crate) fn accept(&mut self) {
        self.rows += 1;
        if let Some(origins) = &mut self.origins {
            origins.push(self.message);
        }
    }

    /// Takes back what was pushed for a row that is not to be.
    pub(crate) fn take_back(&mut self) {
        for column in &mut self.columns {
            column.builder.truncate(if column.read { self.rows } else { 0 });
        }
    }

    /// Empties the columns that nobody reads, where they were filled to be checked.
    pub(crate) fn clear_unread(&mut self) {
        self.columns.iter_mut().filter(|it| !it.read).for_each(|it| it.builder.truncate(0));
    }

    /// Refuses a payload, and takes back what was pushed for it.
    pub(crate) fn reject(&mut self, refusal: Refusal, payload: Bytes) {
        self.take_back();
        self.rejected.push(RejectedPayload {
            fault: Fault {
                row: self.message,
                reason: refusal.reason,
                detail: refusal.detail,
                column: refusal.column,
            },
            payload,
            before: self.rows as u32,
        });
    }

    /// Fills a column with text from outside the payload.
    pub(crate) fn fill(&mut self, column: usize, text: &str) -> Result<(), Refusal> {
        let Column { member, builder, .. } = &mut self.columns[column];
        scalar(&member.shape.kind, text, &mut self.scratch)
            .and_then(|it| member.shape.accept(it, builder))
            .map_err(|it| it.of(&member.name))
    }

    /// The rows; the table is empty afterwards.
    pub(crate) fn finish(&mut self) -> Result<Decoded> {
        let rows = std::mem::take(&mut self.rows);
        let arrays = self.columns.iter_mut().map(|it| it.finish(rows)).collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let origins = self.origins.take();
        let rejected = std::mem::take(&mut self.rejected);
        let plain = rejected.is_empty() && origins.iter().flatten().zip(0..).all(|(a, b)| *a == b);
        Ok(Decoded {
            rows: RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)?,
            origins: origins.filter(|_| !plain),
            rejected,
        })
    }
}

impl Column {
    fn finish(&mut self, rows: usize) -> Result<ArrayRef> {
        if self.read {
            return self.builder.finish();
        }
        let kept = self.blank.as_ref().filter(|it| it.len() >= rows);
        let blank = match kept {
            Some(blank) => blank.clone(),
            None if self.member.shape.nullable => new_null_array(&data_type(&self.ty), rows),
            None => {
                (0..rows).for_each(|_| self.builder.push_nothing());
                self.builder.finish()?
            }
        };
        self.blank = Some(blank.clone());
        Ok(blank.slice(0, rows))
    }
}
