//! Every word of the language: what the engine has, and the connectors and formats of this binary.

use dsl::catalog::{Catalog, FromRule, Refusal, SinkRule, SourceRule, StepRule};
use dsl::plan::{SinkPlan, SourcePlan};
use dsl::signature::Signature;
use dsl::types::Column;
use engine::codec::{DecoderContext, Format};
use engine::error::Error;
use engine::function::Function;
use engine::sink::SinkDef;
use engine::source::SourceDef;
use engine::vocabulary::Vocabulary;
use engine::{aggregates, combinations, detectors, functions, operators, windows};

/// The format in which people are shown rows.
const SHOWN: &str = "json";

/// The whole vocabulary.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registry;

impl Catalog for Registry {
    fn signatures(&self) -> Vec<&Signature> {
        let mut all: Vec<&Signature> = Vec::new();
        all.extend(connectors::sources().iter().map(|it| it.signature()));
        all.extend(connectors::sinks().iter().map(|it| it.signature()));
        all.extend(connectors::formats().iter().map(|it| it.signature()));
        all.extend(combinations::all().iter().map(|it| it.signature()));
        all.extend(operators::all().iter().map(|it| it.signature()));
        all.extend(windows::all().iter().map(|it| it.signature()));
        all.extend(aggregates::all().iter().map(|it| it.signature()));
        all.extend(detectors::all().iter().map(|it| it.signature()));
        all.extend(functions::all().iter().map(Function::signature));
        all
    }

    fn step(&self, name: &str) -> Option<&dyn StepRule> {
        let found = operators::get(name)?;
        Some(found)
    }

    fn from(&self, name: &str) -> Option<&dyn FromRule> {
        let found = combinations::get(name)?;
        Some(found)
    }

    fn source(&self, name: &str) -> Option<&dyn SourceRule> {
        let found = Vocabulary::source(self, name)?;
        Some(found)
    }

    fn sink(&self, name: &str) -> Option<&dyn SinkRule> {
        let found = Vocabulary::sink(self, name)?;
        Some(found)
    }

    fn format_columns(&self, name: &str) -> Option<Vec<Column>> {
        self.format(name)?.columns()
    }

    fn unreadable(&self, plan: &SourcePlan) -> Option<Refusal> {
        let source = Vocabulary::source(self, &plan.connector.word)?;
        let format = plan.format.as_ref()?;
        let context = DecoderContext {
            options: &format.args,
            schema: plan.schema.as_ref(),
            columns: &plan.columns,
            needed: &vec![true; plan.columns.len()],
            captures: &source.captures(plan),
            strict: plan.connector.args.opt_bool("strict").ok().flatten().unwrap_or(false),
        };
        self.format(&format.word)?.decoder(context).err().map(|it| refusal(&format.word, it))
    }

    fn unwritable(&self, plan: &SinkPlan) -> Option<Refusal> {
        let format = plan.format.as_ref()?;
        let encoder = self.format(&format.word)?.encoder(&format.args, &plan.columns);
        encoder.err().map(|it| refusal(&format.word, it))
    }

    fn knows_zone(&self, name: &str) -> bool {
        engine::time::knows_zone(name)
    }
}

/// Why a format does not go together with what it is used for.
fn refusal(word: &str, error: Error) -> Refusal {
    let help = error.help.unwrap_or_else(|| format!("`weir docs {word}` says what it takes"));
    Refusal { message: error.message, help }
}

impl Vocabulary for Registry {
    fn source(&self, word: &str) -> Option<&'static dyn SourceDef> {
        connectors::sources().iter().copied().find(|it| it.signature().name == word)
    }

    fn sink(&self, word: &str) -> Option<&'static dyn SinkDef> {
        connectors::sinks().iter().copied().find(|it| it.signature().name == word)
    }

    fn format(&self, word: &str) -> Option<&'static dyn Format> {
        connectors::formats().iter().copied().find(|it| it.signature().name == word)
    }

    fn shown(&self) -> &'static dyn Format {
        self.format(SHOWN).expect("`json` stands in the list of the formats of this binary")
    }
}
