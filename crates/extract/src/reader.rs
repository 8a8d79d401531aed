//! Reads a page into the tree, a piece of markup at a time: what is plain by [`quick`], raw text by [`raw`], all else by html5ever's
//! tokenizer. html5ever's builder makes the tree in each case.

use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::create_element;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Token, TokenSink, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink};
use html5ever::{QualName, TokenizerResult, local_name, ns};
use memchr::memchr;
use scraper::Html;

use crate::gate::{After, Gate};
use crate::sink::{CountingSink, Handle};
use crate::{quick, raw};

/// What the tokenizer is given at most at once.
const PIECE: usize = 4096;

/// About how many nodes a page has: a node in sixty bytes is usual. Room is made for them at once; what is not used costs nothing.
fn expected(html: &str) -> usize {
    (html.len() / 64).clamp(8, 16_384)
}

/// Bytes of scripts, and of what is shown without them, that are kept, all together: the data that pages carry is a tenth of a megabyte at most, and takes many times its
/// size to understand.
const SCRIPTS: usize = 512 << 10;

/// A page that is being read.
pub(crate) struct Reader {
    page: StrTendril,
    tokenizer: Tokenizer<Gate>,
    queue: BufferQueue,
    at: usize,
    /// Bytes of scripts so far that somebody reads.
    scripts: usize,
    /// The tokenizer is in the middle of something, and must be given what follows.
    within: bool,
    /// Attributes that nobody here reads are kept, too.
    keeps_all: bool,
}

impl Reader {
    /// Begins a document.
    pub(crate) fn document(html: &str) -> Self {
        let sink = CountingSink::new(Html::new_document(), expected(html));
        let mut reader = Self::new(html, TreeBuilder::new(sink, TreeBuilderOpts::default()));
        // A byte order mark is no part of the page.
        reader.at = html.len() - html.strip_prefix('\u{feff}').unwrap_or(html).len();
        reader
    }

    /// Begins a fragment as it stands inside `body`.
    pub(crate) fn fragment(html: &str) -> Self {
        let sink = CountingSink::new(Html::new_fragment(), expected(html));
        let body = create_element(&sink, QualName::new(None, ns!(html), local_name!("body")), Vec::new());
        Self::new(html, TreeBuilder::new_for_fragment(sink, body, None, TreeBuilderOpts::default()))
    }

    fn new(html: &str, builder: TreeBuilder<Handle, CountingSink>) -> Self {
        let tokenizer = Tokenizer::new(Gate::new(builder), TokenizerOpts::default());
        Self {
            page: StrTendril::from(html),
            tokenizer,
            queue: BufferQueue::default(),
            at: 0,
            scripts: 0,
            within: false,
            keeps_all: false,
        }
    }

    /// The same, but all attributes stay in the tree: selectors may ask for any.
    pub(crate) fn keeping_all(mut self) -> Self {
        self.keeps_all = true;
        self.tokenizer.sink.sink().keep_all();
        self
    }

    /// What the reading has cost so far.
    pub(crate) fn sink(&self) -> &CountingSink {
        self.tokenizer.sink.sink()
    }

    /// How many bytes have been read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Reads a tag, a text, or as much of what is not plain as the tokenizer should have at once. Says whether it was plain.
    pub(crate) fn step(&mut self) -> bool {
        self.tokenizer.sink.begin();
        let plain = if self.within { None } else { quick::read(&self.page, self.at, self.keeps_all) };
        let is_plain = plain.is_some();
        match plain {
            Some((token, end)) => {
                let is_text = matches!(token, Token::CharacterTokens(_));
                let _ = self.tokenizer.sink.process_token(token, 1);
                self.at = end;
                self.within = false;
                if is_text {
                    return true;
                }
            }
            None => self.by_the_tokenizer(),
        }
        match self.tokenizer.sink.after() {
            After::Markup => self.within = false,
            After::Raw => self.raw(),
            After::Within => self.within = true,
            After::Plain => {
                self.tokenizer.set_plaintext_state();
                self.within = true;
            }
        }
        is_plain
    }

    /// Feeds the tokenizer up to the end of the next tag, if what looks like one is one.
    fn by_the_tokenizer(&mut self) {
        let rest = &self.page.as_bytes()[self.at..];
        let mut length = rest.len().min(PIECE);
        length = memchr(b'>', &rest[..length]).map_or(length, |close| close + 1);
        while !self.page.is_char_boundary(self.at + length) {
            length += 1;
        }
        // Pages are far smaller than 4 GiB: what cannot be counted is not read.
        let (Ok(from), Ok(count)) = (u32::try_from(self.at), u32::try_from(length)) else {
            self.at = self.page.len();
            return;
        };
        self.queue.push_back(self.page.subtendril(from, count));
        self.at += length;
        while !matches!(self.tokenizer.feed(&self.queue), TokenizerResult::Done) {}
    }

    /// Steps over raw text, which is kept only where somebody reads it.
    fn raw(&mut self) {
        self.within = false;
        let element = self.tokenizer.sink.begun();
        let length = raw::length(&self.page[self.at..], &element);
        let mut is_read = length > 0 && !self.sink().is_mute();
        if is_read && matches!(element, local_name!("script") | local_name!("noscript")) {
            is_read = self.scripts + length <= SCRIPTS;
            self.scripts += if is_read { length } else { 0 };
        }
        if is_read && let (Ok(from), Ok(count)) = (u32::try_from(self.at), u32::try_from(length)) {
            let text = raw::tidy(self.page.subtendril(from, count));
            let _ = self.tokenizer.sink.process_token(Token::CharacterTokens(text), 1);
        }
        self.at += length;
    }

    /// The tree, as far as the page was read.
    pub(crate) fn finish(self) -> Html {
        self.tokenizer.end();
        self.tokenizer.sink.into_sink().finish()
    }
}

#[cfg(test)]
mod tests {
    use html5ever::driver::{ParseOpts, parse_document};
    use html5ever::tendril::TendrilSink;
    use proptest::prelude::*;
    use scraper::Node;

    use super::*;

    /// The tree, a line per node.
    fn drawn(html: &Html) -> Vec<String> {
        let nodes = html.tree.root().descendants();
        nodes
            .map(|node| match node.value() {
                Node::Element(element) => {
                    let attributes: Vec<_> =
                        element.attrs.iter().map(|(name, value)| format!("{name:?}={value}")).collect();
                    format!("{} <{:?}> {attributes:?}", node.ancestors().count(), element.name)
                }
                other => format!("{} {other:?}", node.ancestors().count()),
            })
            .collect()
    }

    fn quick(html: &str) -> Vec<String> {
        let mut reader = Reader::document(html);
        while reader.at() < html.len() {
            reader.step();
        }
        drawn(&reader.finish())
    }

    fn by_the_book(html: &str) -> Vec<String> {
        drawn(&parse_document(CountingSink::new(Html::new_document(), 1), ParseOpts::default()).one(html))
    }

    #[test]
    fn both_ways_give_the_same_tree() {
        for html in [
            "",
            "<!doctype html><title>a > b &amp; c</title><p>x",
            "<p class=a>one<p class='b' id=\"c\" data-x='&amp;'>two &amp; three &lt four &nothing; &#150; 5 < 6 & 7 > 8</p >",
            "<style>a</p>b</style><script>var a = '<p>';</script><script type=application/ld+json>{\r\n\"a\":\"<b>\0\"}</script>x",
            "<script><!--<script></script>--></script><noscript><img></noscript><iframe><p></iframe><xmp><b>\r\n</xmp>",
            "<svg><style>a<b>c</style><title>t</title><script>x</script><![CDATA[<p>]]><a xlink:href=x>y</a></svg><p>z",
            "<b a=1><b a=2><b a=1><b a=1><b a=1><p>x</b></p><font color=red><p>y<font size=1><p>",
            "<a x=1><a x=2><p><a x=3>b</a></p><table><tr><a>c<td>d</table>",
            "<pre>\r\n\nx</pre><textarea>\n</p>&amp;\n</textarea><listing>\ny</listing>",
            "<!-- a --!> b --><!--><p>--><!---><!-- - -- ---><p>c<!-- d",
            "<p\nclass=a\r\nid='b'/><br/><img src=a/><img src=?a=1&b=2><a href=\"?a=1&b=2&amp;c&copy=3&copy;&#x41;\" HREF=x Class=Y>",
            "<div a b=c =d><div \"x\"><div a=\"b\"c=d><div a='b>c'>e</div a=1></></ p><?x><p//><p a=><p a= b>",
            "<select><option>a<style>b</style><option>c</select><template><p>d</template><frameset><plaintext>e</p>",
            "\u{feff}<p>\0a</p>\r\rb\r\n&\r&#13;<p title=\"a\rb\" id=\"a\rb\">&am",
            "<math><annotation-xml encoding=text/html><p>x</annotation-xml><mi a:b=c>y</math>",
            "<title>a<p title='",
            "a<p title=\"x>y",
            "a</p",
            "a<",
            "<input type=hidden><table><input type=hidden><input type=text></table>",
        ] {
            assert_eq!(quick(html), by_the_book(html), "{html}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_markup_both_ways_give_the_same_tree(pieces in prop::collection::vec(prop::sample::select(vec![
            "<", ">", "/", "=", "\"", "'", " ", "\n", "\r", "\0", "&", ";", "#", "-", "!", "a", "é", "&amp;", "&amp", "&#39;", "&not", "<p", "<p>", "</p>",
            "<b>", "</b>", "<b class=x>", "<a href=x>", "</a>", "<a href='?a&b=1'>", "<div class=\"a\" id=b data-x='y'>", "</div>", "<br/>",
            "<!--", "-->", "--!>", "<script>", "</script>", "<script type=x/json>", "<style>", "</style>", "<title>", "</title>", "<textarea>", "</textarea>", "<table>", "<tr>",
            "<td>", "</table>", "<svg>", "</svg>", "<math>", "<template>", "</template>", "<noscript>", "</noscript>", "<pre>", "<select>", "<option>",
            "</select>", "<![CDATA[", "]]>", "<!doctype html>", "<body class=x>", "<html lang=en>", "<head>", "</head>", "</body>", "<h1>", "</h1>", "<font color=a>",
            "<xmp>", "</xmp>", "<iframe>", "</iframe>", "hidden", "name", "words and more", "<img src=a.jpg alt=\"b\">", "<li>", "<ul>", "</ul>",
        ]), 0..40)) {
            let html: String = pieces.concat();
            prop_assert_eq!(quick(&html), by_the_book(&html), "{}", html);
        }
    }
}
