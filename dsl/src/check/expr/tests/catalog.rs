//! A small vocabulary.

use crate::catalog::Catalog;
use crate::signature::{Constant, Kind, Param, Returns, Signature, Takes, TypeClass};
use crate::types::Type;

/// The words.
pub(super) struct Words(Vec<Signature>);

impl Words {
    pub(super) fn new() -> Self {
        let text = || Takes::Expr(TypeClass::Is(Type::String));
        let number = || Takes::Expr(TypeClass::Numeric);
        let param = |name, takes| Param::positional(name, takes, "An argument.");
        let same = Returns::From(|args| Ok(args[0].clone()));
        let float =
            Returns::From(|args| Ok(Type::FLOAT.required().with_nullable(args[0].nullable)));
        Self(vec![
            word("upper", Kind::Function, vec![param("text", text())], same),
            word(
                "sqrt",
                Kind::Function,
                vec![param("x", Takes::Expr(TypeClass::Is(Type::FLOAT)))],
                float,
            ),
            word(
                "round",
                Kind::Function,
                vec![
                    param("x", number()),
                    param("digits", Takes::Constant(Constant::Int)).optional(),
                ],
                same,
            ),
            word(
                "least",
                Kind::Function,
                vec![Param::repeated("values", Takes::Expr(TypeClass::Ordered), "Values.")],
                Returns::From(|args| match args.iter().find(|it| it.ty != args[0].ty) {
                    None => Ok(args[0].clone()),
                    Some(other) => Err(format!("`{other}` is not `{}`", args[0])),
                }),
            ),
            word("avg", Kind::Aggregate, vec![param("x", number())], float),
            word("max", Kind::Aggregate, vec![param("x", Takes::Expr(TypeClass::Ordered))], same),
            word("count", Kind::Aggregate, Vec::new(), Returns::From(|_| Ok(Type::Int.required()))),
            word(
                "percentile",
                Kind::Aggregate,
                vec![param("x", number()), param("p", Takes::Constant(Constant::Float))],
                float,
            ),
            word("sigma", Kind::Detector, vec![param("x", number())], Returns::Nothing),
            word("tumbling", Kind::Window, Vec::new(), Returns::Nothing),
        ])
    }
}

fn word(name: &'static str, kind: Kind, params: Vec<Param>, result: Returns) -> Signature {
    Signature {
        name,
        kind,
        summary: "A word of the tests.",
        details: "",
        params,
        result,
        examples: &[],
    }
}

impl Catalog for Words {
    fn signatures(&self) -> Vec<&Signature> {
        self.0.iter().collect()
    }

    fn knows_zone(&self, _zone: &str) -> bool {
        true
    }
}
