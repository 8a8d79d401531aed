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
//! - `looks`: the houses' templates and type.
//! - `desk`: who carries what, and where.
//! - `house`: one house's pages and feed.
//! - `odd`: what is listed and is no story.

mod desk;
mod house;
mod looks;
mod odd;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::prose::Story;
use crate::site::Site;
use crate::web::Web;

use house::{Listed, TRACKED, feed_path, house, houses, number_of};

pub use looks::{Look, looks};
pub use odd::Expect;

/// The story that is corrected, and the house that carries it.
const CORRECTED: (&str, &str) = ("channel6", "channel-bridge");

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
    listed: Vec<Listed>,
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
        let page = |(feed, path, title, expect): &Listed| DemoPage {
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
