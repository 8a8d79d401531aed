//! Feeds of each kind, and each hurt that real ones have: all made by hand.

use std::time::Duration;

use proptest::prelude::*;
use url::Url;
use wiredesk_feed::{FeedKind, Method, Parsed, Unreadable, parse, parse_with, report};
use wiredesk_model::feed::IdentityPolicy;

fn base() -> Url {
    "https://paper.example/feeds/all.xml".parse().expect("a URL")
}

fn read(text: &str) -> Parsed {
    parse(text, &base()).unwrap_or_else(|why| panic!("{why}: {text}"))
}

fn titles(parsed: &Parsed) -> Vec<&str> {
    parsed.listings().map(|l| l.title.as_deref().unwrap_or("-")).collect()
}

const RSS: &str = r#"<?xml version="1.0"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>The Paper</title><link>https://paper.example/</link><language>en-GB</language><ttl>30</ttl>
<atom:link rel="self" href="https://paper.example/feeds/all.xml"/><atom:link rel="hub" href="https://hub.example/"/>
<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>
<skipHours><hour>3</hour><hour>24</hour></skipHours><skipDays><day>Sunday</day></skipDays>
<image><title>Logo</title><link>https://paper.example/logo</link></image>
<item><title>Rain &amp;amp; <![CDATA[<b>sun</b>]]></title><link>/news/rain</link><guid isPermaLink="false">n1</guid>
<pubDate>Sun, 22 Nov 2026 09:30:00 +0100</pubDate><dc:creator>Ada Example</dc:creator><category>Weather</category>
<description>&lt;p&gt;Short.&lt;/p&gt;</description><content:encoded><![CDATA[<p>Long &amp; wet.</p>]]></content:encoded>
<enclosure url="https://cdn.example/a.mp3" type="audio/mpeg"/><media:content url="https://cdn.example/a.jpg"><media:title>A cloud</media:title></media:content></item>
<item><title>Second</title><guid>https://paper.example/news/second</guid></item>
</channel></rss>"#;

#[test]
fn rss_with_its_modules() {
    let feed = read(RSS);
    assert_eq!(
        (feed.kind, feed.method, feed.whole, feed.identity),
        (FeedKind::Rss, Method::Direct, true, IdentityPolicy::Guid)
    );
    assert_eq!(
        (feed.title.as_deref(), feed.language.as_deref(), feed.site.as_deref()),
        (Some("The Paper"), Some("en-GB"), Some("https://paper.example/"))
    );
    assert_eq!((feed.ttl, feed.update_period), (Some(Duration::from_secs(1800)), Some(Duration::from_secs(1800))));
    assert_eq!((feed.skip_hours.as_slice(), feed.skip_days.len()), ([3, 0].as_slice(), 1));
    assert_eq!(
        (feed.hub.as_deref(), feed.self_url.as_deref()),
        (Some("https://hub.example/"), Some("https://paper.example/feeds/all.xml"))
    );
    let first = &feed.items[0].listing;
    assert_eq!(
        (first.title.as_deref(), first.link.as_deref()),
        (Some("Rain & sun"), Some("https://paper.example/news/rain"))
    );
    assert_eq!(
        (first.summary.as_deref(), first.content.as_deref()),
        (Some("<p>Short.</p>"), Some("<p>Long &amp; wet.</p>"))
    );
    assert_eq!(
        (first.authors.as_slice(), first.categories.as_slice()),
        (["Ada Example".to_owned()].as_slice(), ["Weather".to_owned()].as_slice())
    );
    assert_eq!(first.enclosures, ["https://cdn.example/a.mp3", "https://cdn.example/a.jpg"]);
    assert_eq!(first.published.expect("a date").rfc3339(), "2026-11-22T09:30:00+01:00");
    assert_eq!((first.identity.as_str(), first.language.as_deref()), ("n1", Some("en-GB")));
    assert_eq!(feed.items[1].listing.link.as_deref(), Some("https://paper.example/news/second"));
}

#[test]
fn atom_with_its_links_and_contents() {
    let feed = read(
        r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://blatt.example/x/"><title type="html">Das &lt;i&gt;Blatt&lt;/i&gt;</title>
        <author><name>Redaktion</name></author><link href="https://blatt.example/"/>
        <entry><id>tag:1</id><title type="text">Tags like &lt;video&gt;</title><link rel="replies" href="r"/><link rel="enclosure" href="a.mp3"/><link href="eins"/>
        <published>2026-11-22T08:00:00Z</published><updated>2026-11-22T09:00:00Z</updated>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><title>no</title><p>Eins<br/></p></div></content></entry>
        <entry xml:base="https://other.example/"><id>tag:2</id><title>Zwei</title><link rel="alternate" href="zwei"/><author><name>Eva</name></author><summary>a &lt; b</summary></entry></feed>"#,
    );
    assert_eq!(
        (feed.kind, feed.title.as_deref(), feed.language.as_deref()),
        (FeedKind::Atom, Some("Das Blatt"), Some("de"))
    );
    let (one, two) = (&feed.items[0].listing, &feed.items[1].listing);
    assert_eq!(
        (one.title.as_deref(), one.link.as_deref()),
        (Some("Tags like <video>"), Some("https://blatt.example/x/eins"))
    );
    assert!(one.content.as_deref().is_some_and(|c| c.contains("<p>Eins<br/></p>")));
    assert_eq!(
        (one.authors.as_slice(), two.authors.as_slice()),
        (["Redaktion".to_owned()].as_slice(), ["Eva".to_owned()].as_slice())
    );
    assert_eq!((two.link.as_deref(), two.summary.as_deref()), (Some("https://other.example/zwei"), Some("a &lt; b")));
    assert_ne!(one.published, one.updated);
}

#[test]
fn old_and_odd_dialects_list_their_items() {
    for (name, text, kind) in [
        (
            "Atom 0.3",
            r#"<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title>A</title><link rel="alternate" href="http://a.example/1"/><issued>2004-01-01T00:00:00Z</issued></entry></feed>"#,
            FeedKind::Atom,
        ),
        (
            "RSS 0.90",
            r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>C</title></channel><item><title>A</title><link>http://a.example/1</link></item></rdf:RDF>"#,
            FeedKind::Rdf,
        ),
        (
            "userland",
            r#"<rss version="2.0" xmlns="http://backend.userland.com/rss2"><channel><item><title>A</title><link>http://a.example/1</link></item></channel></rss>"#,
            FeedKind::Rss,
        ),
        (
            "prefixed",
            r#"<r:rss xmlns:r="http://backend.userland.com/rss2"><r:channel><r:item><r:title>A</r:title><r:link>http://a.example/1</r:link></r:item></r:channel></r:rss>"#,
            FeedKind::Rss,
        ),
        (
            "no version, no channel",
            "<rss><item><title>A</title><link>http://a.example/1</link></item></rss>",
            FeedKind::Rss,
        ),
        ("CDF", r#"<CHANNEL><ITEM HREF="http://a.example/1"><TITLE>A</TITLE></ITEM></CHANNEL>"#, FeedKind::Rss),
        (
            "one entry",
            r#"<entry xmlns="http://www.w3.org/2005/Atom"><title>A</title><link href="http://a.example/1"/></entry>"#,
            FeedKind::Atom,
        ),
    ] {
        let feed = read(text);
        assert_eq!((feed.kind, titles(&feed)), (kind, vec!["A"]), "{name}");
        assert_eq!(feed.items[0].listing.link.as_deref(), Some("http://a.example/1"), "{name}");
    }
}

#[test]
fn a_news_sitemap_is_a_feed_and_another_is_not() {
    let feed = read(
        r#"<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://paper.example/1</loc>
        <news:news><news:publication><news:name>P</news:name><news:language>en</news:language></news:publication><news:publication_date>2026-11-22</news:publication_date><news:title>A &amp; B</news:title><news:keywords>rivers, weather</news:keywords></news:news></url></urlset>"#,
    );
    let listing = &feed.items[0].listing;
    assert_eq!(
        (feed.kind, listing.title.as_deref(), listing.link.as_deref(), listing.language.as_deref()),
        (FeedKind::Sitemap, Some("A & B"), Some("https://paper.example/1"), Some("en"))
    );
    assert_eq!(listing.published.expect("a date").rfc3339(), "2026-11-22T00:00:00+00:00");
    assert_eq!(
        (listing.categories.join("|"), listing.identity.as_str()),
        ("rivers|weather".into(), "https://paper.example/1")
    );
    let plain = parse("<urlset><url><loc>https://paper.example/1</loc></url></urlset>", &base());
    assert!(plain.expect_err("no news").to_string().contains("a sitemap without news"));
}

#[test]
fn a_sitemap_index_is_named_with_the_news_sitemap_that_was_meant() {
    for (sitemaps, meant) in [
        (
            "<sitemap><loc>/pages.xml</loc></sitemap><sitemap><loc> /news.xml </loc></sitemap>",
            "such as https://paper.example/news.xml",
        ),
        ("<sitemap><loc>https://paper.example/a.xml</loc></sitemap>", "such as https://paper.example/a.xml"),
        ("", "configure one of them"),
    ] {
        let text =
            format!("<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{sitemaps}</sitemapindex>");
        let why = parse(&text, &base()).expect_err("no feed");
        assert_eq!(why.reason(), "not_a_feed");
        assert!(why.to_string().contains("a sitemap index") && why.to_string().ends_with(meant), "{why}");
    }
}

#[test]
fn json_feed() {
    let feed = read(
        r#"{"version":"https://jsonfeed.org/version/1.1","title":"J","home_page_url":"https://j.example/","items":[
        {"id":7,"url":"/a","title":"A","content_text":"x < y\n\nz","date_published":"2026-11-22T08:00:00Z","authors":[{"name":"Ada"}],"tags":["t"],"attachments":[{"url":"https://j.example/a.mp3"}]},
        {"id":"8","external_url":"https://k.example/","content_html":"<p>b</p>","author":{"name":"Bo"}}]}"#,
    );
    let (a, b) = (&feed.items[0].listing, &feed.items[1].listing);
    assert_eq!((feed.kind, a.identity.as_str(), a.link.as_deref()), (FeedKind::Json, "7", Some("https://j.example/a")));
    assert_eq!(
        (a.content.as_deref(), a.authors.as_slice()),
        (Some("<p>x &lt; y</p><p>z</p>"), ["Ada".to_owned()].as_slice())
    );
    assert_eq!((b.link.as_deref(), b.authors.as_slice()), (Some("https://k.example/"), ["Bo".to_owned()].as_slice()));

    let cut = read(
        r#"{"version":"https://jsonfeed.org/version/1","title":"J","items":[{"id":"1","title":"A"},{"id":"2","tit"#,
    );
    assert_eq!((titles(&cut), cut.whole, cut.title.as_deref()), (vec!["A"], false, Some("J")));
    assert!(matches!(parse(r#"{"error":"no"}"#, &base()), Err(Unreadable::NotAFeed { .. })));
}

fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>C</title>{items}</channel></rss>")
}

#[test]
fn hurts_that_lose_nothing() {
    for (name, items, expected) in [
        ("bare ampersand", "<item><title>A & B</title><link>http://a.example/?x=1&y=2</link></item>", vec!["A & B"]),
        ("undefined entity", "<item><title>caf&eacute;&nbsp;&hellip;</title></item>", vec!["café …"]),
        ("C1 reference", "<item><title>it&#146;s</title></item>", vec!["it’s"]),
        ("control characters", "<item><title>a\u{b}b</title></item>", vec!["ab"]),
        ("mismatched tags", "<item><title>A</tilte><link>x</link></item><item><title>B</title></item>", vec!["A", "B"]),
        ("unclosed item", "<item><title>A</title><item><title>B</title></item>", vec!["A", "B"]),
        (
            "unclosed description",
            "<item><title>A</title><description>x<b>y</item><item><title>B</title></item>",
            vec!["A", "B"],
        ),
        (
            "unclosed section",
            "<item><title>A</title><description><![CDATA[x</description></item><item><title>B</title><description><![CDATA[y]]></description></item>",
            vec!["A", "B"],
        ),
        (
            "unclosed comment",
            "<item><title>A</title></item><!-- <item><title>B</title></item><!-- --><item><title>C</title></item>",
            vec!["A", "B", "C"],
        ),
        ("raw HTML", "<item><title>A</title><description>x<br>y<p>z</description></item>", vec!["A"]),
        (
            "a tag that never ends",
            "<item><title>A</title><enclosure url=\"x><link>http://a.example/</link></item><item><title>B</title></item>",
            vec!["A", "B"],
        ),
        ("less-than", "<item><title>1 < 2</title></item>", vec!["1 < 2"]),
    ] {
        let feed = read(&rss(items));
        assert_eq!(titles(&feed), expected, "{name}");
    }
}

#[test]
fn a_section_that_quotes_items_is_not_taken_apart() {
    let feed =
        read(&rss("<item><title>A</title><description><![CDATA[write <item> and <item> so]]></description></item>"));
    assert_eq!((titles(&feed), feed.method), (vec!["A"], Method::Direct));
}

#[test]
fn a_cut_feed_gives_its_whole_items_and_is_not_whole() {
    let whole = rss("<item><title>A</title></item><item><title>B</title><link>http://a.example/b</link></item>");
    for end in [whole.len() - 40, whole.len() - 25] {
        let feed = read(&whole[..end]);
        assert_eq!((feed.whole, feed.items[0].listing.title.as_deref()), (false, Some("A")), "{end}");
    }
    assert_eq!(titles(&read(&whole[..whole.find("</title><link>").expect("there")])), ["A"]);
    assert!(matches!(parse("<rss><channel>", &base()), Err(Unreadable::Broken { .. })));
}

#[test]
fn junk_in_front_and_wrappings() {
    let feed = rss("<item><title>A</title></item>");
    for text in [
        format!("\u{feff}\n\nWarning: something on line 3\n{feed}"),
        format!("<html><body><pre>{feed}</pre></body></html>"),
        format!("<html><body><pre>{}</pre></body></html>", feed.replace('<', "&lt;").replace('>', "&gt;")),
    ] {
        assert_eq!(titles(&read(&text)), ["A"], "{text}");
    }
}

#[test]
fn bytes_in_strange_charsets() {
    let text = rss("<item><title>Grüße “so”</title></item>")
        .replace("<rss", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><rss");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(titles(&read(&wiredesk_decode::feed(&wide, None).text)), ["Grüße “so”"]);
    let disguised = [b"<?xml version='1.0' encoding='utf-8'?><rss><channel><item><title>Gr\xfc\xdfe \x93so\x94</title></item></channel></rss>".as_slice()].concat();
    assert_eq!(titles(&read(&wiredesk_decode::feed(&disguised, None).text)), ["Grüße “so”"]);
}

#[test]
fn a_page_in_place_of_a_feed_names_the_feed_that_was_meant() {
    let page = r#"<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/comments/feed"><LINK REL="alternate" TYPE="application/atom+xml" HREF="/atom.xml"></head><body><p>Hi</body></html>"#;
    let Err(Unreadable::Html { feeds }) = parse(page, &base()) else { panic!("HTML") };
    assert_eq!(
        feeds.iter().map(Url::as_str).collect::<Vec<_>>(),
        ["https://paper.example/atom.xml", "https://paper.example/comments/feed"]
    );
}

#[test]
fn what_is_no_feed_has_a_named_reason() {
    for (text, reason) in [
        ("  \n", "empty"),
        ("Not found", "not_a_feed"),
        ("<opml><body/></opml>", "not_a_feed"),
        ("[1]", "not_a_feed"),
        ("{", "broken"),
        ("<rss version='2.0' xmlns:x='ht", "broken"),
    ] {
        let why = parse(text, &base()).expect_err(text);
        assert_eq!(why.reason(), reason, "{text}");
        assert_eq!(report("x", &Err(why))["ok"], false);
    }
    assert!(read("<rss version='2.0'><channel><title>Empty</title></channel></rss>").items.is_empty());
}

#[test]
fn the_same_item_twice_is_listed_once_and_reported_twice() {
    let text = rss("<item><title>A</title><guid>1</guid></item><item><title>A</title><guid>1</guid></item>");
    let feed = read(&text);
    assert_eq!((titles(&feed).len(), feed.items.len()), (1, 2));
    assert_eq!(report("x", &Ok(feed))["entries"].as_array().map(Vec::len), Some(2));
    let by_link = parse_with(RSS, &base(), Some(IdentityPolicy::Link)).expect("a feed");
    assert_eq!(by_link.items[0].listing.identity, "https://paper.example/news/rain");
}

#[test]
fn entities_do_not_grow() {
    let bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><rss><channel><item><title>&b;</title></item></channel></rss>";
    assert_eq!(titles(&read(bomb)), ["&b;"]);
}

#[test]
fn listings_are_capped_and_depth_does_no_harm() {
    let many = rss(&"<item><title>A</title></item>".repeat(wiredesk_feed::MOST_ITEMS + 5));
    let feed = read(&many);
    assert_eq!((feed.items.len(), feed.left_out, feed.whole), (wiredesk_feed::MOST_ITEMS, 5, false));
    let deep = rss(&format!("{}<item><title>A</title></item>", "<x>".repeat(100_000)));
    assert_eq!(titles(&read(&deep)), ["A"]);
}

/// Each of these once took time by the square of its length: half an hour and more.
#[test]
fn repeated_harm_costs_no_more_than_its_length() {
    for harm in [
        "< ",
        "<",
        "<![CDATA[",
        "<!DOCTYPE [",
        "<?a>",
        "<!--",
        "</",
        "<a b=\"",
        "&",
        "<p>",
        "</y>",
        "<item>",
        "<a ",
        "]]>",
        "<!x",
    ] {
        let text = format!("<rss><channel><item><title>{}", harm.repeat(4_000_000 / harm.len()));
        let _ = parse(&text, &base());
        let _ = parse(&format!("{text}></title></item></channel></rss>"), &base());
    }
}

/// What a listing weighs, about.
fn weight(feed: &Parsed) -> usize {
    let of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    feed.items
        .iter()
        .map(|item| {
            let listing = &item.listing;
            let texts = [&listing.link, &listing.language, &listing.title, &item.guid, &item.guid_url];
            let lists = [&listing.authors, &listing.enclosures];
            texts.iter().map(|text| of(text)).sum::<usize>()
                + lists.iter().flat_map(|list| list.iter()).map(String::len).sum::<usize>()
                + listing.identity.len()
        })
        .sum()
}

/// A feed of a few kilobytes, packed, that says a long thing once had it copied into each of its items: gigabytes, and the end of the
/// process.
#[test]
fn what_a_feed_says_once_does_not_grow_with_its_items() {
    let long = "x".repeat(200_000);
    let step = "x".repeat(7000);
    let entries = |entry: &str| (0..2000).map(|n| entry.replace('%', &n.to_string())).collect::<String>();
    let atom = |root: &str, head: &str, entry: &str| {
        format!("<feed xmlns='http://www.w3.org/2005/Atom' {root}>{head}{}</feed>", entries(entry))
    };
    let rss = |head: &str| format!("<rss><channel>{head}{}</channel></rss>", entries("<item><link>a%</link></item>"));
    let plain = "<entry><id>i%</id><title>t</title><link href='a%'/></entry>";
    let based = "<entry xml:base='b%/'><id>i%</id><link href='a%'/><link rel='enclosure' href='c%'/></entry>";
    let site = "https://a.example/";
    let json = |head: &str| {
        let items = entries("{\"id\":\"i%\",\"url\":\"a%\"},");
        format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",{head},\"items\":[{}]}}",
            items.trim_end_matches(',')
        )
    };
    for (what, feed) in [
        ("language", atom("", &format!("<language>{long}</language>"), plain)),
        ("xml:lang", atom(&format!("xml:lang='{long}'"), "", plain)),
        ("authors", atom("", &"<author><name>xy</name></author>".repeat(20_000), plain)),
        ("an author", atom("", &format!("<author><name>{long}</name></author>"), plain)),
        ("xml:base", atom(&format!("xml:base='{site}{long}/'"), "", plain)),
        ("xml:base, a long one that may be", atom(&format!("xml:base='{site}{step}/'"), "", plain)),
        ("entries' own bases", atom(&format!("xml:base='{site}{step}/'"), "", based)),
        ("bases in bases", atom(&format!("xml:base='{site}{step}/'"), &"<x xml:base='y/'>".repeat(150), plain)),
        ("a site", rss(&format!("<link>{site}{long}/</link>"))),
        ("a site, a long one that may be", rss(&format!("<link>{site}{step}/</link>"))),
        ("a site, and no end of it", rss(&format!("<link>{site}{step}/</link><![CDATA["))),
        ("JSON's language", json(&format!("\"language\":\"{long}\""))),
        ("JSON's author", json(&format!("\"author\":{{\"name\":\"{long}\"}}"))),
        ("JSON's site", json(&format!("\"home_page_url\":\"{site}{step}/\""))),
    ] {
        let read = read(&feed);
        assert_eq!(read.items.len() + read.left_out, 2000, "{what}");
        assert!(!read.items.is_empty() && read.whole == (read.left_out == 0), "{what}");
        let most = 5 * feed.len() + (4 << 20);
        assert!(weight(&read) < most, "{what}: {} of {}", weight(&read), feed.len());
    }
}

#[test]
fn what_an_item_says_has_a_length_that_somebody_may_mean() {
    let long = "x".repeat(70_000);
    let feed = read(&rss(&format!(
        "<item><title>{long}</title><guid>{long}</guid><language>{long}</language><author>{long}</author>\
         <category>{long}</category><enclosure url='/{long}'/><link>https://paper.example/{long}</link></item>"
    )));
    let item = &feed.items[0];
    assert_eq!((item.guid.as_deref(), item.listing.language.as_deref()), (None, None));
    assert_eq!(item.listing.title.as_ref().map(String::len), Some(wiredesk_model::link::LONGEST));
    assert!(
        item.listing.authors.is_empty() && item.listing.categories.is_empty() && item.listing.enclosures.is_empty()
    );
    // Whoever asks for it must be able to say how long it is.
    assert!(item.listing.link.as_ref().is_some_and(|link| link.len() > 70_000));
    assert!(item.listing.identity.starts_with("long:"), "{:.40}", item.listing.identity);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,300}") {
        let _ = parse(&text, &base());
    }

    #[test]
    fn any_soup_is_read_or_refused(parts in proptest::collection::vec(prop_oneof![
        Just("<rss>"), Just("<item>"), Just("</item>"), Just("<entry>"), Just("<title>"), Just("</title>"), Just("<![CDATA["), Just("]]>"), Just("<!--"),
        Just("-->"), Just("&#"), Just("&amp;"), Just("<link href='"), Just("/>"), Just("\">"), Just("é"), Just("<media:group>"), Just("</"), Just("<!DOCTYPE ["),
        Just("<feed xmlns='x'>"), Just("<content type='xhtml'>"), Just("2026-11-"), Just("<pubDate>"), Just("<author>"), Just("{\"items\":["), Just("x"),
    ], 0..60)) {
        let _ = parse(&parts.concat(), &base());
    }

    #[test]
    fn a_hurt_feed_is_read_or_refused(at in 0..RSS.len(), length in 0..200usize, junk in ".{0,8}") {
        let boundary = |mut i: usize| { while !RSS.is_char_boundary(i) { i -= 1 } i };
        let (from, to) = (boundary(at), boundary((at + length).min(RSS.len())));
        let _ = parse(&format!("{}{junk}{}", &RSS[..from], &RSS[to..]), &base());
    }

    #[test]
    fn any_text_may_be_a_date(text in "[0-9A-Za-z:+, ./-]{0,40}") {
        let _ = parse(&rss(&format!("<item><title>A</title><pubDate>{text}</pubDate></item>")), &base());
    }
}
