//! The tools that read a page.

use std::hint::black_box;

use wiredesk_model::block::Hints;
use wiredesk_pipeline::article;

/// Something that reads a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// scraper's tree of it and no more: the unit.
    Parse,
    /// The desk: decode, parse, blocks, metadata, cleaning, language, hash.
    Wiredesk,
    /// Readability, as dom_smoothie has it.
    DomSmoothie,
    /// trafilatura, with the fallbacks that its documentation recommends.
    Trafilatura,
    /// trafilatura without them: its default.
    TrafilaturaAlone,
}

impl Reader {
    /// All of them, the unit first.
    pub(crate) const ALL: [Self; 5] =
        [Self::Parse, Self::Wiredesk, Self::DomSmoothie, Self::Trafilatura, Self::TrafilaturaAlone];

    /// As it stands in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Parse => "scraper, parse alone",
            Self::Wiredesk => "wiredesk, from bytes to hash",
            Self::DomSmoothie => "dom_smoothie",
            Self::Trafilatura => "trafilatura, with fallback",
            Self::TrafilaturaAlone => "trafilatura, no fallback",
        }
    }

    /// Reads a page. What comes of it is dropped, and counts; so does a refusal.
    pub(crate) fn read(self, html: &[u8], url: &str) {
        match self {
            Self::Parse => drop(black_box(scraper::Html::parse_document(&text(html)))),
            Self::Wiredesk => {
                let hints = Hints { requested_url: url.to_owned(), final_url: url.to_owned(), ..Hints::default() };
                drop(black_box(article::read(html, None, &hints, &Default::default())));
            }
            Self::DomSmoothie => {
                let article = dom_smoothie::Readability::new(&*text(html), Some(url), None)
                    .and_then(|mut readability| readability.parse());
                drop(black_box(article));
            }
            Self::Trafilatura | Self::TrafilaturaAlone => {
                let mut options = trafilatura::Options::default().with_fallback(self == Self::Trafilatura);
                options.original_url = url::Url::parse(url).ok();
                drop(black_box(trafilatura::extract(&text(html), &options)));
            }
        }
    }
}

/// The pages of the sets are UTF-8, which is all that the others are told.
fn text(html: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(html)
}
