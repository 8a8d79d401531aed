//! The ten houses: each a template written by hand after a real kind of site, its type, and its way of saying who wrote what.

use crate::prose::Story;
use crate::template::{Paragraphs, Values, fill};
use crate::typography::Type;

/// How a house prints a story.
#[derive(Clone, Debug)]
pub struct Look {
    /// The site's id.
    pub id: &'static str,
    /// The site's name.
    pub name: &'static str,
    template: &'static str,
    marks: Paragraphs,
    way: Type,
    /// The line below a wire story; varies from house to house, so it is no part of the story.
    credit: &'static str,
    /// Other headlines of the house with their paths, for the boxes round the story.
    pub(crate) teasers: Vec<(String, String)>,
}

/// What stands in the boxes of a house that has no other stories.
const TEASERS: [(&str, &str); 4] = [
    ("What to know before the clocks change", "misc/clocks"),
    ("Readers' photographs of the week", "misc/photographs"),
    ("Quiz: how well do you know your neighbours?", "misc/quiz"),
    ("The ten best soups for a wet November", "misc/soups"),
];

macro_rules! look {
    ($id:literal, $name:literal, $marks:ident, $way:ident, $credit:literal) => {
        Look {
            id: $id,
            name: $name,
            template: include_str!(concat!("sites/", $id, ".html")),
            marks: Paragraphs::$marks,
            way: Type::$way,
            credit: $credit,
            teasers: TEASERS.map(|(title, path)| (title.to_owned(), path.to_owned())).into(),
        }
    };
}

/// All houses, in a fixed order.
pub fn looks() -> Vec<Look> {
    vec![
        look!("lantern", "Harbour Lantern", P, Curly, ""),
        look!(
            "channel6",
            "Channel 6 Ferrow Valley",
            P,
            Straight,
            "<p><em>Meridian Wire writers Paul Orrick and Sunniva Hale contributed to this report.</em></p>"
        ),
        look!(
            "ledger",
            "The National Ledger",
            P,
            Spaced,
            "<p>Reporting by Meridian Wire; editing by Agnes Corley and Paul Orrick</p>"
        ),
        look!(
            "portal",
            "Daybreak Portal",
            Divs,
            Entities,
            "<div class=\"para\">(Reporting by Sunniva Hale; Editing by Paul Orrick)</div>"
        ),
        look!("newsloom", "Newsloom", P, Curly, ""),
        look!("kiln", "Kernel & Kiln", P, Curly, ""),
        look!("gazette", "The Ostmere Gazette", Breaks, Straight, ""),
        look!("quickread", "QuickRead", P, Hyphenated, ""),
        look!("bote", "Felsener Bote", P, Curly, ""),
        look!(
            "standard",
            "The Corrowan Standard",
            P,
            Spaced,
            "<p class=\"tagline\">Sunniva Hale contributed reporting from Selwick.</p>"
        ),
    ]
}

impl Look {
    /// The page of a story, under a headline, at a path of the house.
    pub fn page(&self, story: &Story, title: &str, path: &str) -> String {
        self.page_with(story, self.values(story, title, path))
    }

    pub(crate) fn values(&self, story: &Story, title: &str, path: &str) -> Values {
        let others = self.teasers.iter().filter(|(_, at)| at != path).zip(1..);
        others
            .fold(Values::of(story, title, path), |values, ((title, at), n)| {
                values.text(&format!("other{n}"), title).html(&format!("other{n}_path"), format!("/{at}"))
            })
            .text("modified", &story.published)
            .text("original", &story.title)
            .text("free", "true")
            .html("source", "{{base}}/out")
    }

    pub(crate) fn page_with(&self, story: &Story, values: Values) -> String {
        fill(self.template, &values, &story.paragraphs, self.marks, self.way)
    }

    /// The line below a wire story, as HTML; empty where the house prints none.
    pub(crate) fn credit(&self) -> &'static str {
        self.credit
    }

    /// The story as the house's feed carries it in full.
    pub(crate) fn content(&self, story: &Story) -> String {
        Paragraphs::P.html(&story.paragraphs, self.way)
    }
}
