//! Standard output, for the sinks that write rows to it, and what becomes of them when nobody reads it any more.
//!
//! ```text
//!  weir run x.pipe | head -1        head has its line and goes ──► write: broken pipe ──► deserted: the run stops
//! ```

use std::io::{self, ErrorKind, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Waker;

/// Standard output. When whoever reads it has gone, nothing is written any more, and no error is made of that.
pub(crate) struct StandardOutput {
    output: Stdout,
    readers: Arc<Readers>,
    waker: Waker,
}

/// Who reads standard output, as a sink sees it.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    gone: AtomicBool,
    missed: AtomicU64,
}

impl Readers {
    /// Whether they have gone.
    pub(crate) fn are_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// How many rows they have missed since.
    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Acquire)
    }
}

impl StandardOutput {
    /// The waker is called when whoever reads it has gone.
    pub(crate) fn new(waker: Waker) -> Self {
        Self { output: io::stdout(), readers: Arc::default(), waker }
    }

    /// Who reads it.
    pub(crate) fn readers(&self) -> Arc<Readers> {
        Arc::clone(&self.readers)
    }

    /// Writes rows, each of which ends at one of `ends`, and flushes.
    pub(crate) fn write(&mut self, text: &[u8], ends: &[usize]) -> io::Result<()> {
        let mut out = 0;
        let written =
            if self.readers.are_gone() { Ok(false) } else { put(&self.output, text, &mut out) };
        if written? {
            return Ok(());
        }
        let missed = ends.iter().filter(|it| **it > out).count();
        self.readers.missed.fetch_add(missed as u64, Ordering::AcqRel);
        if !self.readers.gone.swap(true, Ordering::AcqRel) {
            self.waker.wake_by_ref();
        }
        Ok(())
    }
}

/// Writes all of it; `out` is how much of it went out. False: nobody reads it any more.
fn put(output: &Stdout, text: &[u8], out: &mut usize) -> io::Result<bool> {
    let mut output = output.lock();
    let outcome = loop {
        match output.write(&text[*out..]) {
            Ok(_) if *out == text.len() => break output.flush(),
            Ok(0) => break Err(ErrorKind::WriteZero.into()),
            Ok(bytes) => *out += bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    match outcome {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        outcome => outcome.map(|()| true),
    }
}
