//! The pages that are read: the same bytes under the same addresses on disk, for bulk extraction, and on a local web, for the desk.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use wiredesk_testkit::prose::story;
use wiredesk_testkit::{Site, Web, demo, item, rss, site};

use super::Work;

/// Sites that the pages are spread over: enough that what one host is spared binds nothing.
const SITES: usize = 40;
const SEED: u64 = 0xBE7C;

/// A page before it has an address.
struct Page {
    path: String,
    /// Where a found page was found.
    url: Option<String>,
    title: String,
    summary: Option<String>,
    published: Option<String>,
    html: Html,
}

/// A made-up page names its own site, whose port is not known yet.
enum Html {
    MadeUp(String),
    Found(Vec<u8>),
}

impl Html {
    fn at(&self, base: &str) -> Vec<u8> {
        match self {
            Self::MadeUp(html) => html.replace("{{base}}", base).into_bytes(),
            Self::Found(html) => html.clone(),
        }
    }
}

/// Pages, spread over sites.
pub struct Pages {
    pages: Vec<Page>,
}

impl Pages {
    /// The pages that were asked for: distinct stories in the demo's templates, or a manifest's.
    pub fn of(work: &Work) -> anyhow::Result<Self> {
        let pages = match &work.set {
            Some(manifest) => found(manifest)?,
            None => made_up(work.pages, work.weight),
        };
        ensure!(!pages.is_empty(), "there are no pages to read");
        Ok(Self { pages })
    }

    /// The pages in memory: the address of each and its bytes.
    pub fn in_memory(&self) -> Vec<(String, Vec<u8>)> {
        let one = |(number, page): (usize, &Page)| {
            let base = format!("http://{}.test", name(number));
            let url = page.url.clone().unwrap_or_else(|| format!("{base}/{}", page.path));
            (url, page.html.at(&base))
        };
        self.pages.iter().enumerate().map(one).collect()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.pages.len()
    }

    /// Writes the pages into a folder with a manifest; gives the manifest's path and the bytes of all pages.
    pub fn write(&self, folder: &Path, base: impl Fn(&str) -> String) -> anyhow::Result<(PathBuf, u64)> {
        let manifest = folder.join("manifest.jsonl");
        let mut rows = BufWriter::new(File::create(&manifest)?);
        let mut bytes = 0;
        for (number, page) in self.pages.iter().enumerate() {
            let base = base(&name(number));
            let (html, file) = (page.html.at(&base), format!("{number}.html"));
            bytes += html.len() as u64;
            std::fs::write(folder.join(&file), html)?;
            writeln!(
                rows,
                "{}",
                json!({ "id": number.to_string(), "html": file, "url": format!("{base}/{}", page.path) })
            )?;
        }
        rows.flush()?;
        Ok((manifest, bytes))
    }

    /// Serves the pages on loopback, each site with a feed that lists all of its own. Every answer is ready before it is asked for.
    pub fn serve(&self) -> anyhow::Result<Web> {
        let web = Web::start((0..SITES).map(|number| site(name(number))))?;
        for at in 0..SITES {
            let (name, base) = (name(at), web.base(&name(at)).to_owned());
            web.change(&name, |site| self.site(at, &base, site));
        }
        Ok(web)
    }

    fn site(&self, at: usize, base: &str, mut site: Site) -> Site {
        let mut items = Vec::new();
        for page in self.pages.iter().skip(at).step_by(SITES) {
            let mut listed = item(&page.path).title(&page.title);
            listed = match &page.summary {
                Some(summary) => listed.summary(summary),
                None => listed,
            };
            items.push(match &page.published {
                Some(published) => listed.published(published),
                None => listed,
            });
            site =
                site.typed(&page.path, "text/html; charset=utf-8", page.html.at(base)).without_validators(&page.path);
        }
        site.feed(rss("feed.xml").title(&format!("Site {at}")).entries(items))
    }
}

/// The site that carries a page.
fn name(number: usize) -> String {
    format!("n{:02}", number % SITES)
}

fn made_up(count: usize, weight: usize) -> Vec<Page> {
    let looks = demo::looks();
    let trimmings = Trimmings::new(weight);
    let page = |number: usize| {
        let told = story(SEED, number as u64);
        let path = format!("story/{number}");
        // Not in step with the sites: each look has pages on several.
        let look = looks.get((number / SITES + number) % looks.len());
        let html =
            Html::MadeUp(look.map_or_else(String::new, |look| trimmings.around(&look.page(&told, &told.title, &path))));
        Page { path, url: None, title: told.title, summary: Some(told.summary), published: Some(told.published), html }
    };
    (0..count).map(page).collect()
}

/// What makes a news page heavy: styles and script data above the story, menus and teasers below it, about half and half, the same on
/// every page. The demo's own pages are a twentieth of what publishers send, which would make the desk's work on a page look large
/// beside the reading of it.
struct Trimmings {
    head: String,
    foot: String,
}

impl Trimmings {
    /// Trimmings of about this many kB.
    fn new(weight: usize) -> Self {
        let (half, mut head, mut foot) = (weight * 500, String::new(), String::new());
        let mut teasers = (0..).map(|number| story(!SEED, number));
        while head.len() < half {
            let rules: String =
                (0..12).map(|n| format!(".box-{n}>.teaser:hover{{margin:0 {n}px;color:#34{n:02}56}}\n")).collect();
            let state = json!({ "layout": "wide", "slots": ["top", "side", "foot"], "flags": { "dark": false, "beta": 3 }, "length": head.len() });
            head += &format!(
                "<style>{rules}</style>\n<script type=\"application/json\" class=\"state\">{state}</script>\n"
            );
        }
        while foot.len() < half {
            foot += "<nav class=\"menu\"><ul>\n";
            for told in teasers.by_ref().take(12) {
                let (slug, title) = (&told.slug, &told.title);
                foot += &format!(
                    "<li class=\"teaser\"><a href=\"{{{{base}}}}/more/{slug}\"><img src=\"/i/{slug}.jpg\" alt=\"\"><span>{title}</span></a></li>\n"
                );
            }
            foot += "</ul></nav>\n";
        }
        Self { head, foot }
    }

    fn around(&self, page: &str) -> String {
        page.replacen("</head>", &format!("{}</head>", self.head), 1).replacen(
            "</body>",
            &format!("{}</body>", self.foot),
            1,
        )
    }
}

fn found(manifest: &Path) -> anyhow::Result<Vec<Page>> {
    let file = File::open(manifest).with_context(|| format!("{} cannot be read", manifest.display()))?;
    let folder = manifest.parent().unwrap_or(Path::new("."));
    let mut pages = Vec::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let row: Value =
            serde_json::from_str(&line?).with_context(|| format!("{}, line {}", manifest.display(), number + 1))?;
        let path = folder.join(row["html"].as_str().context("a row without `html`")?);
        let file = File::open(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let mut html = Vec::new();
        if path.extension().is_some_and(|kind| kind == "gz") {
            GzDecoder::new(file).read_to_end(&mut html)?;
        } else {
            BufReader::new(file).read_to_end(&mut html)?;
        }
        let path = format!("page/{number}");
        let title = row["title"].as_str().unwrap_or(&path).to_owned();
        let url = row["url"].as_str().map(str::to_owned);
        pages.push(Page { path, url, title, summary: None, published: None, html: Html::Found(html) });
    }
    Ok(pages)
}
