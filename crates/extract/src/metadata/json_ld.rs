//! schema.org in JSON-LD, as publishers really write it: several scripts, arrays, graphs, references, control characters in
//! strings, commas too many, comments around it. The node that is the article of this page is chosen by type, address and
//! headline.

use serde_json::{Map, Value};
use wiredesk_model::article::Image;

use crate::text::{letters, line, without_tags};

/// What JSON-LD says of the page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Linked {
    nodes: Vec<Map<String, Value>>,
    article: Option<usize>,
}

/// Nodes looked at; a page with more is no page.
const MAX_NODES: usize = 2_000;

impl Linked {
    /// Reads the scripts of a page.
    pub(crate) fn read(scripts: &[String], url: &str, title: &str) -> Self {
        let mut linked = Self::default();
        for script in scripts {
            for value in values(script) {
                linked.gather(value);
            }
        }
        linked.choose(url, title);
        linked
    }

    /// All objects, outer ones first.
    fn gather(&mut self, value: Value) {
        let mut queue = std::collections::VecDeque::from([(value, 0)]);
        while let Some((value, depth)) = queue.pop_front() {
            if self.nodes.len() >= MAX_NODES || depth > 8 {
                return;
            }
            match value {
                Value::Array(items) => queue.extend(items.into_iter().map(|item| (item, depth + 1))),
                Value::Object(node) => {
                    for (key, inner) in &node {
                        // What is said of other pages is not said of this one.
                        if matches!(inner, Value::Object(_) | Value::Array(_))
                            && !matches!(
                                key.as_str(),
                                "itemListElement" | "hasPart" | "comment" | "review" | "isPartOf" | "relatedLink"
                            )
                        {
                            queue.push_back((inner.clone(), depth + 1));
                        }
                    }
                    self.nodes.push(node);
                }
                _ => {}
            }
        }
    }

    fn choose(&mut self, url: &str, title: &str) {
        let wanted = letters(title);
        let path = tail(url);
        let mut best = 0;
        for (at, node) in self.nodes.iter().enumerate() {
            let mut score = types(node).map(rank).max().unwrap_or(0);
            if score == 0 {
                continue;
            }
            let own = ["url", "@id", "mainEntityOfPage"].iter().filter_map(|key| node.get(*key)).any(|v| {
                let link = v.as_str().or_else(|| v.get("@id").and_then(Value::as_str)).unwrap_or_default();
                !path.is_empty() && tail(link) == path
            });
            score += if own { 20 } else { 0 };
            if let Some(headline) = text(node.get("headline").or(node.get("name"))) {
                let headline = letters(&headline);
                let fits = !headline.is_empty() && (wanted.contains(&headline) || headline.contains(&wanted));
                score += if fits && !wanted.is_empty() { 15 } else { 0 };
            }
            score += if node.contains_key("datePublished") { 5 } else { 0 };
            score += if node.contains_key("articleBody") { 2 } else { 0 };
            if score > best {
                best = score;
                self.article = Some(at);
            }
        }
    }

    fn article(&self) -> Option<&Map<String, Value>> {
        self.article.and_then(|at| self.nodes.get(at))
    }

    /// Whether there is a node of an article's type.
    pub(crate) fn has_article(&self) -> bool {
        self.article().is_some_and(|node| types(node).map(rank).max().unwrap_or(0) >= 30)
    }

    /// Whether the article says it is of this type.
    pub(crate) fn is_a(&self, kind: &str) -> bool {
        self.article().is_some_and(|node| types(node).any(|t| t == kind))
    }

    /// Whether the page says anywhere that it is of this type.
    pub(crate) fn mentions(&self, kind: &str) -> bool {
        self.nodes.iter().any(|node| types(node).any(|t| t == kind))
    }

    /// A text of the article.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.article().and_then(|node| text(node.get(key)))
    }

    /// A text of the article as it is written, with its line ends and its markup.
    pub(crate) fn raw(&self, key: &str) -> Option<&str> {
        self.article()?.get(key)?.as_str()
    }

    /// Texts of the article: an array, or one text with commas.
    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        let Some(value) = self.article().and_then(|node| node.get(key)) else { return Vec::new() };
        match value {
            Value::Array(items) => items.iter().filter_map(|v| text(Some(v))).collect(),
            other => text(Some(other)).map(|t| t.split(',').map(|t| t.trim().to_owned()).collect()).unwrap_or_default(),
        }
    }

    /// `isAccessibleForFree`, in all its spellings.
    pub(crate) fn free(&self) -> Option<bool> {
        let value = self.article()?.get("isAccessibleForFree")?;
        match value {
            Value::Bool(free) => Some(*free),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// People and organisations under a key: name, whether it says it is an organisation, address.
    pub(crate) fn parties(&self, key: &str) -> Vec<(String, bool, Option<String>)> {
        let mut out = Vec::new();
        let Some(value) = self.article().and_then(|node| node.get(key)) else { return out };
        let mut queue: Vec<(&Value, u8)> = vec![(value, 0)];
        while let Some((value, depth)) = queue.pop() {
            if depth > 6 || out.len() > 40 {
                break;
            }
            match value {
                Value::Array(items) => queue.extend(items.iter().rev().map(|v| (v, depth + 1))),
                Value::String(name) => out.push((line(name), false, None)),
                Value::Object(node) => {
                    let named = node.get("name").or(node.get("alternateName"));
                    if named.is_none() {
                        if let Some(full) = node.get("@id").and_then(Value::as_str).and_then(|id| self.by_id(id)) {
                            if full.contains_key("name") {
                                let organisation = types(full).any(|t| t.contains("Organization"));
                                push_names(&mut out, full.get("name"), organisation, full);
                            }
                        } else if let (Some(given), family) =
                            (text(node.get("givenName")), text(node.get("familyName")))
                        {
                            out.push((
                                format!("{given} {}", family.unwrap_or_default()).trim().to_owned(),
                                false,
                                None,
                            ));
                        }
                        continue;
                    }
                    let organisation = types(node).any(|t| t.contains("Organization") || t == "Corporation");
                    push_names(&mut out, named, organisation, node);
                }
                _ => {}
            }
        }
        out
    }

    fn by_id(&self, id: &str) -> Option<&Map<String, Value>> {
        self.nodes.iter().find(|node| node.contains_key("name") && node.get("@id").and_then(Value::as_str) == Some(id))
    }

    /// Pictures under a key, with what is said under them.
    pub(crate) fn images(&self, key: &str) -> Vec<Image> {
        let mut out = Vec::new();
        let Some(value) = self.article().and_then(|node| node.get(key)) else { return out };
        let items: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |items| items.iter().collect());
        for item in items.into_iter().take(8) {
            let image = match item {
                Value::String(url) => Some(Image { url: url.clone(), ..Image::default() }),
                Value::Object(node) => image(node).or_else(|| {
                    let id = node.get("@id")?;
                    let full = self.nodes.iter().find(|n| n.contains_key("url") && n.get("@id") == Some(id))?;
                    image(full)
                }),
                _ => None,
            };
            out.extend(image.filter(|image| !image.url.is_empty()));
        }
        out
    }
}

fn image(node: &Map<String, Value>) -> Option<Image> {
    let url = text(node.get("url").or(node.get("contentUrl")))?;
    let credit =
        ["creditText", "credit", "copyrightHolder", "author", "creator"].iter().find_map(|key| text(node.get(*key)));
    let is_name = |said: &String| !said.starts_with("http");
    let caption = text(node.get("caption")).filter(is_name);
    Some(Image { url, caption, credit: credit.filter(is_name) })
}

fn push_names(
    out: &mut Vec<(String, bool, Option<String>)>,
    names: Option<&Value>,
    organisation: bool,
    node: &Map<String, Value>,
) {
    let url = text(node.get("url")).filter(|url| url.starts_with("http"));
    match names {
        Some(Value::Array(names)) => {
            out.extend(names.iter().filter_map(|n| text(Some(n))).map(|name| (name, organisation, None)));
        }
        name => out.extend(text(name).map(|name| (name, organisation, url))),
    }
}

fn types(node: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let value = node.get("@type");
    let one = value.and_then(Value::as_str);
    let many = value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many).map(|name| name.rsplit(['/', ':', '#']).next().unwrap_or(name))
}

fn rank(kind: &str) -> i32 {
    match kind {
        "NewsArticle"
        | "ReportageNewsArticle"
        | "AnalysisNewsArticle"
        | "OpinionNewsArticle"
        | "BackgroundNewsArticle"
        | "ReviewNewsArticle"
        | "AskPublicNewsArticle"
        | "LiveBlogPosting" => 40,
        "Article"
        | "BlogPosting"
        | "TechArticle"
        | "ScholarlyArticle"
        | "Report"
        | "SocialMediaPosting"
        | "AdvertiserContentArticle"
        | "MedicalScholarlyArticle"
        | "SatiricalArticle"
        | "Blog" => 35,
        "Recipe" | "HowTo" | "Review" | "FAQPage" | "Book" => 15,
        "WebPage" | "ItemPage" | "MedicalWebPage" => 10,
        "CreativeWork" | "VideoObject" | "PodcastEpisode" => 5,
        _ => 0,
    }
}

/// The path of an address without its last slash: what is compared.
fn tail(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    rest.split_once('/').map_or("", |(_, path)| path.trim_end_matches('/'))
}

fn text(value: Option<&Value>) -> Option<String> {
    let found = match value? {
        Value::String(text) => without_tags(text),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => return text(items.first()),
        Value::Object(node) => return text(node.get("@value").or(node.get("name")).or(node.get("url"))),
        _ => return None,
    };
    (!found.is_empty()).then_some(found)
}

/// The JSON values of a script; what is broken is mended once.
fn values(script: &str) -> Vec<Value> {
    let trimmed = bare(script);
    if trimmed.is_empty() {
        return Vec::new();
    }
    if let Ok(value) = serde_json::from_str(trimmed) {
        return vec![value];
    }
    let mended = mend(trimmed);
    let mut out = Vec::new();
    for value in serde_json::Deserializer::from_str(&mended).into_iter::<Value>() {
        let Ok(value) = value else { break };
        out.push(value);
    }
    out
}

/// Without what may stand around it: HTML comments, CDATA, a semicolon.
fn bare(script: &str) -> &str {
    let mut rest = script.trim().trim_start_matches('\u{feff}');
    loop {
        let before = rest.len();
        for start in ["<!--", "//<![CDATA[", "<![CDATA[", "/*<![CDATA[*/", "// <![CDATA["] {
            rest = rest.strip_prefix(start).unwrap_or(rest).trim_start();
        }
        for end in ["-->", "//]]>", "]]>", "/*]]>*/", "// ]]>", ";", "//"] {
            rest = rest.strip_suffix(end).unwrap_or(rest).trim_end();
        }
        if rest.len() == before {
            return rest;
        }
    }
}

/// Raw control characters in strings become spaces, commas before a closing bracket go, wrong escapes lose their backslash,
/// block comments between values go.
fn mend(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut in_string = false;
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        if in_string {
            match c {
                '"' => in_string = false,
                '\\' => {
                    // A wrong escape loses its backslash.
                    if matches!(chars.peek(), Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) {
                        out.push('\\');
                        out.extend(chars.next());
                    }
                    continue;
                }
                c if c.is_control() => {
                    out.push(' ');
                    continue;
                }
                _ => {}
            }
        } else {
            match c {
                '"' => in_string = true,
                '/' if chars.peek() == Some(&'*') => {
                    chars.next();
                    let mut before = ' ';
                    for c in chars.by_ref() {
                        if before == '*' && c == '/' {
                            break;
                        }
                        before = c;
                    }
                    continue;
                }
                ']' | '}' => {
                    let kept = out.trim_end().trim_end_matches(',').len();
                    out.truncate(kept);
                }
                _ => {}
            }
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scripts: &[&str]) -> Linked {
        let scripts: Vec<String> = scripts.iter().map(|s| (*s).to_owned()).collect();
        Linked::read(&scripts, "https://a.test/story/one", "The river rose")
    }

    #[test]
    fn broken_scripts_are_mended() {
        let linked = of(&[
            "<!-- {\"@type\":\"NewsArticle\",\"headline\":\"The river\n rose\",\"keywords\":[\"a\",\"b\",],} -->",
            "//<![CDATA[\n{\"@type\":\"Organization\",\"name\":\"Desk\"};\n//]]>",
            "not json",
        ]);
        assert_eq!(linked.text("headline").as_deref(), Some("The river rose"));
        assert_eq!(linked.texts("keywords"), ["a", "b"]);
        assert!(linked.has_article());
    }

    #[test]
    fn the_article_of_the_page_is_chosen_and_references_are_followed() {
        let linked = of(&[r##"{"@graph":[
            {"@type":"NewsArticle","headline":"Another","url":"https://a.test/story/two","author":"X"},
            {"@type":["NewsArticle"],"headline":"The river rose","url":"https://a.test/story/one/","author":[{"@id":"#p"},{"@type":"Organization","name":"Desk"}],
             "isAccessibleForFree":"False","image":{"@type":"ImageObject","url":"a.jpg","caption":"The river","creditText":"Tom Reed"}},
            {"@type":"Person","@id":"#p","name":"Ada Brook"}]}"##]);
        let names: Vec<(String, bool)> = linked.parties("author").into_iter().map(|(n, o, _)| (n, o)).collect();
        assert_eq!(names, [("Ada Brook".to_owned(), false), ("Desk".to_owned(), true)]);
        assert_eq!(linked.free(), Some(false));
        let (caption, credit) = (Some("The river".to_owned()), Some("Tom Reed".to_owned()));
        assert_eq!(linked.images("image"), [Image { url: "a.jpg".to_owned(), caption, credit }]);
    }

    #[test]
    fn depth_is_no_danger() {
        assert!(!of(&[&"[".repeat(100_000)]).has_article());
    }
}
