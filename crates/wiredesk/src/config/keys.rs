//! The tree of known keys, taken from the JSON Schema of the types: what is checked cannot drift from what is read.

use serde_json::Value;

use super::settings::Config;

/// What may stand behind a key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// `"10m"`
    Span,
    /// `"4 MiB"`
    Size,
    /// A whole number in this range.
    Whole {
        /// The least allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// `true` or `false`.
    Bool,
    /// Text in quotes.
    Text,
    /// One of these words.
    OneOf(Vec<String>),
    /// Several of a kind in brackets.
    List(Box<Kind>),
    /// `2026-11-27`
    Date,
    /// One CSS selector or a list of them.
    Selectors,
    /// A text, or where a secret is kept.
    Setting,
    /// A table of free keys with a setting each.
    Settings,
    /// A table of known keys.
    Table(Vec<Key>),
    /// Something this tree does not know; the type decides alone.
    Other,
}

/// One known key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    /// As it is written.
    pub name: String,
    /// What may stand behind it.
    pub kind: Kind,
}

/// The keys of the whole configuration.
pub(crate) fn config() -> Vec<Key> {
    let schema = schemars::schema_for!(Config).to_value();
    match kind(&schema, &schema) {
        Kind::Table(keys) => keys,
        _ => Vec::new(),
    }
}

/// The keys of one table of a list, `feeds` or `rules`.
pub(crate) fn item<'k>(config: &'k [Key], list: &str) -> &'k [Key] {
    match config.iter().find(|key| key.name == list).map(|key| &key.kind) {
        Some(Kind::List(item)) => match item.as_ref() {
            Kind::Table(keys) => keys,
            _ => &[],
        },
        _ => &[],
    }
}

/// Every key that is not a section, with its path.
pub(crate) fn leaves(keys: &[Key]) -> Vec<Vec<&str>> {
    let mut out = Vec::new();
    for key in keys {
        match &key.kind {
            Kind::Table(inner) => {
                out.extend(leaves(inner).into_iter().map(|path| [vec![key.name.as_str()], path].concat()));
            }
            _ => out.push(vec![key.name.as_str()]),
        }
    }
    out
}

fn kind(schema: &Value, root: &Value) -> Kind {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return match name {
            "Span" => Kind::Span,
            "Size" => Kind::Size,
            "Setting" => Kind::Setting,
            "Selectors" => Kind::Selectors,
            _ => kind(&root["$defs"][name], root),
        };
    }
    for choice in ["anyOf", "oneOf"] {
        let Some(choices) = schema[choice].as_array() else { continue };
        let given: Vec<&Value> = choices.iter().filter(|choice| choice["type"] != "null").collect();
        let words: Vec<String> = given.iter().flat_map(|choice| words(choice)).collect();
        return match given.as_slice() {
            _ if !words.is_empty() => Kind::OneOf(words),
            [only] => kind(only, root),
            _ => Kind::Other,
        };
    }
    let words = words(schema);
    if !words.is_empty() {
        return Kind::OneOf(words);
    }
    let of_type = |name: &str| {
        schema["type"] == name || schema["type"].as_array().is_some_and(|types| types.iter().any(|one| one == name))
    };
    if let Some(properties) = schema["properties"].as_object() {
        let key = |(name, value): (&String, &Value)| Key { name: name.clone(), kind: kind(value, root) };
        return Kind::Table(properties.iter().map(key).collect());
    }
    if of_type("object") {
        return Kind::Settings;
    }
    if of_type("array") {
        return Kind::List(Box::new(kind(&schema["items"], root)));
    }
    if of_type("integer") {
        let by_format = match schema["format"].as_str() {
            Some("uint8") => u8::MAX.into(),
            Some("uint16") => u16::MAX.into(),
            Some("uint32") => u32::MAX.into(),
            // TOML's own integers end here.
            _ => i64::MAX.unsigned_abs(),
        };
        let max = schema["maximum"].as_u64().unwrap_or(by_format);
        return Kind::Whole { min: schema["minimum"].as_u64().unwrap_or(0), max };
    }
    match () {
        () if of_type("boolean") => Kind::Bool,
        () if of_type("string") && schema["format"] == "date" => Kind::Date,
        () if of_type("string") => Kind::Text,
        () => Kind::Other,
    }
}

fn words(schema: &Value) -> Vec<String> {
    let many = schema["enum"].as_array().into_iter().flatten();
    many.chain(schema.get("const")).filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

impl Kind {
    /// What is allowed, in words that follow "write …".
    pub(crate) fn allowed(&self) -> String {
        match self {
            Self::Span => r#"a span of time in quotes, as in "30s", "10m", "6h" or "90d""#.into(),
            Self::Size => r#"a size in quotes, as in "512 KiB", "4 MiB" or "1 GiB""#.into(),
            Self::Whole { min, max } if *max > u64::from(u32::MAX) => format!("a whole number of at least {min}"),
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Bool => "true or false".into(),
            Self::Text => "a text in quotes".into(),
            Self::OneOf(words) => one_of(words),
            Self::List(item) => match item.as_ref() {
                Self::Text => r#"a list of texts, as in ["a", "b"]"#.into(),
                Self::Whole { .. } => "a list of whole numbers, as in [8080, 8443]".into(),
                Self::Table(_) => "tables under a heading with two brackets each".into(),
                _ => "a list in brackets".into(),
            },
            Self::Date => "a date, as in 2026-11-27".into(),
            Self::Selectors => r#"a CSS selector in quotes, or several in a list, as in ["article p", ".lead"]"#.into(),
            Self::Setting => r#"a text in quotes, or where it is kept: { env = "NAME" } or { file = "PATH" }"#.into(),
            Self::Settings => r#"a table, as in { "name" = "value" }"#.into(),
            Self::Table(keys) => {
                let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
                format!("a table of {}", names.join(", "))
            }
            Self::Other => "another value".into(),
        }
    }
}

fn one_of(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}
