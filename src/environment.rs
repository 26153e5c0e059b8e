//! The process's environment, as `env("NAME")` and `secret("file")` see it. What is a secret is noted as one.

use crate::secrets;
use dsl::constant::Environment;

/// The environment of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the environment")]
    fn env(&self, name: &str) -> Option<String> {
        let value = std::env::var(name).ok();
        if let Some(value) = value.as_deref().filter(|_| secrets::is_one(name)) {
            secrets::note(value);
        }
        value
    }

    fn secret(&self, path: &str) -> Result<String, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        secrets::note(&text);
        Ok(text.strip_suffix('\n').map_or_else(|| text.clone(), ToOwned::to_owned))
    }
}
