//! How a function is described: a few calls, one for each thing that a user reads.

use super::{Function, Runs};
use dsl::check::unify::unify;
use dsl::signature::{Example, Kind, Param, Returns, Signature, Takes, TypeClass};
use dsl::types::{Type, Typed};
use dsl::value::Value;

/// A function that is being described.
#[derive(Debug)]
pub(crate) struct Word {
    name: &'static str,
    others: &'static [&'static str],
    summary: &'static str,
    details: &'static str,
    params: Vec<Param>,
    gives: Rule,
    constants: Option<Constants>,
    examples: Vec<Example>,
}

/// What a call yields, told from the types of its arguments.
type Rule = fn(&[Typed]) -> Result<Typed, String>;

/// What is wrong with the arguments that are constants, those that are not known yet being none.
type Constants = fn(&[Option<&Value>]) -> Result<(), String>;

/// Begins the description of a function.
pub(crate) fn word(name: &'static str, summary: &'static str, gives: Rule) -> Word {
    let (params, examples) = (Vec::new(), Vec::new());
    Word { name, others: &[], summary, details: "", params, gives, constants: None, examples }
}

impl Word {
    /// What else a user should know.
    pub(crate) fn details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    /// Other names that people know it by.
    pub(crate) fn also(self, others: &'static [&'static str]) -> Self {
        Self { others, ..self }
    }

    /// The next parameter.
    pub(crate) fn takes(mut self, param: Param) -> Self {
        self.params.push(param);
        self
    }

    /// Looks at the arguments that are constants, before the first row.
    pub(crate) fn checks(self, constants: Constants) -> Self {
        Self { constants: Some(constants), ..self }
    }

    /// An expression and its value as JSON.
    pub(crate) fn example(mut self, source: &'static str, result: &'static str) -> Self {
        self.examples.push(Example { title: "", source, result });
        self
    }

    /// Ends the description: what works it out. One function a name.
    pub(crate) fn runs(self, runs: Runs) -> Vec<Function> {
        // The vocabulary is made once and lives as long as the program.
        let examples: &'static [Example] = self.examples.leak();
        let names = std::iter::once(&self.name).chain(self.others);
        let result = match self.constants {
            None => Returns::From(self.gives),
            Some(constants) => Returns::Checked { from: self.gives, constants },
        };
        let details = |name: &str| -> &'static str {
            if name == self.name {
                return self.details;
            }
            format!("Another name of `{}`. {}", self.name, self.details).leak()
        };
        let signature = |name: &&'static str| Signature {
            name,
            kind: Kind::Function,
            summary: self.summary,
            details: details(name),
            params: self.params.clone(),
            result,
            examples,
        };
        names.map(|name| Function { signature: signature(name), runs }).collect()
    }
}

fn param(name: &'static str, class: TypeClass, doc: &'static str) -> Param {
    Param::positional(name, Takes::Expr(class), doc)
}

/// An int, a float or a decimal.
pub(crate) fn number(name: &'static str, doc: &'static str) -> Param {
    param(name, TypeClass::Numeric, doc)
}

/// A float; an int is converted.
pub(crate) fn float(name: &'static str, doc: &'static str) -> Param {
    param(name, TypeClass::Is(Type::FLOAT), doc)
}

/// An int.
pub(crate) fn int(name: &'static str, doc: &'static str) -> Param {
    param(name, TypeClass::Is(Type::Int), doc)
}

/// Text.
pub(crate) fn text(name: &'static str, doc: &'static str) -> Param {
    param(name, TypeClass::Is(Type::String), doc)
}

/// True or false.
pub(crate) fn truth(name: &'static str, doc: &'static str) -> Param {
    param(name, TypeClass::Is(Type::Bool), doc)
}

/// A duration.
pub(crate) fn duration(name: &'static str, doc: &'static str) -> Param {
    param(name, TypeClass::Is(Type::Duration), doc)
}

/// A timestamp.
pub(crate) fn timestamp(name: &'static str, doc: &'static str) -> Param {
    param(name, TypeClass::Is(Type::Timestamp), doc)
}

/// A timestamp or a date.
pub(crate) fn time(name: &'static str, doc: &'static str) -> Param {
    param(name, TypeClass::Time, doc)
}

/// A value with an order.
pub(crate) fn ordered(name: &'static str, doc: &'static str) -> Param {
    param(name, TypeClass::Ordered, doc)
}

/// A value of any type.
pub(crate) fn any(name: &'static str, doc: &'static str) -> Param {
    param(name, TypeClass::Any, doc)
}

/// `ty`, null where an argument is.
fn strict(args: &[Typed], ty: Type) -> Typed {
    Typed { ty, nullable: args.iter().any(|it| it.nullable) }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident => $ty:expr;)*) => {
        $(
            $(#[$doc])*
            pub(crate) fn $name(args: &[Typed]) -> Result<Typed, String> {
                Ok(strict(args, $ty))
            }
        )*
    };
}

rules! {
    /// An int, null where an argument is.
    an_int => Type::Int;
    /// A float, null where an argument is.
    a_float => Type::FLOAT;
    /// Text, null where an argument is.
    a_text => Type::String;
    /// True or false, null where an argument is.
    boolean => Type::Bool;
    /// A timestamp, null where an argument is.
    a_timestamp => Type::Timestamp;
    /// A date, null where an argument is.
    a_date => Type::Date;
}

/// The type of the first argument, null where an argument is.
pub(crate) fn first(args: &[Typed]) -> Result<Typed, String> {
    let ty = args.first().map(|it| it.ty.clone()).ok_or("a value is missing")?;
    Ok(strict(args, ty))
}

/// The one type that all arguments have, null where all are.
pub(crate) fn unified(args: &[Typed]) -> Result<Typed, String> {
    let (first, rest) = args.split_first().ok_or("a value is missing")?;
    let mut all = first.clone();
    for typed in rest {
        all = unify(&all, typed)
            .ok_or_else(|| format!("{} and {} have no common type", all.ty, typed.ty))?;
    }
    let nullable = args.iter().all(|it| it.nullable);
    Ok(all.with_nullable(nullable))
}
