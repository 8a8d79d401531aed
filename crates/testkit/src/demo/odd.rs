//! What is listed and is not a story: the entries that a desk must end with a reason instead of a record.

use crate::feed::{Item, item};
use crate::site::Site;

/// What an entry must come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// A record of this story, or a duplicate of one.
    Story(String),
    /// There is nothing: 404.
    Gone,
    /// A page, and no article: a section front, a log-in form.
    NotArticle,
    /// A consent page, or the first lines before a paywall.
    Wall,
    /// Not a page at all: a PDF.
    NotHtml,
}

/// One odd entry.
pub(super) struct Odd {
    pub(super) house: &'static str,
    pub(super) path: &'static str,
    pub(super) title: &'static str,
    pub(super) summary: &'static str,
    pub(super) expect: Expect,
}

/// All of them.
pub(super) fn all() -> Vec<Odd> {
    vec![
        Odd {
            house: "channel6",
            path: "news/local/parade-route/",
            title: "Holiday parade route announced",
            summary: "See where the floats will pass.",
            expect: Expect::Gone,
        },
        Odd {
            house: "portal",
            path: "section/sports",
            title: "All the sports news of the day",
            summary: "Scores, tables and pictures.",
            expect: Expect::NotArticle,
        },
        Odd {
            house: "standard",
            path: "members/crossword",
            title: "Members’ crossword No. 4,118",
            summary: "Set by Wren.",
            expect: Expect::NotArticle,
        },
        Odd {
            house: "standard",
            path: "story/mint-report",
            title: "Inside the royal mint’s lost decade",
            summary: "A confidential report reveals what went wrong.",
            expect: Expect::Wall,
        },
        Odd {
            house: "ledger",
            path: "world/2026/nov/market-close",
            title: "Markets at the close",
            summary: "The day in figures.",
            expect: Expect::Wall,
        },
        Odd {
            house: "gazette",
            path: "minutes/november.pdf",
            title: "Parish council: minutes for November",
            summary: "The full minutes as a document.",
            expect: Expect::NotHtml,
        },
    ]
}

impl Odd {
    pub(super) fn entry(&self) -> Item {
        item(self.path).title(self.title).summary(self.summary)
    }

    /// Puts on the site what the entry leads to.
    pub(super) fn put(&self, site: Site) -> Site {
        match self.path {
            "section/sports" => site.page(self.path, FRONT),
            "members/crossword" => site.redirect(self.path, 302, "login?next=/members/crossword").page("login", LOGIN),
            "story/mint-report" => site.page(self.path, STUB),
            "world/2026/nov/market-close" => site.page(self.path, CONSENT),
            "minutes/november.pdf" => site.typed(self.path, "application/pdf", PDF),
            _ => site,
        }
    }
}

const FRONT: &str = include_str!("sites/odd-front.html");
const LOGIN: &str = include_str!("sites/odd-login.html");
const STUB: &str = include_str!("sites/odd-stub.html");
const CONSENT: &str = include_str!("sites/odd-consent.html");

const PDF: &[u8] =
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>endobj\n4 0 obj<</Length 44>>stream\n\
BT /F1 12 Tf 72 770 Td (Minutes, November) Tj ET\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
