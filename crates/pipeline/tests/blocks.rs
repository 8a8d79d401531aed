//! What becomes of markup: words are neither glued nor torn, nothing is given twice, the hidden is left out, and each kind of
//! block comes out as what it was.

use wiredesk_model::article::Article;
use wiredesk_model::block::{BlockKind, Hints, join};
use wiredesk_pipeline::article;

const LEAD: &str = "The ferry to the island will run again from Monday, the harbour board said after nine hours of talks with the crew.";
const TAIL: &str = "On Sunday the band of the fire brigade will play at the landing stage, and the first forty passengers will travel free.";

fn read(html: &str) -> Article {
    let url = "https://harbour.example/2031/ferry".to_owned();
    let hints = Hints { requested_url: url.clone(), final_url: url, ..Hints::default() };
    article::read(html.as_bytes(), Some("text/html; charset=utf-8"), &hints, &Default::default())
        .expect("no page here is costly")
        .article
}

/// An article whose body has `inner` between its first and its last paragraph.
fn around(inner: &str) -> Article {
    read(&format!(
        "<!doctype html><html><head><title>Ferry to run again</title></head><body><nav><a href=/>Home</a></nav>\
         <main><article><h1>Ferry to run again</h1><div class=article-body><p>{LEAD}</p>{inner}<p>{TAIL}</p></div></article></main></body></html>"
    ))
}

/// What stands between the first and the last paragraph.
fn between(inner: &str) -> Vec<(BlockKind, String)> {
    let article = around(inner);
    assert_eq!(join(&article.blocks), article.text, "joined blocks are the text");
    let mut blocks: Vec<(BlockKind, String)> = article.blocks.into_iter().map(|b| (b.kind, b.text)).collect();
    assert_eq!(blocks.first().map(|b| b.1.as_str()), Some(LEAD), "{inner}");
    assert_eq!(blocks.last().map(|b| b.1.as_str()), Some(TAIL), "{inner}");
    blocks.pop();
    blocks.remove(0);
    blocks
}

fn texts(inner: &str) -> Vec<String> {
    between(inner).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn words_are_neither_glued_nor_torn() {
    for (inner, want) in [
        ("<p>The board met.<br>It did not agree.</p>", vec!["The board met. It did not agree."]),
        (
            "<p>The board met.<br><br>It did not agree on anything.</p>",
            vec!["The board met.", "It did not agree on anything."],
        ),
        (
            "<p>The board met.<br> \n &nbsp;<br/>It did not agree on anything.</p>",
            vec!["The board met.", "It did not agree on anything."],
        ),
        ("<p>The <b>har</b>bour <i>board</i>, <em>it</em>self.</p>", vec!["The harbour board, itself."]),
        ("<p>H<sub>2</sub>O and 10<sup>3</sup> boats.</p>", vec!["H2O and 103 boats."]),
        ("<p><span class=dropcap>T</span>he board met at noon.</p>", vec!["The board met at noon."]),
        (
            "<div>The board met at noon.</div><div>It did not agree on anything.</div>",
            vec!["The board met at noon.", "It did not agree on anything."],
        ),
        (
            "<p>The board<span class=hover-card>Harbour Board, founded 1931</span> met at noon.</p>",
            vec!["The board Harbour Board, founded 1931 met at noon."],
        ),
        ("<p>The board <span hidden>never</span>met at noon.</p>", vec!["The board met at noon."]),
        ("<p>The board<script>track()</script> met<style>p{}</style> at noon.</p>", vec!["The board met at noon."]),
        ("<p>The board<!-- a comment --> met at noon.</p>", vec!["The board met at noon."]),
        ("<p>The&nbsp;board\u{ad} met\u{200b} at\n\n   noon.</p>", vec!["The board met at noon."]),
        ("<p>Boats<wbr>man and board&shy;room.</p>", vec!["Boatsman and boardroom."]),
        (
            "<p>The board met.</p>It did not agree on anything that day.<p>It met again.</p>",
            vec!["The board met.", "It did not agree on anything that day.", "It met again."],
        ),
        ("<p>It met <a href=/a>at noon</a><a href=/b>on Monday</a>.</p>", vec!["It met at noon on Monday."]),
        ("<p><q>We agree</q>, it said.</p>", vec!["We agree, it said."]),
        (
            "<p>Only one <ruby>字<rp>(</rp><rt>zi</rt><rp>)</rp></ruby> stood on it.</p>",
            vec!["Only one 字 zi stood on it."],
        ),
    ] {
        let got = texts(inner);
        if inner.contains("<ruby>") {
            // How a reading is set is a matter of taste; that nothing is lost is not.
            assert!(got[0].contains('字') && got[0].ends_with("stood on it."), "{got:?}");
            continue;
        }
        assert_eq!(got, want, "{inner}");
    }
}

#[test]
fn nothing_is_given_twice() {
    let said =
        "The board will pay for a new valve and for the winter that the boat has lain in the dock without a roof.";
    for inner in [
        format!("<p>{said}</p><p>{said}</p>"),
        format!("<p>{said}</p><blockquote class=pullquote>{said}</blockquote>"),
        format!("<p>{said}</p><noscript><p>{said}</p></noscript>"),
        format!("<p>{said}</p><template><p>{said}</p></template>"),
        format!("<p>{said}</p><div style='display:none'><p>{said}</p></div>"),
        format!("<p>{said}</p><aside class=pull-quote><p>“a new valve and for the winter”</p></aside>"),
        format!("<div class=desktop><p>{said}</p></div><div class=mobile><p>{said}</p></div>"),
        format!("<p>{said}</p><p aria-hidden=true>{said}</p>"),
    ] {
        assert_eq!(texts(&inner), [said], "{inner}");
    }
}

#[test]
fn what_no_reader_sees_is_left_out() {
    let seen = "The board will pay for a new valve and for the winter in the dock.";
    for hidden in [
        "<p hidden>This was an earlier version of the paragraph about the valve.</p>",
        "<p style='display: none;'>This was an earlier version of the paragraph.</p>",
        "<p style='VISIBILITY:hidden'>This was an earlier version of the paragraph.</p>",
        "<div class=d-none><p>This was an earlier version of the paragraph about the valve.</p></div>",
        "<span class=sr-only>Opens in a new window</span>",
        "<span class=screen-reader-text>Opens in a new window</span>",
        "<template><p>This was an earlier version of the paragraph about the valve.</p></template>",
        "<script type=text/template><p>This was an earlier version of the paragraph about the valve.</p></script>",
        "<textarea>This was an earlier version of the paragraph about the valve.</textarea>",
        "<select><option>Monday<option>Tuesday</select>",
        "<svg><title>A boat</title><text>A boat</text></svg>",
        "<iframe src=/x>Your browser has no frames.</iframe>",
        "<video src=/x>Your browser has no video.</video>",
        "<object data=/x>Your browser has no plug-in for this.</object>",
        "<button>Show more</button>",
        "<dialog><p>Do you want to be told of news of the harbour?</p></dialog>",
    ] {
        assert_eq!(texts(&format!("<p>{seen}</p>{hidden}")), [seen], "{hidden}");
    }
}

#[test]
fn each_kind_of_block_comes_out_as_what_it_was() {
    use BlockKind as K;
    let is = |inner: &str, want: &[(K, &str)]| {
        let got = between(inner);
        let got: Vec<(K, &str)> = got.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
        assert_eq!(got, want, "{inner}");
    };
    is("<h2>What comes next</h2>", &[(K::Heading, "What comes next")]);
    is(
        "<ul><li>A valve of brass for the engine<li>A roof for the dock in the harbour</ul>",
        &[(K::ListItem, "A valve of brass for the engine"), (K::ListItem, "A roof for the dock in the harbour")],
    );
    is(
        "<ol><li>A valve of brass<ul><li>made in Port Sample</ul><li>A roof of tin</ol>",
        &[(K::ListItem, "A valve of brass"), (K::ListItem, "made in Port Sample"), (K::ListItem, "A roof of tin")],
    );
    is(
        "<ul><li><p>A valve of brass.</p><p>It was made in Port Sample.</p></li></ul>",
        &[(K::ListItem, "A valve of brass."), (K::ListItem, "It was made in Port Sample.")],
    );
    is(
        "<blockquote><p>“We will be on the first boat.”</p><cite>Ada Example, mayor</cite></blockquote>",
        &[(K::Quote, "“We will be on the first boat.”"), (K::Quote, "Ada Example, mayor")],
    );
    is("<pre><code>valve.open();\n  boat.go();</code></pre>", &[(K::Code, "valve.open();\n  boat.go();")]);
    is(
        "<table><caption>Departures</caption><thead><tr><th>Day<th>Time</thead><tr><td>Monday<td>6:30<tr><td>Tuesday<td>7:00</table>",
        &[(K::Table, "Departures\nDay\tTime\nMonday\t6:30\nTuesday\t7:00")],
    );
    is(
        "<table><tr><th>Monday<td>6:30<tr><th>Tuesday<td>7:00<tr><th>Sunday<td>none</table>",
        &[(K::Table, "Monday\t6:30\nTuesday\t7:00\nSunday\tnone")],
    );
}

#[test]
fn a_list_of_definitions_keeps_its_terms_apart_from_what_they_mean() {
    let got = texts(
        "<dl><dt>Valve</dt><dd>A door that opens for steam alone.</dd><dt>Dock</dt><dd>A room that a boat may enter.</dd></dl>",
    );
    assert_eq!(got, ["Valve", "A door that opens for steam alone.", "Dock", "A room that a boat may enter."]);
}

#[test]
fn a_table_that_only_lays_out_is_text() {
    let got = texts(
        "<table width=100%><tr><td><p>The board met at noon in the hall above the harbour, and the crew stood at the door.</p></td></tr></table>",
    );
    assert_eq!(got, ["The board met at noon in the hall above the harbour, and the crew stood at the door."]);
}

#[test]
fn a_lazy_picture_and_its_noscript_are_one_picture() {
    let article = around(
        "<figure><img class=lazy data-src=https://harbour.example/boat.jpg src='data:image/gif;base64,AA=='>\
         <noscript><img src=https://harbour.example/boat.jpg></noscript><figcaption>The boat in its dock last winter</figcaption></figure>",
    );
    assert_eq!(article.text, format!("{LEAD}\n\n{TAIL}"));
    let boats = article.images.iter().filter(|i| i.url == "https://harbour.example/boat.jpg").count();
    assert_eq!(boats, 1, "{:?}", article.images);
}

/// Some frameworks put the whole text where only a reader without scripts, or one with a very new browser, sees it.
#[test]
fn a_text_that_waits_in_a_wrapper_is_found() {
    let story: String = (1..7)
        .map(|n| format!("<p>On day {n} of the talks the harbour board and the crew spoke for {n} hours about the valve and the dock.</p>"))
        .collect();
    let page = |inner: String| {
        format!("<!doctype html><title>Ferry to run again</title><body><h1>Ferry to run again</h1>{inner}</body>")
    };
    for (name, html) in [
        (
            "a declarative shadow root",
            page(format!(
                "<story-body><template shadowrootmode=open><style>p{{}}</style><main>{story}</main></template></story-body>"
            )),
        ),
        ("noscript", page(format!("<div id=app></div><noscript><main>{story}</main></noscript>"))),
        ("a custom element", page(format!("<story-body><story-text>{story}</story-text></story-body>"))),
        ("a hidden root", page(format!("<div id=app style='opacity:0;visibility:hidden'><main>{story}</main></div>"))),
    ] {
        let got = read(&html).text;
        assert!(got.contains("On day 1 ") && got.contains("On day 6 "), "{name}: {got:?}");
        assert_eq!(got.matches("On day 3 ").count(), 1, "{name}");
    }
}

#[test]
fn a_mobile_page_of_custom_elements_is_read_like_another() {
    let got = texts(
        "<amp-img src=/a.jpg width=1 height=1></amp-img><amp-ad type=x>An advertisement of a boat company, and of no other.</amp-ad>\
         <p>The board met at noon in the hall.</p><amp-social-share type=email></amp-social-share><amp-iframe src=/x><p placeholder>A map loads here.</p></amp-iframe>",
    );
    assert_eq!(got, ["The board met at noon in the hall."]);
}
