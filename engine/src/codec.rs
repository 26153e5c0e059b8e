//! Formats: bytes to rows and back, apart from how the bytes travel.
//!
//! A decoder gives one verdict a message: its row, or why there is none. It works on one piece at a time and keeps no
//! state between pieces, so pieces of one split are decoded by several threads and put in order again behind them.

use crate::error::Result;
use crate::reason::RejectedPayload;
use crate::source::PayloadData;
use arrow::array::RecordBatch;
use dsl::plan::{Args, Schema};
use dsl::signature::Signature;
use dsl::types::Column;

/// Cuts a byte stream into pieces that can be decoded by themselves.
pub trait Framing: Send {
    /// How many bytes of `buffer` are whole records, from its start; `last` says that nothing follows. Called with the
    /// rest of the last call's buffer and what was read since.
    fn cut(&mut self, buffer: &[u8], last: bool) -> usize;

    /// How many bytes stand before the first record: a header line, which the source puts before every other piece of
    /// the file, so that each can be decoded by itself. None: the buffer does not hold all of it yet.
    fn header(&mut self, buffer: &[u8], last: bool) -> Option<usize>;
}

/// Turns payloads into rows.
pub trait Decoder: Send {
    /// Decodes a piece. What cannot be decoded goes to `rejected`; an `Err` is only for what breaks the run.
    fn decode(&mut self, data: &PayloadData) -> Result<Decoded>;
}

/// The rows of a piece.
#[derive(Debug)]
pub struct Decoded {
    /// The rows, with the columns of the source's schema, in order; columns that nobody reads are all null (zeros where
    /// no null may stand).
    pub rows: RecordBatch,
    /// For each row the message it came from; none: row `i` came from message `i`, or there were no messages.
    pub origins: Option<Vec<u32>>,
    /// What did not become a row.
    pub rejected: Vec<RejectedPayload>,
}

/// Turns rows into bytes.
pub trait Encoder: Send {
    /// Appends the rows to `out`, one payload a row, and the end of each payload to `ends`.
    fn encode(
        &mut self,
        rows: &RecordBatch,
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<()>;

    /// What stands before the first row of a file (a CSV header), and what between two payloads in a byte stream.
    fn frame(&self) -> Frame;
}

/// How payloads stand in a byte stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Before the first one.
    pub header: Vec<u8>,
    /// Behind each one.
    pub terminator: Vec<u8>,
}

/// What a decoder is built for.
#[derive(Debug)]
pub struct DecoderContext<'a> {
    /// The format's own options.
    pub options: &'a Args,
    /// What it reads; where the format brings its own columns, none.
    pub schema: Option<&'a Schema>,
    /// The columns of the source, whose order `Decoded::rows` has.
    pub columns: &'a [Column],
    /// Which of them anybody reads.
    pub needed: &'a [bool],
    /// The columns that the transport fills from `Message::captures`, in that order.
    pub captures: &'a [String],
    /// Whether unknown fields are faults.
    pub strict: bool,
}

/// A word of the vocabulary that is a format.
pub trait Format: Sync {
    /// How it is typed.
    fn signature(&self) -> &Signature;

    /// The columns that it brings by itself; none where a schema has to be declared.
    fn columns(&self) -> Option<Vec<Column>> {
        None
    }

    /// Cuts byte streams; none where a file is read as a whole by its connector.
    fn framing(&self, options: &Args) -> Option<Box<dyn Framing>>;

    /// A decoder, one for each worker.
    fn decoder(&self, context: DecoderContext<'_>) -> Result<Box<dyn Decoder>>;

    /// An encoder for rows of these columns.
    fn encoder(&self, options: &Args, columns: &[Column]) -> Result<Box<dyn Encoder>>;
}
