//! Every code a diagnostic can have. A code that appeared in a release is never used for anything else.
//!
//! | range | about |
//! |---|---|
//! | E01xx | the text does not parse |
//! | E02xx | names: unknown, defined twice, in a circle |
//! | E03xx | types and expressions |
//! | E04xx | arguments and options of a word |
//! | E05xx | steps, windows, time |
//! | E06xx | sources, sinks and what they can promise |
//! | E07xx | tests in a file |
//! | E08xx | not in this version |
//! | W09xx | warnings |

use super::Severity;
use std::fmt;

macro_rules! codes {
    ($($name:ident = $number:literal, $meaning:literal;)*) => {
        /// A stable code: `E0201`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $meaning] $name = $number,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// What it stands for, one line.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    UnexpectedText = 101, "something else was expected here";
    UnclosedBracket = 102, "a bracket is not closed, or by another one";
    UnopenedBracket = 103, "a bracket closes nothing";
    TooDeep = 104, "brackets are nested too deep, or a stream has too many steps";
    UnclosedText = 105, "a text or quoted name is not closed in its line";
    LeadingZero = 106, "a number begins with a superfluous 0";
    NumberTooLarge = 107, "a number does not fit its type";
    OddDuration = 108, "a duration is no whole number of microseconds";
    UnknownUnit = 109, "letters behind a number that mean nothing together";
    NoSuchTime = 110, "a date or time that is in no calendar";
    UnknownName = 201, "no such column or param";
    UnknownStream = 202, "no such source, stream or sink";
    UnknownStep = 203, "no such step";
    UnknownFunction = 204, "no such function";
    UnknownConnector = 205, "no such connector";
    UnknownFormat = 206, "no such format";
    UnknownWindow = 207, "no such window";
    UnknownDetector = 208, "no such detector";
    UnknownCombination = 209, "no such combination of streams";
    UnknownSchema = 210, "no such schema";
    UnknownParam = 211, "no such param";
    UnknownField = 212, "no such field of a struct";
    UnknownType = 213, "no such type";
    UnknownSide = 214, "no such side stream";
    NoLateRows = 215, "a stream that finds no row late has no `.late`";
    DefinedTwice = 216, "a name stands for one thing in a file";
    Circle = 217, "streams that read each other in a circle";
    ReadsOwnErrors = 218, "a sink cannot read the rows that it could not write";
    ColumnAndParam = 219, "a name that is both a column and a param";
    OtherKindOfName = 220, "the name stands for another kind of thing";
    WrongType = 301, "a value of another type is needed";
    CannotCompare = 302, "values of these types cannot be compared";
    ComparedWithNull = 303, "nothing is equal to null; ask with `is null`";
    ChainedComparison = 304, "comparisons cannot be chained";
    TextPlus = 305, "texts are not joined by `+`";
    CannotCalculate = 306, "the operator does not take values of these types";
    NotACondition = 307, "true or false is needed";
    NoFields = 308, "only structs have fields";
    CannotIndex = 309, "only lists and maps have elements";
    ImpossibleCast = 310, "no value of this type can become one of that";
    MixedTypes = 311, "these values need one type in common";
    RangeOutsideIn = 312, "a range stands behind `in` and in some options only";
    InWithoutSet = 313, "a range or a list is needed behind `in`";
    QuantityInRow = 314, "sizes and rates stand in options only";
    IfShape = 315, "`if` takes conditions with values, then a last value";
    BadHole = 316, "this cannot be filled into a text";
    AggregateOutside = 317, "an aggregate stands outside `aggregate`";
    NestedAggregate = 318, "an aggregate stands inside another";
    NotAggregated = 319, "a column that differs within a group";
    MetaGone = 320, "these rows have no metadata any more";
    BadBounds = 321, "bounds that no value could keep to";
    BadDefault = 322, "a default that its own type or bounds refuse";
    BadTypeArguments = 323, "a type is written with other arguments";
    FieldTwice = 324, "two fields of one name";
    BadArguments = 325, "the word refuses arguments of these types";
    SecretInRow = 327, "secrets stand in options only";
    BareMeta = 328, "`meta` is no value by itself";
    MissingArgument = 401, "an argument is missing";
    UnknownOption = 402, "no such option";
    GivenTwice = 403, "an argument is given twice";
    PositionalAfterOption = 404, "options come last";
    TooManyArguments = 405, "an argument too many";
    DefinitionForOption = 406, "options are written with `:`";
    OptionForDefinition = 407, "new columns are written with `=`";
    ConstantNeeded = 408, "the value has to be known before the first row";
    ColumnNeeded = 409, "the name of a column is needed";
    UnknownChoice = 410, "not one of the choices";
    WordNeeded = 411, "a word of the vocabulary is needed";
    StreamNeeded = 412, "the name of a stream is needed";
    SchemaNeeded = 413, "the name of a schema is needed";
    RecordNeeded = 414, "a record is needed";
    BadPattern = 415, "a pattern with braces that do not name columns";
    UnnamedItem = 416, "a new column needs a name";
    EqualNames = 417, "two columns of one name";
    ComparisonMeant = 418, "`=` makes a column, `==` compares";
    DetectorShape = 419, "one detector, or several with a name each";
    BadConstant = 420, "a constant that cannot be worked out";
    BadOption = 421, "a value that the option does not take";
    OptionsClash = 422, "options that do not go together";
    WindowAlone = 501, "`window` is followed by `aggregate`";
    AggregateAlone = 502, "`aggregate` stands directly behind `window`";
    SecondLateStep = 503, "a stream has at most one step that finds rows late";
    UpdatesNeedFinal = 504, "rows that are revised later would count twice";
    ColumnExists = 505, "a column of this name exists already";
    IntoNotLast = 506, "`into` is the last step of a sink";
    IntoOutsideSink = 507, "only a sink ends in `into`";
    StepShape = 508, "the step does not work on these rows";
    ColumnsDiffer = 509, "streams whose columns do not fit together";
    SinkWithoutInto = 601, "a sink ends in `| into …`";
    SourceWithSteps = 602, "a source has no steps";
    SourceWithoutConnector = 603, "a source begins with a connector";
    SchemaMissing = 604, "the columns have to be declared";
    OutOfOrderMissing = 605, "how far out of order rows may come has to be said";
    SourceRefuses = 606, "a source that cannot do this";
    SinkRefuses = 607, "a sink that cannot do this";
    FeedTarget = 701, "only sources are fed";
    UnknownRowColumn = 702, "the rows have no such column";
    RowShape = 703, "a row of a test is a record";
    RowNotConstant = 704, "a row of a test is made of constants";
    RowType = 705, "a value in a row that its column does not take";
    TestTime = 706, "a duration or a time is needed";
    TestCount = 707, "a number of rows is needed";
    SetAfterFeed = 708, "params are set before the first row";
    TestTwice = 709, "two tests of one name";
    FeedAfterEnd = 710, "rows are fed where the inputs have ended";
    NotInThisVersion = 801, "the language has it, this version does not run it yet";
    ArrivalBehindUnion = 901, "a step in the order of arrival behind streams whose order is free";
    NeverNull = 902, "the value is never null";
    AlwaysTheSame = 903, "a condition that does not depend on the row";
    SinkAdvice = 904, "a sink that will probably not do what is meant";
    SourceAdvice = 905, "a source that will probably not do what is meant";
    TestWithoutExpect = 906, "a test that expects nothing";
}

impl Code {
    /// Numbers from 900 are warnings.
    pub fn severity(self) -> Severity {
        if (self as u16) < 900 { Severity::Error } else { Severity::Warning }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = if self.severity() == Severity::Error { 'E' } else { 'W' };
        write!(f, "{letter}{:04}", *self as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_written_with_four_digits() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(Code::UnknownName.to_string(), "E0201");
    }
}
