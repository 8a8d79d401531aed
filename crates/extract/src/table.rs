//! Tables that hold data become one block, a line per row; tables that only lay out a page are walked like any other
//! element. Code blocks are read here as well: both keep their line ends.

use ego_tree::iter::Edge;
use scraper::Node;

use crate::text::{Folded, is_invisible, nfc};

type NodeRef<'a> = ego_tree::NodeRef<'a, Node>;

/// Cells of more letters than this hold text, not data.
const LONG_CELL: usize = 400;

/// Whether a table holds data: two rows and two columns or more, short cells, no table inside, few paragraphs.
pub(crate) fn holds_data(table: NodeRef<'_>) -> bool {
    let (mut rows, mut cells, mut headers, mut letters, mut blocks) = (0usize, 0usize, 0usize, 0usize, 0usize);
    for edge in table.traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Element(element) => {
                    match element.name() {
                        "table" if node.id() != table.id() => return false,
                        "table" if element.attr("role").is_some_and(|role| matches!(role, "presentation" | "none")) => {
                            return false;
                        }
                        "tr" => rows += 1,
                        "td" => cells += 1,
                        "th" => headers += 1,
                        "p" | "div" | "ul" | "h1" | "h2" | "h3" => blocks += 1,
                        "form" | "iframe" | "article" | "section" => return false,
                        _ => {}
                    }
                    if matches!(element.name(), "td" | "th") {
                        letters = 0;
                    }
                }
                Node::Text(text) => {
                    letters += text.trim().len();
                    if letters > LONG_CELL {
                        return false;
                    }
                }
                _ => {}
            },
            Edge::Close(_) => {}
        }
    }
    let all = cells + headers;
    rows >= 2 && all >= rows * 2 && (headers > 0 || blocks <= all)
}

/// A table's text: rows end lines, cells are separated by tabs. The second value is the number of letters in links.
pub(crate) fn rows(table: NodeRef<'_>) -> (String, usize) {
    let mut out = Folded::default();
    let (mut links, mut inside) = (0, 0usize);
    let mut line_has_cell = false;
    for edge in table.traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Element(element) => match element.name() {
                    "tr" => {
                        if !out.is_empty() {
                            out.mark('\n');
                        }
                        line_has_cell = false;
                    }
                    "td" | "th" => {
                        if line_has_cell {
                            out.mark('\t');
                        }
                        line_has_cell = true;
                    }
                    "a" => inside += 1,
                    "b" | "i" | "em" | "strong" | "span" | "sup" | "sub" | "u" | "small" | "font" | "abbr" => {}
                    _ => out.space(),
                },
                Node::Text(text) if !is_mute(node) => {
                    let added = out.push(text);
                    if inside > 0 {
                        links += added;
                    }
                }
                _ => {}
            },
            Edge::Close(node) => match node.value() {
                Node::Element(element) if element.name() == "a" => inside = inside.saturating_sub(1),
                Node::Element(element) if matches!(element.name(), "p" | "div" | "li" | "caption") => out.space(),
                _ => {}
            },
        }
    }
    let text = out.take();
    let tidy: Vec<&str> = text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect();
    (tidy.join("\n"), links)
}

/// Code as it stands, without the empty lines around it.
pub(crate) fn code(pre: NodeRef<'_>) -> String {
    let mut out = String::new();
    for node in pre.descendants() {
        match node.value() {
            Node::Text(text) if !is_mute(node) => {
                out.extend(text.chars().filter(|c| !is_invisible(*c) && (*c == '\n' || *c == '\t' || !c.is_control())));
            }
            Node::Element(element) if element.name() == "br" => out.push('\n'),
            _ => {}
        }
    }
    let lines: Vec<&str> = out.lines().map(str::trim_end).collect();
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |at| at + 1);
    nfc(lines.get(first..last).unwrap_or_default().join("\n"))
}

/// Text inside a script or style is no text.
fn is_mute(text: NodeRef<'_>) -> bool {
    text.parent().and_then(|parent| parent.value().as_element()).is_some_and(|e| {
        matches!(e.name(), "script" | "style" | "noscript" | "template" | "option" | "textarea" | "button")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str, test: impl Fn(NodeRef<'_>) -> bool) -> bool {
        let parsed = scraper::Html::parse_document(html);
        let table = parsed.tree.nodes().find(|n| n.value().as_element().is_some_and(|e| e.name() == "table"));
        test(table.expect("a table"))
    }

    #[test]
    fn data_is_told_from_layout() {
        assert!(of("<table><tr><th>Year<th>Sum<tr><td>2025<td>1.5<tr><td>2026<td>2</table>", |t| {
            holds_data(t) && rows(t).0 == "Year\tSum\n2025\t1.5\n2026\t2"
        }));
        assert!(!of("<table><tr><td><p>one</p><p>two</p></table>", holds_data));
        assert!(!of("<table><tr><td>a<td><table><tr><td>b</table><tr><td>c<td>d</table>", holds_data));
    }
}
