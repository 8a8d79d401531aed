//! JSON Schema (draft 2020-12) of what programs read and people write, made from the types that write and read it.
//!
//! The files under `config/schema/` are for those who do not run the program; a test holds them to the types. Records are
//! additive within 1.x, so their schemas stay open: a reader must let unknown fields pass.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Value, json};
use wiredesk_model::article::Article;
use wiredesk_model::record::{Record, SCHEMA_VERSION};

use crate::config::settings::Config;

/// What there is a schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Described {
    /// One record of the topic.
    Record,
    /// What `extract` gives on a bare file.
    Article,
    /// `wiredesk.toml`.
    Config,
}

impl Described {
    /// All of them.
    #[cfg(test)]
    const ALL: [Self; 3] = [Self::Record, Self::Article, Self::Config];

    /// The name in the command line and of the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Article => "article",
            Self::Config => "config",
        }
    }
}

/// The schema of one of them.
pub(crate) fn schema(of: Described) -> Value {
    let settings = SchemaSettings::draft2020_12();
    // What is written has its defaults written out; what is read may leave them away.
    let (writes, reads) = (settings.clone().for_serialize(), settings.for_deserialize());
    let schema = match of {
        Described::Record => SchemaGenerator::new(writes).into_root_schema_for::<Record>(),
        Described::Article => SchemaGenerator::new(writes).into_root_schema_for::<Article>(),
        Described::Config => SchemaGenerator::new(reads).into_root_schema_for::<Config>(),
    };
    let mut schema = schema.to_value();
    if let Some(fields) = schema.as_object_mut() {
        let version = if of == Described::Config { "1" } else { SCHEMA_VERSION };
        fields.insert("$id".into(), json!(format!("urn:wiredesk:schema:{}:{version}", of.name())));
    }
    schema
}

/// The schema as text, ending in a line end.
pub(crate) fn text(of: Described) -> String {
    let mut text = serde_json::to_string_pretty(&schema(of)).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The fields marked R in the record's contract.
    const ALWAYS: [&str; 21] = [
        "schema_version",
        "event",
        "id",
        "revision",
        "content_hash",
        "url",
        "requested_url",
        "final_url",
        "domain",
        "title",
        "text",
        "blocks",
        "word_count",
        "date_first_seen",
        "date_fetched",
        "notices",
        "completeness",
        "feed",
        "extraction",
        "field_sources",
        "pipeline",
    ];

    fn required(schema: &Value) -> BTreeSet<String> {
        let list = schema["required"].as_array().into_iter().flatten();
        list.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn the_schemas_in_the_repository_are_current() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/schema"));
        let update = std::env::var_os("UPDATE_SCHEMA").is_some();
        for of in Described::ALL {
            let path = folder.join(format!("{}.schema.json", of.name()));
            if update {
                std::fs::create_dir_all(folder).expect("the folder can be made");
                std::fs::write(&path, text(of)).expect("the schema can be written");
            }
            let written = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(written, text(of), "{} is out of date: run the test with UPDATE_SCHEMA=1", path.display());
        }
    }

    #[test]
    fn a_records_schema_requires_what_is_always_present_and_nothing_else() {
        // `field_sources` is written even when it is empty.
        let always: BTreeSet<String> = ALWAYS.iter().map(|name| (*name).into()).collect();
        assert_eq!(required(&schema(Described::Record)), always);
        let envelope =
            ["schema_version", "event", "id", "revision", "date_first_seen", "date_fetched", "feed", "pipeline"];
        let article = always.into_iter().filter(|name| !envelope.contains(&name.as_str())).collect();
        assert_eq!(required(&schema(Described::Article)), article);
    }

    #[test]
    fn a_records_schema_is_open_for_what_1_x_adds() {
        for of in [Described::Record, Described::Article] {
            let text = text(of);
            assert!(!text.contains("additionalProperties\": false"), "{of:?}");
            assert!(!text.contains("unevaluatedProperties"), "{of:?}");
        }
    }

    #[test]
    fn a_configurations_schema_is_closed_and_asks_only_for_a_feeds_id_and_address() {
        let schema = schema(Described::Config);
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(required(&schema), BTreeSet::new());
        let feed = ["id".to_owned(), "url".to_owned()].into();
        assert_eq!(required(&schema["$defs"]["FeedSettings"]), feed);
    }
}
