//! One block held against all rules at once: which of them it could fall under, wherever it stood.

use std::cell::OnceCell;

use memchr::memmem;

use crate::form::Form;
use crate::phrases::Found;
use crate::rules::{Rules, head};

/// A rule that matches a block's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Which rule.
    pub(crate) rule: usize,
    /// The whole block is a known line.
    pub(crate) exact: bool,
    /// It counts wherever the block stands.
    pub(crate) loud: bool,
}

/// A block that is held against rules.
struct Asked<'a> {
    rules: &'a Rules,
    form: &'a Form,
    /// The phrases of all rules that stand in it; found out when the first rule asks.
    found: OnceCell<Vec<Found>>,
}

impl Rules {
    /// The rules that match, in the order in which they are asked. Zone and topic are not looked at yet.
    pub(crate) fn hits(&self, form: &Form) -> Vec<Hit> {
        let mut hits = Vec::new();
        if form.text.is_empty() {
            return hits;
        }
        let asked = Asked { rules: self, form, found: OnceCell::new() };
        if let Some(lines) = self.lines.get(&form.text) {
            hits.extend(lines.iter().map(|l| Hit { rule: l.rule, exact: true, loud: l.loud }));
        }
        asked.beginnings(&mut hits);
        if form.words <= self.has_words {
            asked.phrases(&mut hits);
        }
        if form.words <= self.pattern_words {
            for rule in self.patterns.matches(form, |rule| asked.fits(rule)) {
                asked.consider(rule, &mut hits);
            }
        }
        hits.sort_by_key(|h| (h.rule, !h.exact));
        hits.dedup_by_key(|h| h.rule);
        hits
    }
}

impl Asked<'_> {
    fn beginnings(&self, hits: &mut Vec<Hit>) {
        let text = &self.form.text;
        let Some(known) = head(text).and_then(|head| self.rules.starts.get(&head)) else { return };
        for beginning in known {
            let fits = text.starts_with(&beginning.literal)
                && (!beginning.bounded || ends_word(text, beginning.literal.len()));
            if fits {
                self.consider(beginning.rule, hits);
            }
        }
    }

    /// Phrases that rules have, which come before the words that they require.
    fn phrases(&self, hits: &mut Vec<Hit>) {
        for found in self.found() {
            let Some(rule) = self.rules.has_of.get(found.phrase).copied() else { continue };
            let near_end = self.form.text.len() - found.end <= 80;
            if near_end || !self.rules.rules[rule].written.tail {
                self.consider(rule, hits);
            }
        }
    }

    fn found(&self) -> &[Found] {
        self.found.get_or_init(|| self.rules.phrases.found_in(&self.form.text))
    }

    fn consider(&self, rule: usize, hits: &mut Vec<Hit>) {
        if self.fits(rule) {
            let loud = self.rules.rules[rule].written.zone == Default::default();
            hits.push(Hit { rule, exact: false, loud });
        }
    }

    fn fits(&self, rule: usize) -> bool {
        let (form, rule) = (self.form, &self.rules.rules[rule]);
        let w = &rule.written;
        let most = match w.sentence_words {
            Some(words) if form.sentence => words,
            _ => w.max_words,
        };
        form.words <= most
            && !(w.plain && form.sentence)
            && (!w.titled || form.titled)
            && !(w.quoteless && form.quoted)
            && self.holds_any(&rule.with)
            && (form.words <= 12 || self.holds_any(&rule.long_with))
    }

    fn holds_any(&self, required: &[usize]) -> bool {
        required.is_empty() || self.found().iter().any(|found| required.contains(&found.phrase))
    }
}

fn ends_word(text: &str, at: usize) -> bool {
    !text[at..].starts_with(|c: char| c.is_alphanumeric())
}

/// Whether a text holds a phrase that does not begin or end within a word; in scripts without spaces, whether it holds it.
pub(crate) fn holds_word(text: &str, phrase: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    let (head, tail) = (edge(phrase.chars().next()), edge(phrase.chars().next_back()));
    memmem::find_iter(text.as_bytes(), phrase).any(|at| {
        (!head || !text[..at].ends_with(|c: char| c.is_alphanumeric())) && (!tail || ends_word(text, at + phrase.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::rules;

    fn ids(text: &str) -> Vec<&'static str> {
        rules().hits(&Form::of(text)).iter().map(|h| rules().rules[h.rule].written.id.as_str()).collect()
    }

    #[test]
    fn chrome_is_known_by_name() {
        for (text, id) in [
            ("Press \"Enter\" to skip to content", "skip/link"),
            ("Image courtesy of pictures.example", "caption/credit"),
            ("Be First to Comment", "comments/form"),
            ("Your email address will not be published. Required fields are marked *", "comments/prompt"),
            ("Powered by Social Snap", "share/button"),
            ("Ada Example/Pool photo via Wire Example", "caption/agency"),
            ("Photo by Ada Example / Getty Images", "caption/credit"),
            ("Tags Ada Example Harbour Harbour Board", "tags/line"),
            ("Copyright 2031 Example Media Inc. All rights reserved.", "copyright/line"),
            ("© 2031 Example", "copyright/line"),
            ("Most Popular", "related/heading"),
            ("Load more", "related/heading"),
            ("Related: Ferry stuck again", "related/line"),
            ("Source link", "source/link"),
            ("Source: https://example.org/a", "source/link"),
            ("Quelle: dpa", "source/link"),
            (
                "(This article is generated through the syndicated feed sources, Example doesn’t own any part of it)",
                "syndication/feed",
            ),
            ("This story was originally published on Example.", "syndication/feed"),
            ("Reporting by Ada Example in Port Sample; Editing by Bo Sample", "credit/reporting_by"),
            ("Example Wire writers contributed to this report.", "credit/contributed"),
            ("By Ada Example", "byline/by"),
            ("By Ada Example and Bo Sample, Example News", "byline/by"),
            ("Von Ada Beispiel", "byline/by"),
            ("June 19, 2031", "date/line"),
            ("Published: 19 June 2031 at 10:30 am", "date/line"),
            ("19.06.2031, 10:30 Uhr", "date/line"),
            ("2 hours ago", "date/line"),
            ("Updated 19 June 2031", "date/modified"),
            ("3 min read", "date/reading_time"),
            ("Lesezeit: 3 Minuten", "date/reading_time"),
            ("#harbour #ferry", "tags/hash"),
            ("[button link=\"https://example.org\"]Join[/button]", "share/shortcode"),
            ("Home > News > Harbour", "skip/breadcrumb"),
            ("12 Comments", "comments/count"),
            ("Sign up for our free daily newsletter and never miss a ferry.", "promotion/invitation"),
            ("Correction: an earlier version gave the wrong pier.", "correction/note"),
            ("ada@example.org", "contact/address"),
            ("Kommentar schreiben", "comments/form"),
            ("Lire aussi : Le bac est en panne", "related/line"),
            ("関連記事", "related/heading"),
            ("저작권자 ⓒ 예시신문, 무단전재 및 재배포 금지", "copyright/line"),
        ] {
            assert!(ids(text).contains(&id), "`{text}` is {:?}, not {id}", ids(text));
        }
    }

    #[test]
    fn prose_is_not_known() {
        for text in [
            "By the time the ferry came, the pier was empty.",
            "Related costs rose by a third last year, the harbour board said.",
            "Readers said that the newsletters that they signed up for had never arrived.",
            "Reporting by the harbour board shows that fewer people travel by ferry now.",
            "Share prices of the ferry company fell by a tenth on Monday.",
            "The law of copyright was written for printers, and no one has said what it means for ferries.",
            "Comments by the minister were met with laughter.",
            "Source code of the ticket machine was published last year.",
            "March was a cold month for the harbour, and April was colder still.",
        ] {
            assert!(ids(text).is_empty(), "`{text}` is {:?}", ids(text));
        }
    }
}
