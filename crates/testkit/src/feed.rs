//! RSS 2.0 and Atom 1.0 documents from a list of entries.
//!
//! An entry that says only its path gets a title and a date that follow from the path, never from its place in the list: a feed
//! that gains an entry does not change the others.

use jiff::{SignedDuration, Timestamp};

use crate::site::trim;

/// 2026-11-20T08:00:00Z: the moment this web's clocks count from.
pub const EPOCH: Timestamp = Timestamp::constant(1_795_161_600, 0);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rss,
    Atom,
}

/// A feed: where it is, what it says of itself, what it lists.
#[derive(Clone, Debug)]
pub struct Feed {
    pub(crate) path: String,
    kind: Kind,
    title: String,
    items: Vec<Item>,
    ttl: Option<u32>,
    latin: bool,
}

/// An RSS 2.0 feed at this path.
pub fn rss(path: &str) -> Feed {
    Feed { path: trim(path), kind: Kind::Rss, title: "Feed".to_owned(), items: Vec::new(), ttl: None, latin: false }
}

/// An Atom 1.0 feed at this path.
pub fn atom(path: &str) -> Feed {
    Feed { kind: Kind::Atom, ..rss(path) }
}

/// One entry of a feed.
#[derive(Clone, Debug)]
pub struct Item {
    link: String,
    title: String,
    guid: Option<String>,
    summary: Option<String>,
    content: Option<String>,
    published: Option<String>,
    updated: Option<String>,
    author: Option<String>,
    categories: Vec<String>,
}

/// An entry that links to a path of the feed's own site, or to an address (`http://…`, `{{base:NAME}}/…`).
pub fn item(link: &str) -> Item {
    let base = if link.contains("://") || link.starts_with("{{") {
        link.to_owned()
    } else {
        format!("{{{{base}}}}/{}", trim(link))
    };
    let minutes = link.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))) % 2_880;
    let published = EPOCH.checked_sub(SignedDuration::from_mins(minutes.cast_signed())).unwrap_or(EPOCH);
    Item {
        link: base,
        title: crate::prose::story_for(link).title,
        guid: None,
        summary: None,
        content: None,
        published: Some(published.to_string()),
        updated: None,
        author: None,
        categories: Vec::new(),
    }
}

impl From<&str> for Item {
    fn from(link: &str) -> Self {
        item(link)
    }
}

impl From<String> for Item {
    fn from(link: String) -> Self {
        item(&link)
    }
}

impl Item {
    /// The headline, as text.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }
    /// The entry's own name; the link without it.
    pub fn guid(mut self, guid: &str) -> Self {
        self.guid = Some(guid.to_owned());
        self
    }
    /// The summary, as HTML.
    pub fn summary(mut self, html: &str) -> Self {
        self.summary = Some(html.to_owned());
        self
    }
    /// The full content, as HTML: `content:encoded`, or Atom's `content`.
    pub fn content(mut self, html: &str) -> Self {
        self.content = Some(html.to_owned());
        self
    }
    /// RFC 3339. What cannot be read as a date is printed as it is.
    pub fn published(mut self, at: &str) -> Self {
        self.published = Some(at.to_owned());
        self
    }
    /// No date at all.
    pub fn undated(mut self) -> Self {
        self.published = None;
        self.updated = None;
        self
    }
    /// RFC 3339, when the entry was changed. RSS says it as `pubDate`, as most publishers' systems do.
    pub fn updated(mut self, at: &str) -> Self {
        self.updated = Some(at.to_owned());
        self
    }
    /// Who wrote it.
    pub fn author(mut self, name: &str) -> Self {
        self.author = Some(name.to_owned());
        self
    }
    /// A category.
    pub fn category(mut self, name: &str) -> Self {
        self.categories.push(name.to_owned());
        self
    }
    /// Where it links.
    pub fn link(&self) -> &str {
        &self.link
    }
}

impl Feed {
    /// The feed's own title.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }
    /// Minutes that the list may be kept (`ttl`; RSS only).
    pub fn ttl(mut self, minutes: u32) -> Self {
        self.ttl = Some(minutes);
        self
    }
    /// Written in windows-1252, and says so.
    pub fn windows_1252(mut self) -> Self {
        self.latin = true;
        self
    }
    /// Lists these, in this order, after what is listed already.
    pub fn entries<I: Into<Item>>(mut self, items: impl IntoIterator<Item = I>) -> Self {
        self.items.extend(items.into_iter().map(Into::into));
        self
    }
    /// Puts one entry on top of the list.
    pub fn on_top(mut self, item: impl Into<Item>) -> Self {
        self.items.insert(0, item.into());
        self
    }
    /// Takes those out whose link ends in `path`.
    pub fn without(mut self, path: &str) -> Self {
        self.items.retain(|item| !item.link.ends_with(path));
        self
    }
    /// Changes those whose link ends in `path`.
    pub fn edit(mut self, path: &str, edit: impl Fn(Item) -> Item) -> Self {
        for item in &mut self.items {
            if item.link.ends_with(path) {
                *item = edit(item.clone());
            }
        }
        self
    }
    /// How many entries it lists.
    pub fn len(&self) -> usize {
        self.items.len()
    }
    /// Whether it lists nothing.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn content_type(&self) -> String {
        let kind = match self.kind {
            Kind::Rss => "application/rss+xml",
            Kind::Atom => "application/atom+xml",
        };
        if self.latin { kind.to_owned() } else { format!("{kind}; charset=utf-8") }
    }

    /// The document, with `{{base}}` still in it.
    pub(crate) fn document(&self) -> Vec<u8> {
        let text = match self.kind {
            Kind::Rss => self.rss(),
            Kind::Atom => self.atom(),
        };
        if self.latin { encoding_rs::WINDOWS_1252.encode(&text).0.into_owned() } else { text.into_bytes() }
    }

    fn rss(&self) -> String {
        let charset = if self.latin { "windows-1252" } else { "UTF-8" };
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"{charset}\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
             xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\n<channel>\n<title>{}</title>\n\
             <link>{{{{base}}}}/</link>\n<description>{0}</description>\n",
            escape(&self.title)
        );
        if let Some(minutes) = self.ttl {
            out.push_str(&format!("<ttl>{minutes}</ttl>\n"));
        }
        for item in &self.items {
            out.push_str("<item>\n");
            element(&mut out, "title", Some(&item.title));
            element(&mut out, "link", Some(&item.link));
            let own = item.guid.is_none();
            let guid = item.guid.as_deref().unwrap_or(&item.link);
            out.push_str(&format!("<guid isPermaLink=\"{own}\">{}</guid>\n", escape(guid)));
            let date = item.updated.as_ref().or(item.published.as_ref()).map(|at| mail_date(at));
            element(&mut out, "pubDate", date.as_deref());
            element(&mut out, "dc:creator", item.author.as_deref());
            for category in &item.categories {
                element(&mut out, "category", Some(category));
            }
            element(&mut out, "description", item.summary.as_deref());
            if let Some(content) = &item.content {
                out.push_str(&format!("<content:encoded><![CDATA[{content}]]></content:encoded>\n"));
            }
            out.push_str("</item>\n");
        }
        out + "</channel>\n</rss>\n"
    }

    fn atom(&self) -> String {
        let charset = if self.latin { "windows-1252" } else { "utf-8" };
        let newest = self.items.iter().filter_map(|item| item.updated.as_ref().or(item.published.as_ref())).max();
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"{charset}\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<title>{}</title>\n\
             <id>{{{{base}}}}/</id>\n<link href=\"{{{{base}}}}/\"/>\n<link rel=\"self\" href=\"{{{{base}}}}/{}\"/>\n",
            escape(&self.title),
            escape(&self.path)
        );
        element(&mut out, "updated", newest.map(String::as_str).or(Some(&EPOCH.to_string())));
        for item in &self.items {
            out.push_str("<entry>\n");
            element(&mut out, "title", Some(&item.title));
            out.push_str(&format!("<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n", escape(&item.link)));
            element(&mut out, "id", Some(item.guid.as_deref().unwrap_or(&item.link)));
            element(&mut out, "published", item.published.as_deref());
            element(&mut out, "updated", item.updated.as_deref().or(item.published.as_deref()));
            if let Some(author) = &item.author {
                out.push_str(&format!("<author><name>{}</name></author>\n", escape(author)));
            }
            for category in &item.categories {
                out.push_str(&format!("<category term=\"{}\"/>\n", escape(category)));
            }
            typed(&mut out, "summary", item.summary.as_deref());
            typed(&mut out, "content", item.content.as_deref());
            out.push_str("</entry>\n");
        }
        out + "</feed>\n"
    }
}

fn element(out: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        out.push_str(&format!("<{name}>{}</{name}>\n", escape(text)));
    }
}

fn typed(out: &mut String, name: &str, html: Option<&str>) {
    if let Some(html) = html {
        out.push_str(&format!("<{name} type=\"html\">{}</{name}>\n", escape(html)));
    }
}

/// RFC 822 with a four-digit year, as RSS 2.0 asks.
fn mail_date(at: &str) -> String {
    at.parse::<Timestamp>().map_or_else(|_| at.to_owned(), |at| at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
}

/// Text made safe for XML and HTML, attributes too.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
