//! What a feed listed: one entry, as it goes into the journal and comes out again to be read.

use serde::{Deserialize, Serialize};

use crate::date::Claimed;
use crate::id::{EntryKey, FeedId, Fingerprint};

/// One item of a feed, cleaned of its markup's quirks but not of its claims. Serialisable: it crosses the journal seam.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// What the feed's identity policy calls it: guid, link, or link and title.
    pub identity: String,
    /// Where the article is, absolute; an enclosure is not the article.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub link: Option<String>,
    /// Headline, plain text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// The feed's short description, HTML.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub summary: Option<String>,
    /// The feed's full text, HTML (`content:encoded`, Atom `content`, JSON Feed `content_html`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub content: Option<String>,
    /// Names as given.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub authors: Vec<String>,
    /// Categories as given.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub categories: Vec<String>,
    /// Media addresses: images, audio, video.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub enclosures: Vec<String>,
    /// When it came out, as claimed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub published: Option<Claimed>,
    /// When it was last changed, as claimed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub updated: Option<Claimed>,
    /// The entry's or its feed's language, BCP 47 as given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
}

impl Listing {
    /// The fingerprint of what the feed says of the article: when it changes, the article is looked at again.
    pub fn fingerprint(&self) -> Fingerprint {
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        let updated = self.updated.or(self.published).map(|d| d.at.as_second().to_string()).unwrap_or_default();
        Fingerprint::of(&[&text(&self.title), &text(&self.summary), &text(&self.content), &updated])
    }
}

/// An entry in the journal: a listing with its name and its feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name for ever (`wd-entry`).
    pub key: EntryKey,
    /// The feed that listed it.
    pub feed: FeedId,
    /// What the feed said.
    pub listing: Listing,
}

impl Entry {
    /// The entry that `feed` lists so.
    pub fn new(feed: FeedId, listing: Listing) -> Self {
        Self { key: EntryKey::of(&feed, &listing.identity), feed, listing }
    }
}
