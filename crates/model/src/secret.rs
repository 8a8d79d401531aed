//! Values that must not be shown: they have no `Display`, and `Debug` hides them.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where a secret is kept: in the environment or in a file. The value itself never stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum SecretSource {
    /// `{ env = "NAME" }`
    Env(InEnv),
    /// `{ file = "/path" }`
    File(InFile),
}

/// A secret in an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InEnv {
    /// The variable's name.
    pub env: String,
}

/// A secret in a file; the last line end is cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InFile {
    /// The file that holds it; relative to the configuration file's folder.
    pub file: PathBuf,
}

/// A setting that may be a secret: given plainly, or by where it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Setting {
    /// Written out; still hidden from logs, for people write secrets out.
    Plain(String),
    /// Kept elsewhere.
    Secret(SecretSource),
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(…)"),
            Self::Secret(source) => source.fmt(f),
        }
    }
}

/// A resolved secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value that must not be shown.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the one who sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        assert!(!format!("{:?} {:?}", Secret::new("hunter2"), Setting::Plain("hunter2".into())).contains("hunter2"));
    }
}
