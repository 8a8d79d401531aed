//! How much of a feed may be in each of its items. What it says once, of itself, is copied into every item or joined to every address, so
//! that a few bytes weigh as many times as there are items: so each such thing has a length that it may have, and all of them together
//! have an allowance. What an item says itself stands in the document once, and is bounded with it.

use wiredesk_model::link::LONGEST;

/// No language tag is longer, in bytes (RFC 5646 §4.4.1 asks for room for 35).
const LANGUAGE: usize = 64;
/// A name of an author or a category is no longer, in bytes: thousands of people sign some papers, all in one name.
const NAME: usize = 64 << 10;
/// The same of one that the feed gives to all its items.
const FEEDS_OWN_NAME: usize = 1 << 10;
/// The most authors that a feed gives to all its items.
pub(crate) const FEEDS_OWN_AUTHORS: usize = 20;
/// What may be made for a document however small it is, in bytes.
const FREE: usize = 1 << 20;

/// A language tag, where it can be one.
pub(crate) fn language(tag: Option<String>) -> Option<String> {
    tag.filter(|tag| tag.len() <= LANGUAGE)
}

/// An address, or an id, of a length that somebody may mean.
pub(crate) fn address(text: Option<String>) -> Option<String> {
    text.filter(|text| text.len() <= LONGEST)
}

/// An author or a category, where it can be one.
pub(crate) fn name(text: Option<String>) -> Option<String> {
    text.filter(|text| text.len() <= NAME)
}

/// An author that a feed gives to all its items, where it can be one.
pub(crate) fn feeds_own_name(text: &str) -> bool {
    text.len() <= FEEDS_OWN_NAME
}

/// A headline, what is beyond any length of one cut off.
pub(crate) fn headline(text: Option<String>) -> Option<String> {
    text.map(|mut text| {
        text.truncate(text.floor_char_boundary(LONGEST));
        text
    })
}

/// What may still be made for a document that does not stand in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowance {
    /// The bases that its elements set, each joined to the one around it.
    pub(crate) bases: Pot,
    /// What its items are given: their feed's own words, and addresses made absolute.
    pub(crate) items: Pot,
}

impl Allowance {
    /// What may be made for this document.
    pub(crate) fn of(document: &str) -> Self {
        Self { bases: Pot::of(document), items: Pot::of(document) }
    }
}

/// So many bytes: at first twice a document's length, and some.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pot {
    left: usize,
    spent: bool,
}

impl Pot {
    fn of(document: &str) -> Self {
        Self { left: document.len().saturating_mul(2).saturating_add(FREE), spent: false }
    }

    /// Takes so many bytes, where so many are left. Once they were not, nothing more can be taken.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => self.spent = true,
        }
        !self.spent
    }

    /// Whether more was asked of it than it had: from then on items are left out, for what they should have been given is not there.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent
    }
}
