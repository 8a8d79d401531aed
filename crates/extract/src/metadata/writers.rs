//! Who wrote the article: what markup states, held against what the page prints under its headline.
//!
//! Markup is the better source of a name and the worse one of who it is: it names the house where the page names a person, a
//! login where the page has a name, the photographer beside the writer. So a person counts before a house, a name before a
//! login, and the names in a printed byline settle which of those that are stated wrote the article.

use wiredesk_model::article::{Author, AuthorKind};
use wiredesk_model::block::{Hints, Sourced};

use super::authors;
use super::facts::Facts;
use super::json_ld::Linked;
use super::printed::Line;
use crate::text::letters;
use crate::words::Words;

/// `meta` keys that name authors, in groups; within a group the first that has a name counts.
const META: [&[&str]; 3] = [
    &[
        "author",
        "article:author",
        "og:article:author",
        "parsely-author",
        "sailthru.author",
        "byl",
        "article:author_name",
    ],
    &["citation_author", "citation_authors", "dc.creator", "dcterms.creator", "dc.author", "dc.contributor"],
    &["cxenseparse:author", "cse_author", "rnews:author", "bt:author", "authors", "author-name"],
];

/// What messengers are told to print beside "Written by", as one content system says it in its languages.
const WRITTEN_BY: [&str; 14] = [
    "written by",
    "verfasst von",
    "geschrieben von",
    "écrit par",
    "escrito por",
    "scritto da",
    "geschreven door",
    "napisane przez",
    "автор",
    "написано автором",
    "yazan",
    "كتب بواسطة",
    "作者",
    "執筆者",
];

/// All that a page says of its authors.
pub(super) struct Credits<'a> {
    pub(super) facts: &'a Facts,
    pub(super) linked: &'a Linked,
    pub(super) hints: &'a Hints,
    /// The line that was judged to be the byline.
    pub(super) byline: Option<&'a str>,
    /// Lines around the headline.
    pub(super) lines: &'a [Line<'a>],
    /// A line elsewhere that signs the article.
    pub(super) signature: Option<&'a str>,
    /// Names that the site goes by, letters only.
    pub(super) sites: &'a [String],
}

/// Names and where they were found, the better places first.
type Sets = Vec<(Vec<Author>, &'static str)>;

/// The authors that markup states, before any block is judged.
pub(super) fn stated(facts: &Facts, linked: &Linked) -> Vec<Author> {
    let mut sets = in_head(facts, linked);
    sets.extend(in_body(facts));
    let mut set = chosen(&sets).map(|at| sets.swap_remove(at).0).unwrap_or_default();
    if set.iter().any(is_person) {
        set.retain(is_person);
    }
    set
}

impl Credits<'_> {
    /// Who wrote it.
    pub(super) fn authors(&self) -> Option<Sourced<Vec<Author>>> {
        let printed = self.printed();
        let mut sets = in_head(self.facts, self.linked);
        sets.push((printed.clone(), "html"));
        sets.extend(in_body(self.facts));
        sets.push((self.byline.map(authors::read).unwrap_or_default(), "html"));
        sets.push((self.hints.authors.iter().flat_map(|name| authors::read(name)).collect(), "feed"));
        sets.push((self.links(), "html"));
        sets.push((self.marked(), "html"));
        sets.push((self.in_passing(), "html"));
        sets.push((self.signature.map(authors::read).unwrap_or_default(), "html"));
        sets.push((self.told_to_messengers(), "meta"));
        let Some(at) = chosen(&sets) else { return self.house() };
        // One kind of markup may have room for one author, where another has all of them.
        let all = (at..sets.len()).find(|other| sets[*other].1 == "meta" && holds_more(&sets[*other].0, &sets[at].0));
        let at = all.unwrap_or(at);
        let (mut set, source) = sets.swap_remove(at);
        if set.iter().any(is_person) {
            // The agency beside a name is where the name works; the byline keeps it as printed.
            set.retain(is_person);
            // Where print names one of them, those that it does not name took the pictures or read the proofs.
            if printed.iter().any(|name| holds(&set, name)) && set.len() > 1 {
                let prints: String = self.lines.iter().map(|line| letters(line.text)).collect::<Vec<_>>().join(" ");
                set.retain(|author| prints.contains(&letters(&author.name)));
            }
        }
        Some(Sourced::new(set, source))
    }

    fn is_site(&self, name: &str) -> bool {
        self.sites.binary_search(&letters(name)).is_ok()
    }

    /// The names of lines near the headline that say so: "By Ada Brook", or "By" and a name in the next line.
    fn printed(&self) -> Vec<Author> {
        let mut out = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            if authors::begins_byline(line.text) {
                authors::read(line.text).into_iter().for_each(|author| push(&mut out, author));
            } else if let Some(most) = authors::label(line.text) {
                let names = self.lines[at + 1..].iter().take_while(|next| authors::is_name(next.text)).take(most);
                names.flat_map(|next| authors::read(next.text)).for_each(|author| push(&mut out, author));
            }
            if !out.is_empty() {
                break;
            }
        }
        out
    }

    /// The first line near the headline that is a name, or begins with one and goes on with a house, in a box that is named a
    /// byline.
    fn marked(&self) -> Vec<Author> {
        let marked =
            self.lines.iter().filter(|line| line.words.has(Words::BYLINE.or(Words::BIO)) && !line.text.contains(','));
        let named = marked.map(|line| authors::read(line.text));
        let is_one = |names: &Vec<Author>| {
            names.len() == 1 && names.iter().all(|name| is_person(name) && authors::is_name(&name.name))
        };
        let mut named = named.filter(is_one);
        named.next().unwrap_or_default()
    }

    /// Links to pages of authors in lines near the headline; where none is near, the first on the page.
    fn links(&self) -> Vec<Author> {
        let names = || self.facts.authors.iter().map(|(name, ..)| name.as_str());
        let mut out = Vec::new();
        for name in names().filter(|name| self.lines.iter().any(|line| line.text.contains(name))) {
            authors::read(name).into_iter().filter(is_person).for_each(|author| push(&mut out, author));
        }
        if out.is_empty() {
            out = names().filter(|name| authors::is_name(name)).map(authors::read).next().unwrap_or_default();
        }
        out
    }

    /// Names inside a line of small print: "May 3, 2026 by Ada Brook".
    fn in_passing(&self) -> Vec<Author> {
        self.lines.iter().map(|line| authors::named_in(line.text)).find(|named| !named.is_empty()).unwrap_or_default()
    }

    fn told_to_messengers(&self) -> Vec<Author> {
        let label = self.facts.first(&["twitter:label1"]).unwrap_or_default().to_lowercase();
        let name = self.facts.first(&["twitter:data1"]).filter(|_| WRITTEN_BY.contains(&label.as_str()));
        name.map(authors::read).unwrap_or_default()
    }

    /// The site itself, where markup names nobody else as the author.
    fn house(&self) -> Option<Sourced<Vec<Author>>> {
        let linked = self.linked.parties("author").into_iter().map(|(name, ..)| (name, "json-ld"));
        let metas = self.facts.all("author").map(|name| (name.to_owned(), "meta"));
        let (name, source) = linked.chain(metas).find(|(name, _)| self.is_site(name))?;
        Some(Sourced::new(vec![Author { name, kind: AuthorKind::Organization, url: None }], source))
    }
}

/// JSON-LD and `meta`.
fn in_head(facts: &Facts, linked: &Linked) -> Sets {
    let mut stated: Vec<Author> = Vec::new();
    for key in ["author", "creator"] {
        for (name, organisation, url) in linked.parties(key) {
            let found =
                if organisation { authors::organisation(&name).into_iter().collect() } else { authors::read(&name) };
            for mut author in found {
                author.url.clone_from(&url);
                push(&mut stated, author);
            }
        }
        if !stated.is_empty() {
            break;
        }
    }
    let mut sets: Sets = vec![(stated, "json-ld")];
    for keys in META {
        let mut found = Vec::new();
        for key in keys {
            facts.all(key).flat_map(authors::read).for_each(|author| push(&mut found, author));
            if !found.is_empty() {
                break;
            }
        }
        sets.push((found, "meta"));
    }
    sets
}

/// Microdata and links that are marked.
fn in_body(facts: &Facts) -> Sets {
    let mut told = Vec::new();
    let properties = facts.properties.iter().filter(|(name, _)| name == "author" || name == "creator");
    properties.flat_map(|(_, value)| authors::read(value)).for_each(|author| push(&mut told, author));
    let mut linked = Vec::new();
    let marked = facts.authors.iter().filter(|(.., marked)| *marked).take(6);
    marked.flat_map(|(name, ..)| authors::read(name)).for_each(|author| push(&mut linked, author));
    vec![(told, "microdata"), (linked, "html")]
}

/// The set to believe: the first with a person who has a name, then with a person, then any.
fn chosen(sets: &[(Vec<Author>, &'static str)]) -> Option<usize> {
    let first = |fits: &dyn Fn(&Author) -> bool| sets.iter().position(|(set, _)| set.iter().any(fits));
    first(&|author| is_person(author) && !authors::is_login(&author.name))
        .or_else(|| first(&is_person))
        .or_else(|| first(&|_| true))
}

/// Whether a set has all the people of another, and more.
fn holds_more(set: &[Author], other: &[Author]) -> bool {
    let people = |set: &[Author]| set.iter().filter(|author| is_person(author)).count();
    let names = set
        .iter()
        .filter(|author| is_person(author) && !holds(other, author))
        .all(|author| authors::is_name(&author.name));
    names
        && people(set) > people(other)
        && people(other) > 0
        && other.iter().filter(|a| is_person(a)).all(|author| holds(set, author))
}

fn holds(set: &[Author], author: &Author) -> bool {
    let name = letters(&author.name);
    set.iter().any(|other| letters(&other.name) == name)
}

fn is_person(author: &Author) -> bool {
    author.kind == AuthorKind::Person
}

fn push(all: &mut Vec<Author>, author: Author) {
    if all.len() < 20 && !holds(all, &author) {
        all.push(author);
    }
}

#[cfg(test)]
mod tests {
    use wiredesk_model::block::Hints;

    /// The authors of a page with this in its head and this small print under its headline.
    fn names(head: &str, print: &str) -> String {
        let text = "<p>The river rose by two metres in the night, and the mill was closed to all who came to see it, said its keeper.</p>";
        let html = format!("{head}<main><h1>The river rose in the night</h1>{print}{}</main>", text.repeat(4));
        let ledger = crate::read(&html, &Hints::default()).expect("a small page");
        let authors = ledger.metadata.authors.map(|found| found.value).unwrap_or_default();
        authors.into_iter().map(|author| author.name).collect::<Vec<_>>().join("; ")
    }

    fn linked(author: &str) -> String {
        format!(
            r#"<script type="application/ld+json">{{"@type":"NewsArticle","headline":"x","author":{author}}}</script>"#
        )
    }

    #[test]
    fn a_person_in_print_is_told_from_houses_logins_and_photographers() {
        for (head, print, want) in [
            (linked(r#"{"@type":"Organization","name":"Brook & Reed"}"#), "", "Brook & Reed"),
            (linked(r#"{"@type":"Organization","name":"Brook & Reed"}"#), "<p>By Ada Brook</p>", "Ada Brook"),
            (linked(r#""adab""#), "<div class=author-name>Ada Brook</div>", "Ada Brook"),
            (linked(r#"["Ada Brook","Tom Reed"]"#), "<p>By Ada Brook</p>", "Ada Brook"),
            (linked(r#"["Ada Brook","Tom Reed"]"#), "<p>By Ada Brook</p><p>and Tom Reed</p>", "Ada Brook; Tom Reed"),
            (linked(r#"["Ada Brook","Tom Reed"]"#), "", "Ada Brook; Tom Reed"),
            (linked(r#""Ada Brook""#) + "<meta name=author content='Ada Brook, Tom Reed'>", "", "Ada Brook; Tom Reed"),
            (String::new(), "<div>By</div><div>Ada Brook</div><div>Get started</div>", "Ada Brook"),
            (String::new(), "<h6>Author(s)</h6><ul><li>Ada Brook</li><li>Tom Reed</li></ul>", "Ada Brook; Tom Reed"),
            (String::new(), "<p><a href=/staff/ada>Ada Brook</a> MILL TODAY</p>", "Ada Brook"),
            (String::new(), "<div class=byline>Senior Reporter</div>", ""),
            ("<meta name=twitter:label1 content='Written by'><meta name=twitter:data1 content='Ada Brook'>".into(), "", "Ada Brook"),
            ("<meta property=og:site_name content='Mill Travel Expert'><meta name=author content='Mill Travel Expert'>".into(), "", "Mill Travel Expert"),
        ] {
            assert_eq!(names(&head, print), want, "{head} {print}");
        }
    }
}
