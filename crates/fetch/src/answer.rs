//! What comes back when it goes well.

use std::time::Duration;

use url::Url;
use wiredesk_model::feed::Validators;

use crate::body::Body;
use crate::error::FetchClass;
use crate::sniff::{self, Kind};

/// What a server gave for a URL.
#[derive(Debug)]
pub struct Page {
    /// What was asked for, without credentials.
    pub requested: Url,
    /// Where the answer came from in the end, after redirects.
    pub url: Url,
    /// The HTTP status: 200 or 203.
    pub status: u16,
    /// `Content-Type`, as received; bytes that are no UTF-8 are replaced.
    pub content_type: Option<String>,
    /// What it gave to ask again with.
    pub validators: Validators,
    /// The bytes, decoded from their content coding.
    pub body: Body,
}

impl Page {
    /// What it seems to be, by its first bytes, and by its content type where they do not tell.
    pub fn kind(&self) -> Kind {
        sniff::kind(&self.body, self.content_type.as_deref())
    }
}

/// What a page's server answered to one who had it before.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once, never kept in numbers")]
pub enum PageAnswer {
    /// 304: it is as it was.
    NotModified,
    /// The page.
    Fresh(Page),
}

/// What a feed's server says beside the feed: when to ask again, where, and who tells of news.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// For how long the answer stays fresh: `Cache-Control: max-age`, else `Expires` minus `Date` (RFC 9111 §4.2.1). Not clamped:
    /// a max-age of sixteen years has been seen.
    pub max_age: Option<Duration>,
    /// Where the feed has moved for good: the target of the permanent redirects (301, 308) that came before any other. To be
    /// learned only after the same answer several times over days.
    pub moved_permanently: Option<Url>,
    /// The WebSub hub that the `Link` header names (W3C WebSub §4); it goes before one that the feed itself names.
    pub hub: Option<Url>,
    /// What the `Link` header says that the feed is called (`rel=self`).
    pub self_url: Option<Url>,
}

/// What a feed's server answered.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once, never kept in numbers")]
pub enum FeedAnswer {
    /// 304: nothing new.
    NotModified {
        /// The validators to ask with next time, where the answer changed them.
        validators: Option<Validators>,
        /// When to ask again.
        pace: Pace,
    },
    /// The feed.
    Fresh {
        /// Its bytes.
        page: Page,
        /// To be stored together with the feed's new entries (law 1).
        validators: Validators,
        /// When to ask again.
        pace: Pace,
    },
}

impl FeedAnswer {
    /// The answer's class in the metrics.
    pub fn class(&self) -> FetchClass {
        match self {
            Self::NotModified { .. } => FetchClass::NotModified,
            Self::Fresh { .. } => FetchClass::Ok,
        }
    }

    /// What the server says about when to ask again.
    pub fn pace(&self) -> &Pace {
        match self {
            Self::NotModified { pace, .. } | Self::Fresh { pace, .. } => pace,
        }
    }
}

/// Whether robots.txt allows a page (RFC 9309).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RobotsVerdict {
    /// It may be fetched.
    Allowed {
        /// The least time between two requests that the host asks for, as written there: not capped.
        crawl_delay: Option<Duration>,
    },
    /// It may not.
    Disallowed,
}

impl RobotsVerdict {
    /// Whether the page may be fetched.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}
