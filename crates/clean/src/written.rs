//! Rules as they are written in `rules/*.toml`: one file per family, each rule with its name, its reason and its guards.

use std::collections::BTreeMap;

use serde::Deserialize;
use wiredesk_model::article::NoticeKind;

/// The families, in the order in which their rules are asked: what is a claim or a right comes before what is only dropped.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("correction", include_str!("../rules/correction.toml")),
    ("syndication", include_str!("../rules/syndication.toml")),
    ("copyright", include_str!("../rules/copyright.toml")),
    ("credit", include_str!("../rules/credit.toml")),
    ("sponsored", include_str!("../rules/sponsored.toml")),
    ("subscription", include_str!("../rules/subscription.toml")),
    ("disclaimer", include_str!("../rules/disclaimer.toml")),
    ("source", include_str!("../rules/source.toml")),
    ("publisher", include_str!("../rules/publisher.toml")),
    ("contact", include_str!("../rules/contact.toml")),
    ("caption", include_str!("../rules/caption.toml")),
    ("date", include_str!("../rules/date.toml")),
    ("byline", include_str!("../rules/byline.toml")),
    ("comments", include_str!("../rules/comments.toml")),
    ("tags", include_str!("../rules/tags.toml")),
    ("share", include_str!("../rules/share.toml")),
    ("promotion", include_str!("../rules/promotion.toml")),
    ("related", include_str!("../rules/related.toml")),
    ("skip", include_str!("../rules/skip.toml")),
];

/// Words that patterns share.
pub(crate) const TERMS: &str = include_str!("../rules/terms.toml");

/// Why the rules could not be read. They are part of the program, so only its tests ever see this.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("rules of `{family}` are not as they must be")]
    Toml { family: String, source: toml::de::Error },
    #[error("rule `{rule}` says it gives `{gives}`")]
    Gives { rule: String, gives: String },
    #[error("rule `{rule}` begins with `{literal}`, which is too short")]
    Short { rule: String, literal: String },
    #[error("the literals cannot be searched for")]
    Literals(#[from] aho_corasick::BuildError),
}

/// A file of rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Family {
    #[allow(dead_code, reason = "for readers of the file")]
    pub(crate) doc: String,
    /// An article that speaks of one of these keeps its text: patterns of the family then hold outside its paragraphs only.
    #[serde(default)]
    pub(crate) topic: Vec<String>,
    pub(crate) rule: Vec<Written>,
}

/// Where on the page a rule holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Zone {
    /// Anywhere.
    #[default]
    Any,
    /// Before and around the first paragraph.
    Start,
    /// Around and after the last one.
    End,
    /// Either.
    Edges,
}

/// One rule.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// `family/name`, stable.
    pub(crate) id: String,
    /// What it takes out.
    pub(crate) doc: String,
    /// `dropped`, `notice:KIND`, `field:NAME`.
    pub(crate) gives: String,
    /// The whole block is one of these; counts within the zone.
    #[serde(default)]
    pub(crate) lines: Vec<String>,
    /// Those of `lines` that no article has as a block of its own: they count anywhere.
    #[serde(default)]
    pub(crate) loud: Vec<String>,
    /// The block begins with one of these.
    #[serde(default)]
    pub(crate) starts: Vec<String>,
    /// The block holds one of these.
    #[serde(default)]
    pub(crate) has: Vec<String>,
    /// One of these matches the whole block.
    #[serde(default)]
    pub(crate) regex: Vec<String>,
    /// One of these ends a paragraph; group 1 is cut off it.
    #[serde(default)]
    pub(crate) tails: Vec<String>,
    /// Beside `starts`, `has` or `regex`, one of these must be in the block.
    #[serde(default)]
    pub(crate) with: Vec<String>,
    /// The same for blocks of more than twelve words: long invitations address somebody.
    #[serde(default)]
    pub(crate) long_with: Vec<String>,
    /// As of the family, for this rule.
    #[serde(default)]
    pub(crate) topic: Vec<String>,
    /// Longer blocks are left alone (not for `lines`).
    #[serde(default = "twenty")]
    pub(crate) max_words: usize,
    /// The same for blocks that end like a sentence.
    pub(crate) sentence_words: Option<usize>,
    #[serde(default)]
    pub(crate) zone: Zone,
    /// Most words must begin with a capital.
    #[serde(default)]
    pub(crate) titled: bool,
    /// The block must not end like a sentence.
    #[serde(default)]
    pub(crate) plain: bool,
    /// The block must not quote anybody.
    #[serde(default)]
    pub(crate) quoteless: bool,
    /// `has` must be near the end of the block.
    #[serde(default)]
    pub(crate) tail: bool,
    /// What follows this block belongs to it: a list of links, a form, the end of the page.
    #[serde(default)]
    pub(crate) cut: bool,
    /// So many paragraphs after this heading get its verdict.
    #[serde(default)]
    pub(crate) takes: usize,
}

fn twenty() -> usize {
    20
}

/// What a rule does to a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gives {
    Dropped,
    Notice(NoticeKind),
    Field(String),
}

impl Written {
    pub(crate) fn gives(&self) -> Result<Gives, Unreadable> {
        let wrong = || Unreadable::Gives { rule: self.id.clone(), gives: self.gives.clone() };
        match self.gives.split_once(':') {
            None if self.gives == "dropped" => Ok(Gives::Dropped),
            Some(("field", name)) if !name.is_empty() => Ok(Gives::Field(name.to_owned())),
            Some(("notice", kind)) => {
                let name = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(kind);
                NoticeKind::deserialize(name).map(Gives::Notice).map_err(|_| wrong())
            }
            _ => Err(wrong()),
        }
    }
}

/// The shared terms, each already holding those that it names.
pub(crate) fn terms() -> Result<BTreeMap<String, String>, Unreadable> {
    let mut terms: BTreeMap<String, String> =
        toml::from_str(TERMS).map_err(|source| Unreadable::Toml { family: "terms".into(), source })?;
    // Terms name terms two deep at most: `moment` names `day`, `day` names `month`.
    for _ in 0..2 {
        let before = terms.clone();
        for text in terms.values_mut() {
            *text = filled(text, &before);
        }
    }
    Ok(terms)
}

/// A pattern with its terms put in.
pub(crate) fn filled(pattern: &str, terms: &BTreeMap<String, String>) -> String {
    terms.iter().fold(pattern.to_owned(), |text, (name, term)| text.replace(&format!("<{name}>"), term))
}
