//! A site's rule as it is typed: `[[rules]]` in the configuration.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// One CSS selector, or several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Selectors(pub Vec<String>);

impl Selectors {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `[[rules]]`: how the pages of one site are read, where the general rules read them wrongly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSettings {
    /// The name by which you know it, and which records and ledgers carry: small letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// What it is for, for those who find it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The pages it is for: `example.org`, `*.example.org`, `example.org/sport`. The closest pattern wins.
    pub hosts: Vec<String>,
    /// The elements that hold the body; of a list, all of them. Without it the body is found as on any other page.
    #[serde(default, skip_serializing_if = "Selectors::is_empty")]
    pub body: Selectors,
    /// Elements that are not part of it, wherever they stand.
    #[serde(default, skip_serializing_if = "Selectors::is_empty")]
    pub strip: Selectors,
    /// The headline; of a list, the first that is there.
    #[serde(default, skip_serializing_if = "Selectors::is_empty")]
    pub title: Selectors,
    /// The date of publication, in `datetime`, `content` or the text; of a list, the first that is a date.
    #[serde(default, skip_serializing_if = "Selectors::is_empty")]
    pub date: Selectors,
    /// The authors; of a list, the first that names some.
    #[serde(default, skip_serializing_if = "Selectors::is_empty")]
    pub authors: Selectors,
    /// The first day (UTC) on whose fetches it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// The last such day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
}

impl RuleSettings {
    /// What it selects, by key.
    pub fn selectors(&self) -> impl Iterator<Item = (&'static str, &Selectors)> {
        [
            ("body", &self.body),
            ("strip", &self.strip),
            ("title", &self.title),
            ("date", &self.date),
            ("authors", &self.authors),
        ]
        .into_iter()
    }
}

impl<'de> Deserialize<'de> for Selectors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Selectors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a selector in quotes, or a list of them")
            }

            fn visit_str<E>(self, text: &str) -> Result<Selectors, E> {
                Ok(Selectors(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Selectors, A::Error> {
                let mut all = Vec::new();
                while let Some(text) = list.next_element()? {
                    all.push(text);
                }
                Ok(Selectors(all))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Selectors {
    fn schema_name() -> Cow<'static, str> {
        "Selectors".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One CSS selector, or several.",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
        })
    }
}
