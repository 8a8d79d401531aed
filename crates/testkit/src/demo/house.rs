//! One house of the demo: its pages on a site, its feed as the house's system writes it, and what of that goes wrong.

use std::time::Duration;

use super::desk;
use super::looks::{Look, looks};
use super::odd::{self, Expect};
use crate::feed::{Feed, Item, atom, item, rss};
use crate::prose::Story;
use crate::site::{Site, site, times};

/// An entry as it is listed: the house, the path (after an `@`, on the site of [`TRACKED`]), the headline, what it comes to.
pub(super) type Listed = (String, String, String, Expect);

/// The story whose page answers 503 once, and the house.
const FAILS_ONCE: (&str, &str) = ("portal", "ferry-rescue");

/// The house whose pages are slow, and how slow.
const SLOW: (&str, Duration) = ("gazette", Duration::from_millis(1_500));

/// The story of which another house's feed lists the same address, with tracking parameters.
pub(super) const TRACKED: (&str, &str, &str) = ("lantern", "lantern-clock", "newsloom");

/// The houses with their own headlines in the boxes round their stories.
pub(super) fn houses() -> Vec<Look> {
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

pub(super) fn number_of(house: &str, slug: &str) -> usize {
    list(house).iter().position(|(s, _)| *s == slug).map_or(0, |at| at + 1)
}

pub(super) fn feed_path(house: &str) -> &'static str {
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
pub(super) fn house(look: &Look, stories: &[Story], listed: &mut Vec<Listed>) -> Site {
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
