//! When the article came out, and when it was changed. Markup states it and print says it, and they do not always agree: markup
//! may hold the day on which a record was made in a content system or a moment in another zone than the newsroom's. What the
//! page tells its readers is the publisher's claim; markup adds the clock and the offset where both mean the same.
//!
//! In this order:
//! 1. a stated day that the page also prints;
//! 2. a stated moment that the page prints in its own zone: the moment, with the offset it is printed in;
//! 3. the day that the page prints as its own, unless it says that this is the day of a change;
//! 4. what is stated; the day in the feed, in an element, in the address; at last the day of a change, where the page shows no other:
//!    its source is then named `date_modified`.

use jiff::civil::Date;
use wiredesk_model::block::{Hints, Sourced};
use wiredesk_model::date::{Claimed, Precision};

use super::dates::{self, Label, Said};
use super::facts::{Facts, Time};
use super::json_ld::Linked;
use super::printed::Line;

/// `meta` keys of the day of publication, the better ones first.
const PUBLISHED: [&str; 40] = [
    "article:published_time",
    "article:published",
    "og:published_time",
    "og:article:published_time",
    "og:pubdate",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "publishdate",
    "publish-date",
    "publish_date",
    "published_at",
    "published_time",
    "pubdate",
    "pub_date",
    "published-date",
    "publication_date",
    "publication-date",
    "publicationdate",
    "article.published",
    "article_date_original",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "bt:pubdate",
    "shareaholic:article_published_time",
    "rnews:datepublished",
    "citation_publication_date",
    "citation_online_date",
    "dcterms.created",
    "dcterms.issued",
    "dc.date.issued",
    "dc.date.created",
    "dcterms.date",
    "dc.date",
    "dc.created",
    "article:post_date",
    "creation_date",
    "created",
    "date",
    "originalpublicationdate",
];

/// `meta` keys of the day of the last change.
const MODIFIED: [&str; 12] = [
    "article:modified_time",
    "article:modified",
    "og:updated_time",
    "og:modified_time",
    "article:updated_time",
    "datemodified",
    "last-modified",
    "lastmod",
    "dcterms.modified",
    "dc.date.modified",
    "shareaholic:article_modified_time",
    "revised",
];

/// All that a page says of its dates.
pub(super) struct Calendar<'a> {
    pub(super) facts: &'a Facts,
    pub(super) linked: &'a Linked,
    pub(super) hints: &'a Hints,
    /// Lines around the headline.
    pub(super) lines: &'a [Line<'a>],
    /// Texts that were judged to be dates, anywhere on the page.
    pub(super) texts: &'a [&'a str],
    /// `03/04/2026` is in March.
    pub(super) month_first: bool,
}

impl Calendar<'_> {
    /// When the article came out.
    pub(super) fn published(&self) -> Option<Sourced<Claimed>> {
        let said = self.said();
        if let Some(stated) = self.stated() {
            return Some(self.settled(stated, &said));
        }
        let printed =
            said.iter().find(|s| s.label == Label::Published).or(said.iter().find(|s| s.label == Label::Bare));
        let in_url = dates::of_url(super::address(self.hints));
        // The address settles what `03/04/2026` means.
        if let (Some(said), Some(day)) = (printed, in_url)
            && said.turned == Some(day.day())
        {
            return Some(Sourced::new(day, "url"));
        }
        let time =
            |f: &dyn Fn(&Time) -> bool| self.facts.times.iter().filter(|t| f(t)).find_map(|t| self.read(&t.value));
        self.hints
            .published
            .map(|day| Sourced::new(day, "feed"))
            .or_else(|| printed.map(|said| Sourced::new(said.claim, "html")))
            .or_else(|| time(&|t| t.published && !t.modified).map(html))
            .or_else(|| self.texts.iter().find_map(|text| self.of_text(text)).map(html))
            .or_else(|| in_url.map(|day| Sourced::new(day, "url")))
            .or_else(|| time(&|t| t.after_headline && !t.modified).map(html))
            .or_else(|| time(&|t| !t.modified).map(html))
            .or_else(|| {
                self.linked.text("uploadDate").and_then(|t| self.read(&t)).map(|day| Sourced::new(day, "json-ld"))
            })
            // The one date that the page shows: it came out then in the form that it has.
            .or_else(|| said.first().map(|said| Sourced::new(said.claim, "date_modified")))
            .or_else(|| {
                self.texts.iter().find_map(|text| self.read(text)).map(|day| Sourced::new(day, "date_modified"))
            })
    }

    /// When it was changed last.
    pub(super) fn modified(&self) -> Option<Sourced<Claimed>> {
        let stated =
            self.linked.text("dateModified").and_then(|t| self.read(&t)).map(|day| Sourced::new(day, "json-ld"));
        let printed = || self.said().into_iter().find(|said| said.label == Label::Changed);
        stated
            .or_else(|| self.meta(&MODIFIED))
            .or_else(|| self.microdata("dateModified"))
            .or_else(|| self.facts.times.iter().filter(|t| t.modified).find_map(|t| self.read(&t.value)).map(html))
            .or_else(|| self.hints.updated.map(|day| Sourced::new(day, "feed")))
            .or_else(|| printed().map(|said| Sourced::new(said.claim, "html")))
    }

    fn read(&self, text: &str) -> Option<Claimed> {
        dates::parse(text, self.month_first)
    }

    fn meta(&self, keys: &[&str]) -> Option<Sourced<Claimed>> {
        keys.iter().find_map(|key| self.facts.all(key).find_map(|v| self.read(v))).map(|day| Sourced::new(day, "meta"))
    }

    fn microdata(&self, property: &str) -> Option<Sourced<Claimed>> {
        self.facts.property(property).and_then(|v| self.read(v)).map(|day| Sourced::new(day, "microdata"))
    }

    /// What markup states.
    fn stated(&self) -> Option<Sourced<Claimed>> {
        let linked =
            |key: &str| self.linked.text(key).and_then(|t| self.read(&t)).map(|day| Sourced::new(day, "json-ld"));
        linked("datePublished")
            .or_else(|| self.meta(&PUBLISHED))
            .or_else(|| self.microdata("datePublished"))
            .or_else(|| linked("dateCreated"))
            .or_else(|| self.named_meta())
    }

    /// A `meta` whose key speaks of a day of publication in words of its own: `w-published-date`.
    fn named_meta(&self) -> Option<Sourced<Claimed>> {
        let speaks = |key: &str| key.contains("publi") && (key.contains("date") || key.contains("time"));
        let found = self.facts.meta.iter().filter(|(key, _)| speaks(key)).find_map(|(_, value)| self.read(value));
        found.map(|day| Sourced::new(day, "meta"))
    }

    /// The dates in print around the headline, those after it first; where an element gives the same day more exactly, that.
    fn said(&self) -> Vec<Said> {
        let mut lines: Vec<&Line> = self.lines.iter().filter(|line| may_date(line.text)).collect();
        lines.sort_by_key(|line| line.above);
        let mut out: Vec<Said> = lines.iter().flat_map(|line| self.said_in(line.text)).collect();
        // One element that is marked as the day of publication, as the first drafts of HTML5 had it.
        let mut marked = self.facts.times.iter().filter(|time| time.pubdate && time.after_headline);
        if let (Some(time), None) = (marked.next(), marked.next())
            && let Some(claim) = self.read(&time.value)
        {
            out.push(Said { claim, turned: None, label: Label::Published });
        }
        out
    }

    fn said_in(&self, line: &str) -> Vec<Said> {
        let mut said = dates::said(line, self.month_first);
        for said in &mut said {
            let exact = self.facts.times.iter().filter(|time| time.text.len() >= 6 && line.contains(&time.text));
            let mut claims = exact.filter_map(|time| self.read(&time.value));
            if let Some(claim) = claims.find(|claim| said.is_on(claim.day())) {
                said.claim = claim;
            }
        }
        said
    }

    /// The first date of a text that does not call it a change.
    fn of_text(&self, text: &str) -> Option<Claimed> {
        dates::said(text, self.month_first).into_iter().find(|said| said.label != Label::Changed).map(|said| said.claim)
    }

    /// What is stated, held against what is printed.
    fn settled(&self, stated: Sourced<Claimed>, said: &[Said]) -> Sourced<Claimed> {
        let stated = Sourced { value: self.in_own_zone(stated.value), source: stated.source };
        let day = stated.value.day();
        let first = said.iter().find(|s| s.label == Label::Published);
        if said.iter().any(|s| s.is_on(day) && (s.label != Label::Changed || first.is_none())) {
            return stated;
        }
        let clocks = said.iter().filter(|s| s.label != Label::Changed);
        if let Some(offset) = clocks.clone().find_map(|s| offset_between(&stated.value, &s.claim)) {
            return Sourced { value: Claimed { offset, ..stated.value }, source: stated.source };
        }
        if self.hints.published.is_some_and(|fed| fed.day() == day) {
            return stated;
        }
        // A masthead shows the day on which the page was read, and a notice the day of an event: both are after all changes.
        let last = self.modified().map_or(day, |modified| modified.value.day().max(day));
        let possible =
            |s: &&Said| s.label == Label::Published || last.tomorrow().is_ok_and(|next| s.claim.day() <= next);
        match first.or_else(|| said.iter().find(|s| s.label == Label::Bare)).filter(possible) {
            Some(said) => html(said.claim),
            None => stated,
        }
    }

    /// A moment in UTC as another place of the page writes it, with an offset.
    fn in_own_zone(&self, stated: Claimed) -> Claimed {
        if stated.offset != 0 || stated.precision == Precision::Day {
            return stated;
        }
        let metas = self.facts.meta.iter().filter(|(key, _)| key.contains("publi") || key.contains("date"));
        let texts = self.facts.times.iter().map(|t| &t.value).chain(metas.map(|(_, value)| value));
        let mut claims = texts.filter(|text| text.len() >= 16).filter_map(|text| self.read(text));
        let is_same = |c: &Claimed| c.offset != 0 && c.at.duration_since(stated.at).abs().as_secs() < 60;
        claims.find(is_same).map_or(stated, |claim| Claimed { offset: claim.offset, ..stated })
    }
}

impl Said {
    /// Whether it may mean this day.
    fn is_on(&self, day: Date) -> bool {
        self.claim.day() == day || self.turned == Some(day)
    }
}

fn html(claim: Claimed) -> Sourced<Claimed> {
    Sourced::new(claim, "html")
}

/// The offset in which a moment that is stated in UTC is printed, if it is the same moment: the minutes agree.
fn offset_between(stated: &Claimed, printed: &Claimed) -> Option<i32> {
    if stated.offset != 0 || stated.precision == Precision::Day || printed.precision == Precision::Day {
        return None;
    }
    let minutes = |claim: &Claimed| (claim.at.as_second() + i64::from(claim.offset)).div_euclid(60);
    if printed.offset != 0 {
        let same = printed.at.duration_since(stated.at).abs().as_secs() < 60;
        return same.then_some(printed.offset);
    }
    let ahead = minutes(printed) - minutes(stated);
    let is_zone = ahead % 30 == 0 && (-12 * 60..=14 * 60).contains(&ahead) && ahead != 0;
    is_zone.then(|| i32::try_from(ahead * 60).ok()).flatten()
}

/// Whether a line may hold a date.
fn may_date(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= 4
}

#[cfg(test)]
mod tests {
    use wiredesk_model::block::Hints;

    /// The date of a page with this JSON-LD and this small print under its headline, and where it was read.
    fn date(linked: &str, print: &str, url: &str) -> String {
        let script =
            format!(r#"<script type="application/ld+json">{{"@type":"NewsArticle",{linked}"headline":"x"}}</script>"#);
        let text = "<p>The river rose by two metres in the night, and the mill was closed to all who came to see it, said its keeper.</p>";
        let card = "<div class=related><a href=/x>Another story of the mill</a><time datetime=2031-01-09>9 January 2031</time></div>";
        let html = format!(
            "<html lang=en>{script}<main><h1>The river rose in the night</h1>{print}{}{card}</main>",
            text.repeat(4)
        );
        let hints = Hints { final_url: url.to_owned(), ..Hints::default() };
        let ledger = crate::read(&html, &hints).expect("a small page");
        ledger.metadata.published.map_or_else(String::new, |d| format!("{} {}", d.value.rfc3339(), d.source))
    }

    #[test]
    fn what_markup_states_is_held_against_what_print_says() {
        for (stated, print, want) in [
            // A moment in UTC is the day that the newsroom had.
            ("2031-05-04T03:22:07Z", "<p>May 3, 2031, 10:22 PM EST", "2031-05-03T22:22:07-05:00 json-ld"),
            ("2031-05-03T18:30:00Z", "<p>May 4, 2031 — 5.30am", "2031-05-04T05:30:00+11:00 json-ld"),
            (
                "2031-05-04T03:22:07Z",
                "<time datetime=2031-05-03T23:22:07-04:00>Saturday</time>",
                "2031-05-03T23:22:07-04:00 json-ld",
            ),
            // The record is of another day than the article.
            ("2030-01-02T08:00:00Z", "<p>May 3, 2031", "2031-05-03T00:00:00+00:00 html"),
            (
                "2030-01-02T08:00:00Z",
                "<p>Published May 3, 2029</p><p>Updated January 2, 2030",
                "2029-05-03T00:00:00+00:00 html",
            ),
            // A change is no publication, and a day after all changes is today's, or an event's.
            ("2030-01-02T08:00:00Z", "<p>Last updated May 3, 2031", "2030-01-02T08:00:00+00:00 json-ld"),
            // The same day in another order.
            ("2030-01-02T08:00:00Z", "<p>02/01/2030", "2030-01-02T08:00:00+00:00 json-ld"),
            ("2030-01-02T08:00:00Z", "", "2030-01-02T08:00:00+00:00 json-ld"),
        ] {
            let linked = format!(r#""datePublished":"{stated}","dateModified":"2031-05-03T09:00:00Z","#);
            assert_eq!(date(&linked, print, ""), want, "{stated} {print}");
        }
        let linked = r#""datePublished":"2030-01-02T08:00:00Z","#;
        assert_eq!(date(linked, "<p>May 3, 2031", ""), "2030-01-02T08:00:00+00:00 json-ld");
    }

    #[test]
    fn print_near_the_headline_comes_before_cards_and_addresses() {
        for (print, url, want) in [
            ("<p>By Ada Brook | May 3, 2031 | 4 min", "", "2031-05-03T00:00:00+00:00 html"),
            ("<p>03/05/2031", "https://a.test/2031/05/03/x", "2031-05-03T00:00:00+00:00 url"),
            ("", "https://a.test/2031/05/03/x", "2031-05-03T00:00:00+00:00 url"),
        ] {
            assert_eq!(date("", print, url), want, "{print} {url}");
        }
    }

    #[test]
    fn a_change_is_the_last_resort_and_says_so() {
        let html = "<main><h1>The river rose in the night</h1><p>Updated May 3, 2031</p>\
            <p>The river rose by two metres in the night, and the mill was closed to all who came to see it, said its keeper.</p></main>";
        let metadata = crate::read(html, &Hints::default()).expect("a small page").metadata;
        assert_eq!(metadata.published.map(|d| d.source).as_deref(), Some("date_modified"));
        assert_eq!(metadata.modified.map(|d| d.value.day().to_string()).as_deref(), Some("2031-05-03"));
    }
}
