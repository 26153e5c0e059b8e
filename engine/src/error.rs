//! What can go wrong while a pipeline runs, told by what the reader should do about it.
//!
//! Rows that are wrong are not errors of this kind: they go to the error stream with a [`crate::reason::Reason`].

use std::fmt;

/// The result of everything that can break a run.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What to do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user should change the file, an option or a permission.
    User,
    /// Something outside does not answer; worth another try.
    Unavailable,
    /// Something outside answers that it will not; another try gets the same answer.
    Refused,
    /// It was told to stop; nothing is wrong.
    Interrupted,
    /// The engine broke one of its own rules; it should be reported.
    Bug,
}

/// Why a run ends with exit code 3.
#[derive(Debug)]
pub struct Error {
    /// What to do about it.
    pub kind: ErrorKind,
    /// Which source, stream or sink, once it is known.
    pub place: Option<String>,
    /// What happened, and how to mend it unless `help` says that.
    pub message: String,
    /// What to type instead.
    pub help: Option<String>,
    /// What it came from.
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, place: None, message: message.into(), help: None, cause: None }
    }

    /// The user should change something.
    pub fn user(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::User, message)
    }

    /// Something outside does not answer.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// Something outside will not do it.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, message)
    }

    /// The engine broke one of its own rules.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, message)
    }

    /// Says what to type instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Keeps what it came from.
    #[must_use]
    pub fn because(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// Names the source, stream or sink, unless that is known already.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place.get_or_insert_with(|| place.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "`{place}`: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|it| it.as_ref() as _)
    }
}

impl From<arrow::error::ArrowError> for Error {
    /// Kernels are called with columns whose types were checked, so a refusal is a fault of the engine.
    fn from(error: arrow::error::ArrowError) -> Self {
        Error::bug("an arrow kernel refused its input").because(error)
    }
}

impl From<dsl::plan::ArgError> for Error {
    fn from(error: dsl::plan::ArgError) -> Self {
        Error::bug("a signature and its code disagree").because(error)
    }
}
