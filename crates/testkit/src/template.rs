//! A story inside a site's own chrome. A template is an HTML file with `{{name}}` where a value goes and `{{p:2..4}}` where
//! paragraphs go, so that boxes can stand between them; `{{base}}` is left for the server, which knows its port.

use std::collections::BTreeMap;

use crate::feed::escape;
use crate::prose::{Story, story};
use crate::typography::Type;

/// How a house marks paragraphs up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paragraphs {
    /// `<p>…</p>`
    P,
    /// `…<br><br>`
    Breaks,
    /// `<div class="para">…</div>`
    Divs,
}

impl Paragraphs {
    fn mark(self, paragraph: &str, way: Type) -> String {
        if let Some(heading) = paragraph.strip_prefix("## ") {
            return format!("<h2>{}</h2>\n", way.set(heading));
        }
        if let Some(item) = paragraph.strip_prefix("- ") {
            return format!("<ul><li>{}</li></ul>\n", way.set(item));
        }
        let text = way.set(paragraph);
        match self {
            Self::P => format!("<p>{text}</p>\n"),
            Self::Breaks => format!("{text}<br><br>\n"),
            Self::Divs => format!("<div class=\"para\">{text}</div>\n"),
        }
    }

    /// All paragraphs, as HTML. Neighbouring list items become one list.
    pub fn html(self, paragraphs: &[String], way: Type) -> String {
        let html: String = paragraphs.iter().map(|paragraph| self.mark(paragraph, way)).collect();
        html.replace("</li></ul>\n<ul><li>", "</li>\n<li>")
    }
}

/// What goes into a template, by name. Values are HTML.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// A value that is HTML already.
    pub fn html(mut self, name: &str, html: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), html.into());
        self
    }

    /// A value that is text.
    pub fn text(self, name: &str, text: &str) -> Self {
        self.html(name, escape(text))
    }

    /// What every template may say of a story under this headline at this path.
    pub fn of(story: &Story, title: &str, path: &str) -> Self {
        let day = story.published.split('T').next().unwrap_or_default();
        let time = story.published.get(11..16).unwrap_or_default();
        Self::default()
            .text("title", title)
            .text("summary", &story.summary)
            .text("author", &story.author)
            .text("slug", &story.slug)
            .text("path", path)
            .text("iso", &story.published)
            .text("day", day)
            .text("time", time)
            .text("long_day", &long_day(day))
            .html("title_json", json(title))
            .html("summary_json", json(&story.summary))
            .html("author_json", json(&story.author))
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace("</", "<\\/")
}

fn long_day(day: &str) -> String {
    day.parse::<jiff::civil::Date>().map_or_else(|_| day.to_owned(), |day| day.strftime("%B %-d, %Y").to_string())
}

/// Fills a template. Names that have no value become nothing.
pub fn fill(template: &str, values: &Values, paragraphs: &[String], marks: Paragraphs, way: Type) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some(at) = rest.find("{{") {
        out.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        let Some(end) = rest.find("}}") else { break };
        let name = &rest[..end];
        rest = &rest[end + 2..];
        if let Some(range) = name.strip_prefix("p:") {
            out.push_str(&marks.html(slice(paragraphs, range), way));
        } else if name == "base" || name.starts_with("base:") {
            out.push_str("{{");
            out.push_str(name);
            out.push_str("}}");
        } else if let Some(value) = values.0.get(name) {
            out.push_str(value);
        }
    }
    out.push_str(rest);
    out
}

/// `2..4`, `2..`, `..2` or `..` of the paragraphs, as far as there are that many.
fn slice<'a>(paragraphs: &'a [String], range: &str) -> &'a [String] {
    let (from, to) = range.split_once("..").unwrap_or((range, range));
    let from = from.parse().unwrap_or(0).min(paragraphs.len());
    let to = to.parse().unwrap_or(paragraphs.len()).clamp(from, paragraphs.len());
    &paragraphs[from..to]
}

/// The plainest page that is still an article's: for tests of which the page is not the point.
pub fn plain(title: &str, paragraphs: &[String]) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{0}</title></head>\n<body>\n<header><a href=\"/\">Home</a></header>\n\
         <main><article>\n<h1>{0}</h1>\n{1}</article></main>\n<footer>All rights reserved</footer>\n</body>\n</html>\n",
        escape(title),
        Paragraphs::P.html(paragraphs, Type::Curly)
    )
}

/// An article page of made-up prose that belongs to this number: distinct for every number.
pub fn article(number: u64) -> String {
    let told = story(0xA271_C1E5, number);
    plain(&told.title, &told.paragraphs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_takes_values_and_ranges_of_paragraphs() {
        let paragraphs: Vec<String> = ["one", "two", "three"].map(str::to_owned).into();
        let values = Values::default().text("title", "A & B");
        let filled = fill(
            "{{title}}|{{p:..1}}|box|{{p:1..9}}|{{base}}|{{none}}|",
            &values,
            &paragraphs,
            Paragraphs::Breaks,
            Type::Curly,
        );
        assert_eq!(filled, "A &amp; B|one<br><br>\n|box|two<br><br>\nthree<br><br>\n|{{base}}||");
    }
}
