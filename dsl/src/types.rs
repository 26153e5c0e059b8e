//! The types of the language and the columns of a stream. No Arrow here: `engine::types` maps them.

use std::fmt;

/// What a value can be, nulls aside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// 64-bit signed; overflow is an error row, never a wrap.
    Int,
    /// 64-bit IEEE. The unit (`float<°C>`) is carried along and not converted.
    Float(Option<String>),
    /// Exact decimal with `precision` digits, `scale` of them after the point.
    Decimal {
        /// All digits, 1 to 38.
        precision: u8,
        /// Digits after the point.
        scale: i8,
    },
    /// UTF-8 text.
    String,
    /// Any bytes.
    Bytes,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp,
    /// Microseconds.
    Duration,
    /// Days since 1970-01-01.
    Date,
    /// Any JSON value, kept as its text.
    Json,
    /// Values of one type, in order.
    List(Box<Typed>),
    /// Named fields.
    Struct(Vec<Column>),
    /// Keys (string) to values.
    Map(Box<Typed>, Box<Typed>),
    /// The type of the literal `null`: fits everywhere a null may stand.
    Null,
    /// Something that could not be typed and was reported already: fits everywhere, silences what would follow from it.
    Unknown,
}

/// A type and whether a null may stand there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Typed {
    /// What it is when it is not null.
    pub ty: Type,
    /// Whether it can be null.
    pub nullable: bool,
}

/// A column of a stream, or a field of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// As the file writes it, without backticks.
    pub name: String,
    /// What it holds.
    pub typed: Typed,
}

impl Type {
    /// A float without a unit.
    pub const FLOAT: Type = Type::Float(None);

    /// This type where a null cannot stand.
    pub fn required(self) -> Typed {
        Typed { ty: self, nullable: false }
    }

    /// This type where a null may stand.
    pub fn nullable(self) -> Typed {
        Typed { ty: self, nullable: true }
    }

    /// `int`, `float` or `decimal`.
    pub fn is_numeric(&self) -> bool {
        matches!(self, Type::Int | Type::Float(_) | Type::Decimal { .. })
    }

    /// Already reported, so that nothing should be said about it again.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Type::Unknown)
    }
}

impl Typed {
    /// The same type with or without nulls.
    #[must_use]
    pub fn with_nullable(self, nullable: bool) -> Typed {
        Typed { nullable, ..self }
    }
}

impl Column {
    /// A column `name` of this type.
    pub fn new(name: impl Into<String>, typed: Typed) -> Self {
        Self { name: name.into(), typed }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Float(None) => f.write_str("float"),
            Type::Float(Some(unit)) => write!(f, "float<{unit}>"),
            Type::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            Type::String => f.write_str("string"),
            Type::Bytes => f.write_str("bytes"),
            Type::Timestamp => f.write_str("timestamp"),
            Type::Duration => f.write_str("duration"),
            Type::Date => f.write_str("date"),
            Type::Json => f.write_str("json"),
            Type::List(element) => write!(f, "list<{element}>"),
            Type::Struct(fields) => {
                f.write_str("struct{")?;
                for (i, field) in fields.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{}: {}", field.name, field.typed)?;
                }
                f.write_str("}")
            }
            Type::Map(key, value) => write!(f, "map<{key}, {value}>"),
            Type::Null => f.write_str("null"),
            Type::Unknown => f.write_str("unknown"),
        }
    }
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.nullable && self.ty != Type::Null { "?" } else { "" };
        write!(f, "{}{mark}", self.ty)
    }
}
