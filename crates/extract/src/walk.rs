//! The one pass from the DOM to blocks. Iterative, in document order. Block-level elements end a block, so do two line
//! breaks in a row; one line break is a space; inline elements add nothing, save where names would be glued together.

use std::hash::Hasher as _;

use ego_tree::{NodeId, NodeRef};
use html5ever::local_name;
use scraper::node::Element;
use scraper::{Html, Node};
use wiredesk_model::block::BlockKind;

use crate::features::Features;
use crate::outline::{Found, Knot, KnotId, Outline, Picture, Tag};
use crate::table;
use crate::text::Folded;
use crate::words::{self, Fnv, Meanings, NameMap, Words};

/// Cuts a page into blocks.
pub(crate) fn blocks(html: &Html) -> Outline {
    let mut walk = Walk::default();
    walk.run(html);
    walk.out
}

const UNTOUCHED: KnotId = KnotId::MAX;

/// An open element.
struct Frame<'a> {
    node: NodeRef<'a, Node>,
    knot: KnotId,
    tag: Tag,
    is_block: bool,
    kind: BlockKind,
    level: Option<u8>,
    links: u16,
    depth_of_lists: u8,
    hides: bool,
    picture: Option<usize>,
    /// Pictures inside, and the number of blocks there were when it was opened.
    pictures: u16,
    first: usize,
}

#[derive(Default)]
struct Walk<'a> {
    out: Outline,
    frames: Vec<Frame<'a>>,
    names: Meanings<'a>,
    /// Whether a class hides: the same few are on most elements.
    hiding: NameMap<&'a str, bool>,
    text: Folded,
    /// Of the text gathered: bytes in links, frame of the block-level element, frames open around all of it.
    links: usize,
    holder: usize,
    common: usize,
    /// The fewest frames open since the last text.
    lowest: usize,
    /// The knots open at the first text of the block.
    chain: Vec<KnotId>,
    breaks: u8,
}

/// What to do with an element.
enum Way {
    Skip,
    Break,
    Rule,
    Inline(Tag),
    Block(Tag),
}

fn way(name: &str) -> Way {
    match name {
        "script" | "style" | "template" | "noscript" | "svg" | "iframe" | "canvas" | "object" | "embed" | "audio"
        | "video" | "select" | "option" | "datalist" | "textarea" | "button" | "input" | "head" | "noframes"
        | "map" | "area" | "param" | "source" | "track" | "frame" | "frameset" | "progress" | "meter" | "rp"
        | "amp-ad" | "amp-iframe" | "amp-analytics" => Way::Skip,
        "br" => Way::Break,
        "hr" => Way::Rule,
        "html" | "body" => Way::Block(Tag::Root),
        "main" => Way::Block(Tag::Main),
        "article" => Way::Block(Tag::Article),
        "section" => Way::Block(Tag::Section),
        "div" | "center" | "amp-story" => Way::Block(Tag::Div),
        "p" => Way::Block(Tag::Paragraph),
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Way::Block(Tag::Heading),
        "ul" | "ol" | "menu" | "dl" | "dir" => Way::Block(Tag::List),
        "li" => Way::Block(Tag::Item),
        "blockquote" => Way::Block(Tag::Quote),
        "figure" | "figcaption" | "caption" => Way::Block(Tag::Figure),
        "table" => Way::Block(Tag::Table),
        "tr" | "td" | "th" | "tbody" | "thead" | "tfoot" => Way::Block(Tag::Cell),
        "header" => Way::Block(Tag::Header),
        "nav" | "footer" | "aside" | "form" | "dialog" | "details" | "summary" | "fieldset" | "legend" | "address"
        | "dt" | "dd" | "hgroup" | "pre" | "listing" | "xmp" | "optgroup" | "search" | "amp-sidebar" => {
            Way::Block(Tag::Other)
        }
        "a" => Way::Inline(Tag::Link),
        "time" => Way::Inline(Tag::Time),
        _ => Way::Inline(Tag::Inline),
    }
}

/// Whether an element of this name stands inside a line.
pub(crate) fn is_inline(name: &str) -> bool {
    matches!(way(name), Way::Inline(_))
}

impl<'a> Walk<'a> {
    fn run(&mut self, html: &'a Html) {
        let mut at = html.tree.root().first_child();
        let root = html.tree.root().id();
        while let Some(node) = at {
            if self.open(node)
                && let Some(child) = node.first_child()
            {
                at = Some(child);
                continue;
            }
            // Close this one, and every parent whose last child it was.
            let mut done = node;
            loop {
                self.close(done.id());
                if let Some(next) = done.next_sibling() {
                    at = Some(next);
                    break;
                }
                match done.parent() {
                    Some(parent) if parent.id() != root => done = parent,
                    _ => {
                        at = None;
                        break;
                    }
                }
            }
        }
        self.flush();
    }

    /// Whether to go inside.
    fn open(&mut self, node: NodeRef<'a, Node>) -> bool {
        let element = match node.value() {
            Node::Text(text) => {
                self.say(text);
                return false;
            }
            Node::Element(element) => element,
            Node::Document | Node::Fragment => return true,
            _ => return false,
        };
        let name = element.name();
        let (tag, is_block) = match way(name) {
            // A declarative shadow root is shown where it stands.
            Way::Skip if name == "template" && attribute(element, "shadowrootmode").is_some() => (Tag::Div, true),
            Way::Skip => {
                self.text.space();
                return false;
            }
            Way::Break => {
                self.breaks += 1;
                if self.breaks >= 2 {
                    self.flush();
                }
                self.text.space();
                return false;
            }
            Way::Rule => {
                self.flush();
                return false;
            }
            Way::Inline(_) if name == "img" || name == "amp-img" => {
                self.text.space();
                self.picture(element);
                return false;
            }
            Way::Inline(tag) => (tag, false),
            Way::Block(tag) => (tag, true),
        };
        if is_block {
            self.flush();
        } else if self.text.ends_in_word() && self.parts_words(tag, node, element) {
            self.text.space();
        }
        let hidden = self.is_hidden(node, element, is_block);
        if hidden && !is_block {
            // A hidden piece inside a line is no block of its own, and no part of the line.
            self.text.space();
            return false;
        }
        let above = self.frames.last();
        let (mut kind, mut level) = above.map_or((BlockKind::Paragraph, None), |f| (f.kind, f.level));
        let mut depth_of_lists = above.map_or(0, |f| f.depth_of_lists);
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                kind = BlockKind::Heading;
                level = name.as_bytes().get(1).map(|digit| digit - b'0');
            }
            "ul" | "ol" => depth_of_lists = depth_of_lists.saturating_add(1),
            "li" => {
                kind = BlockKind::ListItem;
                level = Some(depth_of_lists.max(1));
            }
            "blockquote" => (kind, level) = (BlockKind::Quote, None),
            "figure" | "figcaption" | "caption" => (kind, level) = (BlockKind::Caption, None),
            "td" | "th" | "article" | "section" | "main" => (kind, level) = (BlockKind::Paragraph, None),
            _ => {}
        }
        let frame = Frame {
            node,
            knot: UNTOUCHED,
            tag,
            is_block,
            kind,
            level,
            links: above.map_or(0, |f| f.links) + u16::from(tag == Tag::Link),
            depth_of_lists,
            hides: hidden,
            picture: None,
            pictures: 0,
            first: self.out.blocks.len(),
        };
        self.frames.push(frame);
        match name {
            "table" if table::holds_data(node) => {
                let (text, links) = table::rows(node);
                self.whole(BlockKind::Table, text, links);
                self.frames.pop();
                false
            }
            "pre" | "listing" | "xmp" => {
                let text = table::code(node);
                self.whole(BlockKind::Code, text, 0);
                self.frames.pop();
                false
            }
            "figure" => {
                let first = u32::try_from(self.out.blocks.len()).unwrap_or(u32::MAX);
                self.out.pictures.push(Picture { src: String::new(), first, last: first });
                if let Some(frame) = self.frames.last_mut() {
                    frame.picture = Some(self.out.pictures.len() - 1);
                }
                true
            }
            _ => true,
        }
    }

    /// Whether an inline element that follows a word without a space stands apart from it: hover cards, labels, badges, parts of an
    /// application; not a drop cap, not an emphasis.
    fn parts_words(&mut self, tag: Tag, node: NodeRef<'_, Node>, element: &'a Element) -> bool {
        const APART: Words =
            Words::DIALOG.or(Words::CARD).or(Words::SHARE).or(Words::META).or(Words::CAPTION).or(Words::BYLINE);
        if tag == Tag::Link {
            return node
                .prev_sibling()
                .and_then(|p| p.value().as_element())
                .is_some_and(|p| matches!(p.name(), "a" | "button"));
        }
        if tag == Tag::Time || element.name().contains('-') || element.name() == "label" {
            return true;
        }
        attribute(element, "class").is_some_and(|class| self.names.of(class).has(APART))
    }

    fn is_hidden(&mut self, node: NodeRef<'_, Node>, element: &'a Element, is_block: bool) -> bool {
        for (name, value) in &element.attrs {
            match name.local {
                // `S:0` is how a framework streams the page: the element is shown once its script has run.
                local_name!("hidden") => {
                    return &**value != "until-found"
                        && attribute(element, "id").is_none_or(|id| !id.starts_with("S:"));
                }
                local_name!("aria-hidden") if &**value == "true" => return !(is_block && holds_paragraph(node)),
                local_name!("style") => {
                    let style: String =
                        value.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
                    if style.contains("display:none") || style.contains("visibility:hidden") {
                        return true;
                    }
                }
                local_name!("class") => {
                    let names = &mut self.names;
                    let hides = self.hiding.entry(value).or_insert_with(|| {
                        hides_by_class(value) || (words::may_hide(value) && names.of(value).has(Words::UNSEEN))
                    });
                    if *hides {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    fn close(&mut self, node: NodeId) {
        let Some(frame) = self.frames.last() else { return };
        if frame.node.id() != node {
            return;
        }
        if frame.is_block {
            self.flush();
        }
        if let Some(frame) = self.frames.pop() {
            if frame.pictures > 0 {
                self.close_box(&frame);
            }
            if let Some(picture) = frame.picture {
                self.out.pictures[picture].last = u32::try_from(self.out.blocks.len()).unwrap_or(u32::MAX);
            }
            if frame.tag == Tag::Link && self.text.ends_in_word() {
                let next = frame.node.next_sibling().and_then(|next| next.value().as_element());
                if next.is_some_and(|next| next.name() == "a") {
                    self.text.space();
                }
            }
        }
        self.lowest = self.lowest.min(self.frames.len());
    }

    /// A box that holds pictures: a line or two beside them are about them. Those of larger boxes are told by what is inside.
    fn close_box(&mut self, frame: &Frame<'a>) {
        let blocks = &mut self.out.blocks[frame.first..];
        let small = matches!(frame.tag, Tag::Div | Tag::Section | Tag::Other | Tag::Figure | Tag::Cell)
            && frame.is_block
            && (1..=2).contains(&blocks.len())
            && blocks.iter().map(|block| block.features.words).sum::<u32>() <= 50
            && blocks.iter().all(|block| matches!(block.kind, BlockKind::Paragraph | BlockKind::Caption));
        if small {
            blocks.iter_mut().for_each(|block| block.beside_picture = true);
        }
        if blocks.is_empty()
            && let Some(above) = self.frames.last_mut()
        {
            above.pictures = above.pictures.saturating_add(frame.pictures);
        }
    }

    fn picture(&mut self, element: &'a Element) {
        let src = attribute(element, "data-src")
            .or_else(|| attribute(element, "data-lazy-src"))
            .or_else(|| attribute(element, "src"))
            .unwrap_or_default();
        if src.is_empty() || src.starts_with("data:") {
            return;
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.pictures = frame.pictures.saturating_add(1);
        }
        if let Some(picture) = self.frames.iter().rev().find_map(|f| f.picture) {
            let picture = &mut self.out.pictures[picture];
            if picture.src.is_empty() {
                src.clone_into(&mut picture.src);
            }
        }
    }

    fn say(&mut self, text: &str) {
        if text.bytes().all(|b| b.is_ascii_whitespace()) {
            self.text.space();
            return;
        }
        let was_empty = self.text.is_empty();
        let added = self.text.push(text);
        if added == 0 {
            return;
        }
        self.breaks = 0;
        if was_empty {
            self.touch();
            self.links = 0;
            self.common = self.frames.len();
            self.chain.clear();
            self.chain.extend(self.frames.iter().map(|f| f.knot));
            self.holder = self.frames.iter().rposition(|f| f.is_block).unwrap_or(0);
        } else {
            self.common = self.common.min(self.lowest);
        }
        self.lowest = self.frames.len();
        if self.frames.last().is_some_and(|f| f.links > 0) {
            self.links += added;
        }
    }

    /// Makes the knots of the open elements that have none yet.
    fn touch(&mut self) {
        let from = self.frames.iter().rposition(|f| f.knot != UNTOUCHED).map_or(0, |at| at + 1);
        for at in from..self.frames.len() {
            let parent = if at == 0 { 0 } else { self.frames[at - 1].knot };
            let id = KnotId::try_from(self.out.knots.len()).unwrap_or(UNTOUCHED - 1);
            let frame = &mut self.frames[at];
            frame.knot = id;
            let Some(element) = frame.node.value().as_element() else { continue };
            let hidden = frame.hides || (at > 0 && self.out.knots.get(parent as usize).is_some_and(|k| k.hidden));
            let (words, signature) = meanings(&mut self.names, element);
            let role = attribute(element, "role").is_some_and(|role| role == "navigation");
            self.out.knots.push(Knot {
                parent,
                depth: u16::try_from(at).unwrap_or(u16::MAX),
                tag: frame.tag,
                words,
                is_nav: role || matches!(element.name(), "nav" | "menu"),
                hides: frame.hides,
                hidden,
                node: frame.node.id(),
                signature,
                first: u32::MAX,
                last: 0,
                raw: 0.0,
                mass: 0.0,
                chars: 0,
                link_chars: 0,
                headings: 0,
                chrome: Words::default(),
            });
        }
    }

    /// Ends the block.
    fn flush(&mut self) {
        self.breaks = 0;
        if self.text.is_empty() {
            self.text = Folded::default();
            return;
        }
        let bytes = self.links;
        let text = self.text.take();
        let Some(holder) = self.frames.get(self.holder).or(self.frames.last()) else {
            return;
        };
        let (kind, level, knot) = (holder.kind, holder.level, holder.knot);
        let inner = self.chain.get(self.common.saturating_sub(1)).copied().unwrap_or(knot);
        let features = Features::of(&text, bytes);
        // Some set their paragraphs in headings, for the looks of it.
        let is_text = kind == BlockKind::Heading
            && level.is_some_and(|level| level > 1)
            && (features.words > 45 || (features.words > 22 && features.terminal));
        let (kind, level) = if is_text { (BlockKind::Paragraph, None) } else { (kind, level) };
        self.links = 0;
        self.out.blocks.push(Found {
            kind,
            level,
            text,
            knot,
            inner: inner.max(knot),
            beside_picture: false,
            features,
        });
    }

    /// A block that was read in one go.
    fn whole(&mut self, kind: BlockKind, text: String, links: usize) {
        if text.is_empty() {
            return;
        }
        self.touch();
        let Some(frame) = self.frames.last() else { return };
        let features = Features::of(&text, links);
        let knot = frame.knot;
        self.out.blocks.push(Found { kind, level: None, text, knot, inner: knot, beside_picture: false, features });
    }
}

/// An attribute without looking its name up in the table of names.
pub(crate) fn attribute<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    element.attrs().find(|(n, _)| *n == name).map(|(_, value)| value)
}

/// What an element's tag, role and names mean, and its signature.
fn meanings<'a>(names: &mut Meanings<'a>, element: &'a Element) -> (Words, u64) {
    let name = element.name();
    let mut signature = Fnv::default();
    signature.write(name.as_bytes());
    let mut words = match name {
        "nav" | "menu" => Words::NAV,
        "footer" => Words::FOOTER,
        "aside" => Words::SIDEBAR,
        "form" | "fieldset" => Words::FORM,
        "dialog" => Words::DIALOG,
        "header" => Words::HEADER,
        "article" => Words::ARTICLE,
        "main" => Words::ARTICLE,
        "time" => Words::DATE,
        "figcaption" => Words::CAPTION,
        _ => Words::default(),
    };
    for (attribute, value) in &element.attrs {
        match attribute.local {
            local_name!("class") | local_name!("id") => {
                if attribute.local == local_name!("class") {
                    signature.write(value.as_bytes());
                }
                // A heading's id is its own text, made an anchor.
                let anchor = attribute.local == local_name!("id") && is_anchor(name, value);
                if !anchor && !matches!(name, "html" | "body") {
                    words = words.or(names.of(value));
                }
            }
            local_name!("role") => {
                words = words.or(match &**value {
                    "navigation" | "menu" | "menubar" | "search" | "tablist" | "toolbar" => Words::NAV,
                    "contentinfo" => Words::FOOTER,
                    "complementary" => Words::SIDEBAR,
                    "banner" => Words::HEADER,
                    "dialog" | "alertdialog" | "tooltip" => Words::DIALOG,
                    "main" | "article" => Words::ARTICLE,
                    _ => Words::default(),
                });
            }
            local_name!("itemprop") => {
                words = words.or(match &**value {
                    "articleBody" | "reviewBody" | "text" => Words::BODY,
                    "headline" | "name" => Words::HEADLINE,
                    "author" | "creator" => Words::BYLINE,
                    "datePublished" | "dateModified" => Words::DATE,
                    "caption" => Words::CAPTION,
                    "comment" => Words::COMMENTS,
                    "keywords" => Words::TAGS,
                    _ => Words::default(),
                });
            }
            local_name!("rel") => {
                words = words.or(match &**value {
                    "author" => Words::BYLINE,
                    "tag" | "category tag" => Words::TAGS,
                    _ => Words::default(),
                });
            }
            local_name!("itemtype") => {
                if value.ends_with("/BreadcrumbList") {
                    words = words.or(Words::BREADCRUMB);
                } else if value.ends_with("/WPSideBar") {
                    words = words.or(Words::SIDEBAR);
                } else if value.ends_with("/WPFooter") {
                    words = words.or(Words::FOOTER);
                } else if value.ends_with("/SiteNavigationElement") {
                    words = words.or(Words::NAV);
                }
            }
            _ if matches!(&*attribute.local, "data-testid" | "data-component") => {
                words = words.or(names.of(value));
            }
            _ => {}
        }
    }
    (words, signature.finish())
}

/// Whether an id is a heading's words: a heading has it, or it has as many parts as a sentence has words.
fn is_anchor(name: &str, id: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "p") || id.split(['-', '_']).count() >= 6
}

/// Whether one of the names that frameworks hide with is there, and none that shows the element again on other screens.
fn hides_by_class(names: &str) -> bool {
    let hides = names
        .split_ascii_whitespace()
        .any(|name| matches!(name, "hidden" | "hide" | "d-none" | "dis-none" | "display-none" | "u-hide" | "ng-hide"));
    hides
        && !names.split_ascii_whitespace().any(|name| {
            let shown = ["block", "flex", "grid", "inline", "inline-block", "inline-flex", "table", "contents"];
            let on_screen = name.split_once(':').map(|(_, how)| how).or_else(|| {
                let rest = name.strip_prefix("d-").filter(|rest| !rest.starts_with("print"))?;
                rest.split_once('-').map(|(_, how)| how)
            });
            on_screen.is_some_and(|how| shown.contains(&how))
        })
}

/// Whether an element has a paragraph of some length near its top: then `aria-hidden` was meant for something else.
fn holds_paragraph(node: NodeRef<'_, Node>) -> bool {
    node.descendants().take(200).any(|n| match n.value() {
        Node::Text(text) => text.trim().len() > 160,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(html: &str) -> Vec<(BlockKind, String)> {
        let parsed = Html::parse_document(html);
        blocks(&parsed).blocks.into_iter().map(|b| (b.kind, b.text)).collect()
    }

    fn lines(html: &str) -> Vec<String> {
        texts(html).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn words_are_neither_glued_nor_torn() {
        assert_eq!(
            lines("<p>a<br>b<br><br>c <b>d</b>e<i>f</i>, <span>g</span>.</p>h<div>i"),
            ["a b", "c def, g.", "h", "i"]
        );
        assert_eq!(lines("<div><a>News</a><a>Sport</a></div>"), ["News Sport"]);
        assert_eq!(
            lines("<p>Rivers<span class=hover-card>Rose</span> <span class=drop>T</span>he"),
            ["Rivers Rose The"]
        );
        assert_eq!(lines("<p>one <script>x</script>two<style>y</style></p><noscript>z</noscript>"), ["one two"]);
    }

    #[test]
    fn blocks_have_kinds() {
        use BlockKind as K;
        let html = "<h2>Head</h2><ul><li>one<ul><li>two</ul></ul><blockquote><p>said</p></blockquote>\
            <figure><img src=a.jpg><figcaption>under</figcaption></figure><pre>a\n  b</pre>\
            <table><tr><td>1<td>2<tr><td>3<td>4</table><p>end";
        let found = texts(html);
        let kinds: Vec<K> = found.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(
            kinds,
            [K::Heading, K::ListItem, K::ListItem, K::Quote, K::Caption, K::Code, K::Table, K::Paragraph]
        );
        assert_eq!(found[5].1, "a\n  b");
    }

    #[test]
    fn the_hidden_is_marked_or_left_out() {
        let parsed =
            Html::parse_document("<div style='DISPLAY: none'><p>secret</div><p>open<span class=sr-only>ears</span>");
        let outline = blocks(&parsed);
        assert_eq!(outline.blocks.len(), 2);
        assert!(outline.knot(outline.blocks[0].knot).hidden);
        assert_eq!(outline.blocks[1].text, "open");
    }

    #[test]
    fn the_innermost_element_around_all_of_a_block_is_known() {
        let parsed = Html::parse_document("<div><a href=x class=byline>By <b>A</b></a></div><p>x <a>y</a></p>");
        let outline = blocks(&parsed);
        assert!(outline.own_words(&outline.blocks[0]).has(Words::BYLINE));
        assert_eq!(outline.blocks[1].inner, outline.blocks[1].knot);
    }

    #[test]
    fn depth_costs_no_stack() {
        let html = format!("{}x", "<div>".repeat(6_000));
        let parsed = Html::parse_document(&html);
        assert_eq!(blocks(&parsed).blocks.len(), 1);
    }
}
