//! The parse, guarded. 47 KB of `<font x=i><p>` become 4.5 million nodes and 760 MB in html5ever; so the page is fed in
//! pieces, and feeding stops when a cap is met. Caps count work, never time: what is read must not depend on the machine's
//! load (law 4). What was read until then is a partial document.

use std::ops::Range;

use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{QualName, local_name, ns};
use scraper::Html;

use crate::sink::CountingSink;

/// How much work a page may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    /// Nodes of the tree, those included that the tree builder makes by itself.
    pub(crate) nodes: usize,
    /// Depth of the tree.
    pub(crate) depth: usize,
    /// Steps of the tree builder and attribute pairs compared.
    pub(crate) steps: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self { nodes: 200_000, depth: 512, steps: 40_000_000 }
    }
}

/// A page in memory.
pub(crate) struct Parsed {
    /// The tree.
    pub(crate) html: Html,
    /// Whether feeding stopped before the end.
    pub(crate) partial: bool,
    /// Bytes fed.
    pub(crate) read: usize,
}

/// Parses a document.
pub(crate) fn document(html: &str, caps: Caps) -> Parsed {
    let sink = CountingSink::new(Html::new_document());
    feed(driver::parse_document(sink, ParseOpts::default()), html, caps)
}

/// Parses a document and keeps all its attributes, for selectors.
pub(crate) fn whole(html: &str, caps: Caps) -> Parsed {
    let sink = CountingSink::new(Html::new_document()).keeping_all();
    feed(driver::parse_document(sink, ParseOpts::default()), html, caps)
}

/// Parses a fragment as it stands inside `body`.
pub(crate) fn fragment(html: &str, caps: Caps) -> Parsed {
    let sink = CountingSink::new(Html::new_fragment());
    let body = QualName::new(None, ns!(html), local_name!("body"));
    feed(driver::parse_fragment(sink, ParseOpts::default(), body, Vec::new(), false), html, caps)
}

/// Pieces while all is well, and once the tree grows faster than the text does.
const PIECE: usize = 4096;
const SMALL_PIECE: usize = 256;

fn feed(mut parser: driver::Parser<CountingSink>, html: &str, caps: Caps) -> Parsed {
    let whole = StrTendril::from(html);
    let mut at = 0;
    let mut silence = Silence::default();
    let mut wary = false;
    let mut partial = false;
    while at < html.len() {
        let end = boundary(html, at + if wary { SMALL_PIECE } else { PIECE });
        let (Ok(start), Ok(length)) = (u32::try_from(at), u32::try_from(end - at)) else {
            partial = true;
            break;
        };
        let (nodes, steps) = (parser.tokenizer.sink.sink.nodes(), parser.tokenizer.sink.sink.steps());
        parser.process(whole.subtendril(start, length));
        let sink = &parser.tokenizer.sink.sink;
        silence.piece(html, at..end, sink, sink.nodes() == nodes && sink.steps() == steps);
        at = end;
        let grown = sink.nodes() - nodes;
        wary = sink.depth() > 96 || grown > (end - start as usize) / 4 || sink.steps() - steps > 60_000;
        if sink.nodes() > caps.nodes || sink.depth() > caps.depth || sink.steps() > caps.steps {
            partial = at < html.len();
            break;
        }
    }
    Parsed { html: parser.finish(), partial, read: at }
}

fn boundary(html: &str, mut at: usize) -> usize {
    at = at.min(html.len());
    while !html.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// The tokenizer compares each attribute of a tag with all before it, and the sink hears of the tag only when it ends. A run of
/// pieces without a sound may be such a tag (or a comment, or one long value): what looks like attributes in it is counted.
#[derive(Default)]
struct Silence {
    quote: Option<u8>,
    comment: bool,
    running: bool,
    attributes: u64,
    charged: u64,
    /// The piece before.
    before: Range<usize>,
}

impl Silence {
    fn piece(&mut self, html: &str, piece: Range<usize>, sink: &CountingSink, silent: bool) {
        if !silent {
            self.before = piece;
            self.running = false;
            return;
        }
        if !self.running {
            // What is open began in the piece before; where nothing was heard yet, in this one.
            let open = last_tag(&html[self.before.clone()]);
            let first = if open.is_empty() { last_tag(&html[piece.clone()]) } else { open };
            *self = Self { running: true, comment: first.starts_with("<!"), before: piece.clone(), ..Self::default() };
            self.count(open);
        }
        if !self.comment {
            self.count(&html[piece]);
            let total = self.attributes * self.attributes / 4;
            sink.add_steps(total - self.charged);
            self.charged = total;
        }
    }

    fn count(&mut self, text: &str) {
        let mut before = b' ';
        for byte in text.bytes() {
            match self.quote {
                Some(quote) if byte == quote => self.quote = None,
                Some(_) => {}
                None if before == b'=' && matches!(byte, b'"' | b'\'') => self.quote = Some(byte),
                None if matches!(before, b' ' | b'\n' | b'\t' | b'/' | b'"' | b'\'')
                    && byte.is_ascii_alphanumeric() =>
                {
                    self.attributes += 1;
                }
                None => {}
            }
            before = byte;
        }
    }
}

fn last_tag(piece: &str) -> &str {
    if let Some(comment) = piece.rfind("<!--")
        && !piece[comment..].contains("-->")
    {
        return &piece[comment..];
    }
    piece.rfind('<').map_or("", |at| &piece[at..])
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::Instant;

    use super::*;

    /// Work is what is capped; the time is only looked at here, with room for a busy machine.
    fn stops(name: &str, html: &str) -> Parsed {
        let begin = Instant::now();
        let parsed = document(html, Caps::default());
        let nodes = parsed.html.tree.nodes().count();
        eprintln!("{name}: {} of {} bytes, {nodes} nodes, {:?}", parsed.read, html.len(), begin.elapsed());
        assert!(nodes < 300_000, "{name}: {nodes} nodes");
        parsed
    }

    #[test]
    fn formatting_that_multiplies_is_stopped() {
        let mut html = String::new();
        for i in 0..3_400 {
            let _ = write!(html, "<font x={i}><p>");
        }
        assert!(stops("font", &html).partial);
    }

    #[test]
    fn depth_is_stopped() {
        assert!(stops("div", &"<div>".repeat(64_000)).partial);
        assert!(stops("ul", &"<ul><li>".repeat(64_000)).partial);
        assert!(stops("b-div", &"<b><div>".repeat(30_000)).partial);
        stops("b-div-b", &"<b><i><div>x</b></i>".repeat(30_000));
        stops("a", &"<a><div>".repeat(30_000));
        stops("table", &"<table><tr><td>".repeat(30_000));
    }

    #[test]
    fn attributes_without_end_are_stopped() {
        let mut html = String::from("<p>first<div ");
        for i in 0..64_000 {
            let _ = write!(html, "a{i} ");
        }
        assert!(stops("attributes", &html).partial);
        let mut values = String::from("<p>first</div ");
        for i in 0..64_000 {
            let _ = write!(values, "a{i}=\"v\" ");
        }
        assert!(stops("attributes of an end tag", &values).partial);
    }

    #[test]
    fn long_values_comments_and_scripts_are_read_whole() {
        let words = "word and = more ".repeat(60_000);
        for html in [
            format!("<p data-x=\"{words}\">text</p><p>end</p>"),
            format!("<!-- {words} --><p>end</p>"),
            format!("<script>{words}</script><p>end</p>"),
            format!("<p>{words}<p>end</p>"),
        ] {
            let parsed = document(&html, Caps::default());
            assert!(!parsed.partial, "{}", &html[..20]);
            let text: String = parsed.html.root_element().text().collect();
            assert!(text.contains("end"));
        }
    }
}
