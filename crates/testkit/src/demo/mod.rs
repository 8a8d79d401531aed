//! The built-in syndicated web of `wiredesk demo`: ten houses of clearly different make, a wire whose stories most of them carry,
//! each in its own chrome and type, and what goes wrong on any day.
//!
//! It is small enough to be known by heart: [`DemoWeb::stories`] says each body, [`DemoWeb::pages`] says what each listed entry must
//! come to. A desk that works publishes one record for each story and nothing else.
//!
//! On the way: every page of `gazette` takes a second and a half; one page of `portal` answers 503 once; an entry of `newsloom` is an
//! address of `lantern` with tracking parameters; `channel6` corrects a story when [`DemoWeb::correct`] is called.
//!
//! # Architecture
//! - [`looks`]: the houses' templates and type.
//! - `desk`: who carries what, and where.
//! - `odd`: what is listed and is no story.

mod desk;
mod looks;
mod odd;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::feed::{Feed, Item, atom, item, rss};
use crate::prose::Story;
use crate::site::{Site, site, times};
use crate::web::Web;

pub use looks::{Look, looks};
pub use odd::Expect;

/// The story that is corrected, and the house that carries it.
const CORRECTED: (&str, &str) = ("channel6", "channel-bridge");

/// The story whose page answers 503 once, and the house.
const FAILS_ONCE: (&str, &str) = ("portal", "ferry-rescue");

/// The house whose pages are slow, and how slow.
const SLOW: (&str, Duration) = ("gazette", Duration::from_millis(1_500));

/// The story of which another house's feed lists the same address, with tracking parameters.
const TRACKED: (&str, &str, &str) = ("lantern", "lantern-clock", "newsloom");

const NEW_PARAGRAPH: &str = "The county said Thursday evening that the bridge would stay closed for eight weeks, not six, after engineers \
                             found a second crack in the same beam.";

/// A feed of the demo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoFeed {
    /// The house's id, fit for a feed's id in the configuration.
    pub id: String,
    /// The house's name.
    pub title: String,
    /// Where the feed is.
    pub url: String,
}

/// An entry of the demo's feeds and what it must come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoPage {
    /// The house whose feed lists it.
    pub feed: String,
    /// As listed.
    pub url: String,
    /// The headline in the feed.
    pub title: String,
    /// What it must come to.
    pub expect: Expect,
}

/// The demo's web, running. Stops when it is dropped.
pub struct DemoWeb {
    web: Web,
    stories: Vec<Story>,
    listed: Vec<(String, String, String, Expect)>,
    corrected: AtomicBool,
}

impl DemoWeb {
    /// Starts it. When it returns, all houses answer.
    ///
    /// # Errors
    /// Where the system gives no port or no thread.
    pub fn start() -> io::Result<Self> {
        let stories: Vec<Story> =
            desk::WIRE.iter().chain(&desk::OWN).map(|(slug, file)| desk::read(slug, file)).collect();
        let mut listed = Vec::new();
        let sites: Vec<Site> = houses().iter().map(|look| house(look, &stories, &mut listed)).collect();
        Ok(Self { web: Web::start(sites)?, stories, listed, corrected: AtomicBool::new(false) })
    }

    /// The feeds to subscribe to.
    pub fn feeds(&self) -> Vec<DemoFeed> {
        let feed = |look: Look| DemoFeed {
            id: look.id.to_owned(),
            title: look.name.to_owned(),
            url: self.web.url(look.id, feed_path(look.id)),
        };
        looks().into_iter().map(feed).collect()
    }

    /// Every distinct body as it stands now, wire stories first: what a topic must hold exactly once. After the correction the
    /// corrected story's body is the new one; the topic then holds both.
    pub fn stories(&self) -> Vec<Story> {
        let mut stories = self.stories.clone();
        if self.corrected.load(Ordering::SeqCst) {
            for story in stories.iter_mut().filter(|story| story.slug == CORRECTED.1) {
                *story = corrected(story);
            }
        }
        stories
    }

    /// The slugs of the wire's stories.
    pub fn wire(&self) -> Vec<&'static str> {
        desk::WIRE.iter().map(|(slug, _)| *slug).collect()
    }

    /// Every entry of every feed, in the feeds' order.
    pub fn pages(&self) -> Vec<DemoPage> {
        let page = |(feed, path, title, expect): &(String, String, String, Expect)| DemoPage {
            feed: feed.clone(),
            url: path.strip_prefix('@').map_or_else(|| self.web.url(feed, path), |path| self.web.url(TRACKED.0, path)),
            title: title.clone(),
            expect: expect.clone(),
        };
        self.listed.iter().map(page).collect()
    }

    /// How many entries lead to a story: the pages that become so many fewer records.
    pub fn pages_carried(&self) -> usize {
        self.listed.iter().filter(|(.., expect)| matches!(expect, Expect::Story(_))).count()
    }

    /// A house corrects a story: its page gains a paragraph and a note, its feed's entry another summary and a later date. Gives the
    /// page's address. Said again, it changes nothing.
    pub fn correct(&self) -> String {
        let (id, slug) = CORRECTED;
        let number = number_of(id, slug);
        let path = desk::path(id, slug, number);
        let look = houses().into_iter().find(|look| look.id == id);
        let story = self.stories.iter().find(|story| story.slug == slug);
        if let (Some(look), Some(story), false) = (look, story, self.corrected.swap(true, Ordering::SeqCst)) {
            let story = corrected(story);
            let note =
                "<p><em>Correction: An earlier version of this story gave the wrong length of the closure.</em></p>";
            let values = look.values(&story, &story.title, &path).html("note", note).text("modified", AFTER);
            let page = look.page_with(&story, values);
            self.web.change(id, |site| {
                site.page(&path, page).edit_feed(feed_path(id), |feed| {
                    feed.edit(&path, |item| item.summary(&story.summary).updated(AFTER))
                })
            });
        }
        self.web.url(id, &path)
    }

    /// The web below: counts, peaks, further changes. Sites are called as the feeds.
    pub fn web(&self) -> &Web {
        &self.web
    }
}

/// When the correction was made.
const AFTER: &str = "2026-11-19T23:05:00Z";

fn corrected(story: &Story) -> Story {
    let mut story = story.clone();
    story.paragraphs.insert(story.paragraphs.len().min(3), NEW_PARAGRAPH.to_owned());
    story.summary = "The closure will last eight weeks, two more than announced.".to_owned();
    story
}

/// The houses with their own headlines in the boxes round their stories.
fn houses() -> Vec<Look> {
    let titled = |house: &'static str| {
        list(house).iter().enumerate().map(move |(at, (slug, title))| {
            let own =
                || all_files().find(|(s, _)| s == slug).map(|(s, file)| desk::read(s, file).title).unwrap_or_default();
            (title.map_or_else(own, str::to_owned), desk::path(house, slug, at + 1))
        })
    };
    looks()
        .into_iter()
        .map(|mut look| {
            let teasers = std::mem::take(&mut look.teasers);
            look.teasers = titled(look.id).chain(teasers).collect();
            look
        })
        .collect()
}

fn all_files() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    desk::WIRE.iter().chain(&desk::OWN)
}

fn list(house: &str) -> &'static [(&'static str, Option<&'static str>)] {
    desk::LISTS.iter().find(|(id, _)| *id == house).map_or(&[], |(_, list)| list)
}

fn number_of(house: &str, slug: &str) -> usize {
    list(house).iter().position(|(s, _)| *s == slug).map_or(0, |at| at + 1)
}

fn feed_path(house: &str) -> &'static str {
    match house {
        "lantern" | "newsloom" => "feed/",
        "ledger" => "world/rss",
        "portal" => "news.atom",
        "kiln" => "atom.xml",
        "gazette" => "rss.asp",
        "quickread" => "amp/rss.xml",
        "bote" => "lokales.rss",
        "standard" => "rss",
        _ => "feed.xml",
    }
}

fn empty_feed(house: &str) -> Feed {
    match house {
        "portal" | "kiln" => atom(feed_path(house)),
        "gazette" => rss(feed_path(house)).windows_1252(),
        _ => rss(feed_path(house)),
    }
}

/// Builds one house and writes down what it lists.
fn house(look: &Look, stories: &[Story], listed: &mut Vec<(String, String, String, Expect)>) -> Site {
    let mut built = site(look.id).robots("User-agent: *\nDisallow: /search\n");
    let mut items: Vec<Item> = Vec::new();
    for (at, (slug, own_title)) in list(look.id).iter().enumerate() {
        let Some(story) = stories.iter().find(|story| story.slug == *slug) else { continue };
        let title = own_title.unwrap_or(&story.title);
        let path = desk::path(look.id, slug, at + 1);
        let is_wire = desk::WIRE.iter().any(|(wire, _)| wire == slug);
        let credit = if is_wire { look.credit() } else { "" };
        let page = look.page_with(story, look.values(story, title, &path).html("credit", credit));
        built = if look.id == "gazette" {
            let bytes = encoding_rs::WINDOWS_1252.encode(&page).0.into_owned();
            // The old server names no charset; the page does.
            built.typed(&path, "text/html", bytes)
        } else {
            built.page(&path, page)
        };
        if look.id == SLOW.0 {
            built = built.slow(&path, SLOW.1);
        }
        if (look.id, *slug) == FAILS_ONCE {
            built = built.page_fails(&path, 503, times(1)).retry_after(&path, "1");
        }
        items.push(entry(look, story, title, &path, at + 1));
        listed.push((look.id.to_owned(), path, title.to_owned(), Expect::Story((*slug).to_owned())));
    }
    for odd in odd::all().into_iter().filter(|odd| odd.house == look.id) {
        built = odd.put(built);
        items.push(odd.entry());
        listed.push((look.id.to_owned(), odd.path.to_owned(), odd.title.to_owned(), odd.expect));
    }
    if let (true, Some(story)) = (look.id == TRACKED.2, stories.iter().find(|story| story.slug == TRACKED.1)) {
        let path = desk::path(TRACKED.0, TRACKED.1, number_of(TRACKED.0, TRACKED.1));
        let tracked = format!("{path}?utm_source=newsloom&utm_medium=rss&utm_campaign=daily");
        let link = format!("{{{{base:{}}}}}/{tracked}", TRACKED.0);
        items.push(item(&link).title(&story.title).published(&story.published));
        listed.push((
            look.id.to_owned(),
            format!("@{tracked}"),
            story.title.clone(),
            Expect::Story(story.slug.clone()),
        ));
    }
    built.feed(empty_feed(look.id).title(look.name).entries(items))
}

/// The entry as the house's system writes it.
fn entry(look: &Look, story: &Story, title: &str, path: &str, number: usize) -> Item {
    let entry = item(path).title(title).published(&story.published);
    let summary = crate::feed::escape(&story.summary);
    match look.id {
        "lantern" => {
            let tail = format!(
                "<p>The post <a href=\"{{{{base}}}}/{path}\">{}</a> appeared first on <a href=\"{{{{base}}}}\">Harbour Lantern</a>.</p>",
                crate::feed::escape(title)
            );
            let content = format!("{}{tail}", look.content(story));
            entry
                .guid(&format!("{{{{base}}}}/?p={}", 400 + number * 7))
                .author(&story.author)
                .category("News")
                .summary(&format!("<p>{summary}</p>{tail}"))
                .content(&content)
        }
        "newsloom" => {
            let tail = "<p><a href=\"{{base}}/out\">Source link</a></p><p><em>(This article is generated through the syndicated feed \
                        sources, Newsloom doesn’t own any part of this article)</em></p>";
            entry.author("admin").summary(&summary).content(&format!("{}{tail}", look.content(story)))
        }
        "ledger" => {
            let more = format!("<p>{summary}</p> <a href=\"{{{{base}}}}/{path}\">Continue reading...</a>");
            entry.author(&story.author).category("World").summary(&more)
        }
        "kiln" => entry.author(&story.author).content(&look.content(story)),
        // Headlines only.
        "quickread" => entry,
        _ => entry.summary(&summary),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prose::letters;
    use std::collections::BTreeSet;

    #[test]
    fn the_demo_is_as_large_as_it_says() {
        let demo = DemoWeb::start().expect("loopback");
        let pages = demo.pages();
        assert_eq!(demo.feeds().len(), 10);
        assert_eq!(demo.stories().len(), 27);
        assert!((60..=75).contains(&pages.len()), "{} entries", pages.len());
        let urls: BTreeSet<_> = pages.iter().map(|page| &page.url).collect();
        assert_eq!(urls.len(), pages.len());
        for story in demo.stories() {
            let carriers = pages.iter().filter(|page| page.expect == Expect::Story(story.slug.clone())).count();
            let is_wire = demo.wire().contains(&story.slug.as_str());
            assert!(if is_wire { carriers >= 4 } else { carriers >= 1 }, "{} is carried by {carriers}", story.slug);
            let words = story.text().split_whitespace().count();
            assert!(words >= if is_wire { 250 } else { 100 }, "{} has {words} words", story.slug);
        }
    }

    #[test]
    fn every_body_is_another() {
        let demo = DemoWeb::start().expect("loopback");
        let bodies: BTreeSet<_> = demo.stories().iter().map(|story| letters(&story.text())).collect();
        assert_eq!(bodies.len(), demo.stories().len());
    }

    #[test]
    fn a_correction_changes_one_body_once() {
        let demo = DemoWeb::start().expect("loopback");
        let before = demo.stories();
        let url = demo.correct();
        assert_eq!(url, demo.correct());
        let changed: Vec<_> =
            demo.stories().into_iter().zip(before).filter(|(now, then)| now.text() != then.text()).collect();
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].0.paragraphs.len(), changed[0].1.paragraphs.len() + 1);
        assert!(demo.pages().iter().any(|page| page.url == url));
    }
}
