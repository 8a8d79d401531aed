//! The parse, guarded. 47 KB of `<font x=i><p>` become 4.5 million nodes and 760 MB in html5ever; so the page is read a
//! piece at a time, and reading stops when a cap is met. Caps count work, never time: what is read must not depend on the machine's
//! load (law 4). What was read until then is a partial document.

use std::ops::Range;

use scraper::Html;

use crate::reader::Reader;
use crate::sink::CountingSink;

/// How much work a page may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    /// Nodes of the tree, those included that the tree builder makes by itself. The largest of a thousand news pages had 25,000; a node
    /// takes about 150 bytes, and what is done with the blocks after the parse some five microseconds each.
    pub(crate) nodes: usize,
    /// Depth of the tree.
    pub(crate) depth: usize,
    /// Steps of the tree builder and attribute pairs compared.
    pub(crate) steps: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self { nodes: 80_000, depth: 512, steps: 40_000_000 }
    }
}

/// A page in memory.
pub(crate) struct Parsed {
    /// The tree.
    pub(crate) html: Html,
    /// Whether reading stopped before the end.
    pub(crate) partial: bool,
    /// Bytes read.
    pub(crate) read: usize,
}

/// Parses a document.
pub(crate) fn document(html: &str, caps: Caps) -> Parsed {
    feed(Reader::document(html), html, caps)
}

/// Parses a document and keeps all its attributes, for selectors.
pub(crate) fn whole(html: &str, caps: Caps) -> Parsed {
    feed(Reader::document(html).keeping_all(), html, caps)
}

/// Parses a fragment as it stands inside `body`.
pub(crate) fn fragment(html: &str, caps: Caps) -> Parsed {
    feed(Reader::fragment(html), html, caps)
}

fn feed(mut reader: Reader, html: &str, caps: Caps) -> Parsed {
    let mut silence = Silence::default();
    let mut partial = false;
    while reader.at() < html.len() && !partial {
        let (from, before) = (reader.at(), reader.sink().work());
        let was_plain = reader.step();
        let sink = reader.sink();
        silence.piece(html, from..reader.at(), sink, !was_plain && sink.work() == before);
        let (nodes, steps) = sink.work();
        partial = (nodes > caps.nodes || sink.depth() > caps.depth || steps > caps.steps) && reader.at() < html.len();
    }
    Parsed { read: reader.at(), html: reader.finish(), partial }
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
        assert!(nodes < 100_000, "{name}: {nodes} nodes");
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
