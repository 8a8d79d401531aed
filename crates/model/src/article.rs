//! Clean copy: what extraction and cleaning make of a page. A pure function of the page's bytes and its hints (law 4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::block::Block;
use crate::date::Precision;
use crate::id::Digest;

/// Whether someone is a person or an organisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthorKind {
    /// A human being.
    #[default]
    Person,
    /// A newsroom, an agency, a company.
    Organization,
}

/// Who wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Author {
    /// The name as printed, without "By".
    pub name: String,
    /// Person or organisation.
    #[serde(rename = "type")]
    pub kind: AuthorKind,
    /// Their page, where the article links it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
}

/// Who publishes the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Publisher {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
}

/// A picture of the article.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Image {
    /// Where it is; empty where only its caption was given.
    pub url: String,
    /// The line under it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub caption: Option<String>,
    /// Who took it, who owns it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub credit: Option<String>,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Who holds the rights, and what may be done with the text.
    Copyright,
    /// Where else it came from: "generated through syndicated feed sources", "originally appeared on".
    Syndication,
    /// Who contributed: "Reporting by …; editing by …".
    Credit,
    /// A bare pointer to the source.
    SourceLink,
    /// Paid for, or earning a commission.
    Sponsored,
    /// What was wrong before.
    Correction,
    /// Only for subscribers, or a stub of it.
    Subscription,
    /// What the publisher says about itself: "About the company".
    Publisher,
    /// How to reach the author or newsroom.
    Contact,
    /// What the text does not promise: "not financial advice".
    Disclaimer,
}

/// Something lifted out of the page that an analyst or a lawyer may want.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Notice {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: NoticeKind,
    /// Word for word.
    pub text: String,
}

/// How much of the article the text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// All of it.
    #[default]
    Full,
    /// The page broke off, or a cap was met.
    Partial,
    /// The first lines, before a wall.
    Teaser,
    /// What the feed carried; the page was unusable or not asked for.
    FeedOnly,
}

/// How the text was got.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Extraction {
    /// `blocks`, `plain_text`, `feed`; where the page itself shows nothing, `json_ld` or `noscript`.
    pub method: String,
    /// The site's rule that decided, if the user has one for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// The version of the site's memory that was used, if any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub site_memory: Option<String>,
    /// How sure the extractor is, 0 to 1.
    pub score: f32,
    /// Blocks in the body.
    pub blocks_kept: u32,
    /// Blocks of the page that are not in the body.
    pub blocks_removed: u32,
    /// Things worth knowing about this page.
    pub flags: Vec<String>,
}

/// The article: what `extract` gives on a bare file. No feed, no revision, no clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Article {
    /// SHA-256 over the body's folded letters.
    pub content_hash: Digest,
    /// Ours: canonical if it is the same site and sane, tracking parameters removed.
    pub url: String,
    /// As in the feed or on the command line.
    pub requested_url: String,
    /// After redirects.
    pub final_url: String,
    /// As the page claims.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub canonical_url: Option<String>,
    /// Registrable domain of `url` (public suffix list).
    pub domain: String,
    /// Who publishes the site.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub publisher: Option<Publisher>,
    /// Headline without the site's name.
    pub title: String,
    /// Standfirst.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subtitle: Option<String>,
    /// The publisher's own summary.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// The clean body: blocks separated by one blank line, NFC.
    pub text: String,
    /// The same body, structured.
    pub blocks: Vec<Block>,
    /// UAX #29 words with a letter or digit; an ideograph counts one.
    pub word_count: u32,
    /// BCP 47.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// 0 to 1; absent where the language is only claimed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language_confidence: Option<f32>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub authors: Vec<Author>,
    /// As printed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub byline: Option<String>,
    /// Section of the paper.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub section: Option<String>,
    /// Keywords and tags.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub keywords: Vec<String>,
    /// Pictures.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub images: Vec<Image>,
    /// RFC 3339 with offset; the publisher's claim.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub date_published: Option<String>,
    /// RFC 3339 with offset; the publisher's claim.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub date_modified: Option<String>,
    /// How much of `date_published` was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub date_precision: Option<Precision>,
    /// What was lifted out of the page.
    pub notices: Vec<Notice>,
    /// How much of the article the text is.
    pub completeness: Completeness,
    /// As the publisher marks it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub is_accessible_for_free: Option<bool>,
    /// The licence that the page's markup names: an address or a name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub license: Option<String>,
    /// Who holds the rights, as the page's markup says it; what the page prints is in `notices`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub copyright: Option<String>,
    /// Where each claim was read.
    pub field_sources: BTreeMap<String, String>,
    /// How the text was got.
    pub extraction: Extraction,
}
