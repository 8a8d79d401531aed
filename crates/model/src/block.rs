//! A page cut into judged blocks. The ledger *is* the result of extraction: what is not in the body is still here, with the
//! verdict that took it out and the rule that gave it (law 5).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::article::{Author, Image, NoticeKind, Publisher};
use crate::date::Claimed;

/// What a block is. Joined by [`join`], the blocks of a body are its text exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Running text.
    #[default]
    Paragraph,
    /// A heading inside the article; `level` 1 to 6.
    Heading,
    /// A quotation set apart.
    Quote,
    /// One item of a list; `level` is its depth, from 1.
    ListItem,
    /// The line under a picture or table.
    Caption,
    /// A table, a line per row, cells separated by tabs.
    Table,
    /// Code or other text whose line ends matter.
    Code,
}

/// One block of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Block {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: BlockKind,
    /// NFC, white space folded; line ends only in tables and code.
    pub text: String,
    /// A heading's rank or a list item's depth.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<u8>,
}

impl Block {
    /// A block of this kind, without a level.
    pub fn new(kind: BlockKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), level: None }
    }
}

/// The text of a body: its blocks, separated by one blank line.
pub fn join<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    let mut out = String::new();
    for block in blocks {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(&block.text);
    }
    out
}

/// What became of a block, and by which rule. Rule ids are `family/name`, stable, and documented beside the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// Part of the article.
    Body {
        /// Which rule kept it.
        rule: String,
    },
    /// Lifted into the record's `notices`.
    Notice {
        /// As what.
        notice: NoticeKind,
        /// Which rule lifted it.
        rule: String,
    },
    /// Lifted into another field of the record: `title`, `subtitle`, `byline`, `date_published`, `images`, …
    Field {
        /// The field's name.
        field: String,
        /// Which rule lifted it.
        rule: String,
    },
    /// Left out.
    Dropped {
        /// Which rule dropped it.
        rule: String,
    },
}

impl Verdict {
    /// Kept in the body by `rule`.
    pub fn body(rule: &str) -> Self {
        Self::Body { rule: rule.to_owned() }
    }
    /// Lifted into the notices by `rule`.
    pub fn notice(notice: NoticeKind, rule: &str) -> Self {
        Self::Notice { notice, rule: rule.to_owned() }
    }
    /// Lifted into `field` by `rule`.
    pub fn field(field: &str, rule: &str) -> Self {
        Self::Field { field: field.to_owned(), rule: rule.to_owned() }
    }
    /// Left out by `rule`.
    pub fn dropped(rule: &str) -> Self {
        Self::Dropped { rule: rule.to_owned() }
    }
    /// Whether the block is part of the article.
    pub fn is_body(&self) -> bool {
        matches!(self, Self::Body { .. })
    }
    /// The rule that gave the verdict.
    pub fn rule(&self) -> &str {
        match self {
            Self::Body { rule } | Self::Notice { rule, .. } | Self::Field { rule, .. } | Self::Dropped { rule } => rule,
        }
    }
}

/// What is known about a block besides its text: what rules and models judge by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The tags from `body` down to the block, with class and id words: `main.story>div#body>p`.
    pub path: String,
    /// Share of the block's letters inside links, 0 to 1.
    pub link_density: f32,
    /// How likely the block is body, 0 to 1, by the learned model; 0 where the model was not asked.
    pub score: f32,
    /// Where the model overruled the rules: the numbers that decided, the strongest first, `name value (log-odds moved)`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub reasons: Vec<String>,
}

/// A block in the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// What was found.
    #[serde(flatten)]
    pub block: Block,
    /// What is known about it.
    pub evidence: Evidence,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What kind of page this seems to be; all but [`PageKind::Article`] are dropped as `not_article`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// An article.
    #[default]
    Article,
    /// A section front or a list of teasers.
    Index,
    /// A page that asks for consent before it shows anything.
    ConsentWall,
    /// A page that asks for a login.
    Login,
    /// A page that asks whether the reader is a machine.
    BotChallenge,
    /// A page that says "not found" with status 200.
    SoftNotFound,
    /// A player and little else.
    VideoStub,
    /// Not a text page at all: PDF, image, audio, video, archive.
    Binary,
    /// Nothing to read.
    Empty,
}

impl PageKind {
    /// The name as it stands in reasons and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Index => "index",
            Self::ConsentWall => "consent_wall",
            Self::Login => "login",
            Self::BotChallenge => "bot_challenge",
            Self::SoftNotFound => "soft_not_found",
            Self::VideoStub => "video_stub",
            Self::Binary => "binary",
            Self::Empty => "empty",
        }
    }
}

/// A claim with where it was read: `json-ld`, `opengraph`, `meta`, `html`, `feed`, `url`, `rule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sourced<T> {
    /// What is claimed.
    pub value: T,
    /// Where.
    pub source: String,
}

impl<T> Sourced<T> {
    /// A claim found there.
    pub fn new(value: T, source: &str) -> Self {
        Self { value, source: source.to_owned() }
    }
}

/// What a page claims about its article; each claim with its source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Headline, without the site's name.
    pub title: Option<Sourced<String>>,
    /// Standfirst.
    pub subtitle: Option<Sourced<String>>,
    /// The publisher's own summary.
    pub description: Option<Sourced<String>>,
    /// People and organisations.
    pub authors: Option<Sourced<Vec<Author>>>,
    /// The byline as printed.
    pub byline: Option<Sourced<String>>,
    /// When it came out.
    pub published: Option<Sourced<Claimed>>,
    /// When it was changed.
    pub modified: Option<Sourced<Claimed>>,
    /// The page's own idea of its address, absolute, not yet believed.
    pub canonical_url: Option<Sourced<String>>,
    /// Who publishes the site.
    pub publisher: Option<Sourced<Publisher>>,
    /// BCP 47.
    pub language: Option<Sourced<String>>,
    /// Section of the paper.
    pub section: Option<Sourced<String>>,
    /// Keywords and tags.
    pub keywords: Option<Sourced<Vec<String>>>,
    /// Pictures of the article.
    pub images: Vec<Image>,
    /// schema.org `isAccessibleForFree`.
    pub is_accessible_for_free: Option<Sourced<bool>>,
    /// The licence that markup names: an absolute address or a name.
    pub license: Option<Sourced<String>>,
    /// Who holds the rights, as markup says it.
    pub copyright: Option<Sourced<String>>,
}

/// A page, read: every block with its verdict, what the page claims, what kind of page it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// All blocks in document order.
    pub blocks: Vec<Judged>,
    /// What the page claims.
    pub metadata: Metadata,
    /// What kind of page it seems to be.
    pub page: PageKind,
    /// How the body was found: `blocks`, `plain_text`, `feed`, or beside an empty page `json_ld`, `noscript`.
    pub method: String,
    /// The site's rule that decided, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Things worth knowing: `partial_parse`, `live_blog`, `gallery`, `site_rule_missed`, …
    pub flags: Vec<String>,
}

/// What is known about an article before its page is read, from the feed or the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hints {
    /// The address as asked for.
    pub requested_url: String,
    /// The address after redirects: what relative links are seen from.
    pub final_url: String,
    /// When the page was fetched, for rules that hold for a time; extraction has no clock. Unknown of a bare file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<Timestamp>,
    /// The feed's headline.
    pub title: Option<String>,
    /// The feed's summary, HTML.
    pub summary: Option<String>,
    /// The feed's full text, HTML.
    pub content: Option<String>,
    /// The feed's authors.
    pub authors: Vec<String>,
    /// The feed's categories.
    pub categories: Vec<String>,
    /// The feed's date.
    pub published: Option<Claimed>,
    /// The feed's date of change.
    pub updated: Option<Claimed>,
    /// The feed's language.
    pub language: Option<String>,
}

impl Hints {
    /// Where the page was read: after redirects, where that is known.
    pub fn address(&self) -> &str {
        if self.final_url.is_empty() { &self.requested_url } else { &self.final_url }
    }
}
