//! Claims that a site's rule points at: they go before all others, and their source is `rule`.

use url::Url;
use wiredesk_model::article::{Author, AuthorKind};
use wiredesk_model::block::{Hints, Metadata, Sourced};

use super::{Claims, absolute, address, authors, dates, month_first};
use crate::text::letters;

const SOURCE: &str = "rule";

/// Somebody whom the page names.
pub(crate) struct Named {
    pub(crate) text: String,
    pub(crate) link: Option<String>,
}

/// What the page says where the rule points.
#[derive(Default)]
pub(crate) struct Pointed {
    pub(crate) title: Option<String>,
    /// What may be the date, the better ones first.
    pub(crate) dates: Vec<String>,
    pub(crate) authors: Vec<Named>,
}

impl Claims {
    /// Takes the rule's title for the page's.
    pub(crate) fn overrule(&mut self, pointed: &Pointed) {
        if let Some(title) = &pointed.title {
            self.take_title(title.clone(), SOURCE);
        }
    }
}

/// Takes what the rule points at for the page's claims; where it points at nothing that can be read, those stay.
pub(crate) fn overrule(metadata: &mut Metadata, pointed: &Pointed, claims: &Claims, hints: &Hints) {
    let month_first = month_first(claims.facts.lang.as_deref());
    if let Some(date) = pointed.dates.iter().find_map(|text| dates::parse(text, month_first)) {
        metadata.published = Some(Sourced::new(date, SOURCE));
    }
    let base = Url::parse(address(hints)).ok();
    let mut all: Vec<Author> = Vec::new();
    for named in &pointed.authors {
        let mut found = authors::read(&named.text);
        // The rule says that it is a name; one that does not look like any is taken as it is.
        if found.is_empty() && (2..=80).contains(&named.text.chars().count()) {
            found.push(Author { name: named.text.clone(), kind: AuthorKind::Organization, url: None });
        }
        if let ([one], Some(link)) = (found.as_mut_slice(), &named.link) {
            one.url = absolute(link, base.as_ref());
        }
        for author in found {
            if !all.iter().any(|known| letters(&known.name) == letters(&author.name)) {
                all.push(author);
            }
        }
    }
    if !all.is_empty() {
        metadata.authors = Some(Sourced::new(all, SOURCE));
    }
}
