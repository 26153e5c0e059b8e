//! What the ending of a path says: how its rows are written and whether they are compressed.

use dsl::plan::{Arg, Args, ExprKind, TemplatePart};
use dsl::value::Value;

/// The path of standard input and output.
pub(super) const STANDARD: &str = "-";

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Records of the format of this name.
    Format(&'static str),
    /// Columns: a form of its own, which no format word reads.
    Parquet,
}

/// How its bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// What is known from a path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// None: the ending says nothing, so that `format:` is needed.
    pub(super) content: Option<Content>,
    pub(super) compression: Compression,
}

impl Shape {
    pub(super) fn of(path: &str) -> Shape {
        if path == STANDARD {
            let content = Some(Content::Format("json"));
            return Shape { content, compression: Compression::None };
        }
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
        let (name, compression) = match name.rsplit_once('.') {
            Some((rest, "gz")) => (rest, Compression::Gzip),
            Some((rest, "zst")) => (rest, Compression::Zstd),
            _ => (name.as_str(), Compression::None),
        };
        let content = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("jsonl" | "ndjson" | "json") => Some(Content::Format("json")),
            Some("csv") => Some(Content::Format("csv")),
            Some("parquet") => Some(Content::Parquet),
            _ => None,
        };
        Shape { content, compression }
    }

    /// The name of the format, unless it is a form of its own.
    pub(super) fn format(self) -> Option<&'static str> {
        match self.content {
            Some(Content::Format(name)) => Some(name),
            _ => None,
        }
    }

    pub(super) fn is_parquet(self) -> bool {
        self.content == Some(Content::Parquet)
    }
}

/// What is known of the argument `path` while a file is checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PathKnown<'a> {
    /// All of it.
    Whole(&'a str),
    /// How it ends: `"{site}.jsonl"`.
    Ending(&'a str),
    /// Nothing before the run starts.
    Nothing,
}

impl<'a> PathKnown<'a> {
    pub(super) fn of(args: &'a Args) -> Self {
        match args.get("path") {
            Some(Arg::Value(Value::String(path))) => Self::Whole(path),
            Some(Arg::RowPattern(parts)) => Self::of_parts(parts),
            Some(Arg::Constant(expr, _)) => match &expr.kind {
                ExprKind::Template(parts) => Self::of_parts(parts),
                ExprKind::Literal(Value::String(path)) => Self::Whole(path),
                _ => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }

    fn of_parts(parts: &'a [TemplatePart]) -> Self {
        match parts {
            [TemplatePart::Text(path)] => Self::Whole(path),
            [.., TemplatePart::Text(ending)] => Self::Ending(ending),
            _ => Self::Nothing,
        }
    }

    /// Its shape; none where not even its ending is known.
    pub(super) fn shape(&self) -> Option<Shape> {
        match self {
            Self::Whole(path) => Some(Shape::of(path)),
            Self::Ending(ending) => Some(Shape::of(ending)),
            Self::Nothing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_say_how_a_file_is_written() {
        let shape = |path| {
            let shape = Shape::of(path);
            (shape.content, shape.compression)
        };
        let json = Some(Content::Format("json"));
        assert_eq!(shape("a/b.jsonl"), (json, Compression::None));
        assert_eq!(shape("B.NDJSON.GZ"), (json, Compression::Gzip));
        assert_eq!(shape("x.csv.zst"), (Some(Content::Format("csv")), Compression::Zstd));
        assert_eq!(shape("x.parquet"), (Some(Content::Parquet), Compression::None));
        assert_eq!(shape("-"), (json, Compression::None));
        assert_eq!(shape("folder.csv/data"), (None, Compression::None));
        assert_eq!(shape("data.gz"), (None, Compression::Gzip));
    }
}
