//! What a site's rule does to a page.

use wiredesk_extract::site::{MISSED, RuleSettings, Selectors, SiteRule};
use wiredesk_extract::{read, read_by};
use wiredesk_model::block::{Hints, Ledger, Verdict, join};

/// A page on which the general rules go wrong: the story is in what looks like a list of cards, the comments look like a story.
const PAGE: &str = r#"<html lang="en"><head><title>Mill bridge closed | Mill Post</title></head><body>
<div class="menu"><a href="/">Home</a> <a href="/sport">Sport</a></div>
<div class="kicker-box"><span class="hd" data-role="headline">Mill bridge closed</span>
  <p class="who"><a href="/people/ada">Ada Brook</a></p><p class="when">3 April 2026</p></div>
<div class="related-cards" data-story="yes">
  <p>The bridge at the mill was closed on Friday after the river had risen by two metres.<span class="tip">Share this line</span></p>
  <p style="display: none">Only machines see this line of the page, and nobody else does.</p>
  <div class="advice">Sign up for our letter and never miss a flood again.</div>
  <figure><img src="a.jpg"><figcaption>The bridge on Friday.</figcaption></figure>
  <table><tr><th>Hour</th><th>Level</th></tr><tr><td>six</td><td>two metres</td></tr><tr class="ad"><td>Buy</td><td>boats</td></tr></table>
  <p>It will be opened again when the water has fallen, the keeper said, and not before that.</p>
</div>
<article class="content"><p>I have lived beside the mill for forty years, and this is the first time that I see it closed, says a reader.</p>
  <p>Another reader writes that the old bridge was closed twice in the years of the war, and that nobody minded then.</p></article>
</body></html>"#;

fn selectors(all: &[&str]) -> Selectors {
    Selectors(all.iter().map(|one| (*one).to_owned()).collect())
}

fn settings() -> RuleSettings {
    RuleSettings { id: "mill".into(), hosts: vec!["mill.example".into()], ..RuleSettings::default() }
}

fn rule(settings: &RuleSettings) -> SiteRule {
    SiteRule::compile(settings).expect("a sound rule")
}

fn hints() -> Hints {
    let url = "https://mill.example/a".to_owned();
    Hints { requested_url: url.clone(), final_url: url, ..Hints::default() }
}

fn body(ledger: &Ledger) -> String {
    join(ledger.blocks.iter().filter(|judged| judged.verdict.is_body()).map(|judged| &judged.block))
}

fn verdict<'l>(ledger: &'l Ledger, words: &str) -> &'l Verdict {
    let found = ledger.blocks.iter().find(|judged| judged.block.text.contains(words));
    &found.unwrap_or_else(|| panic!("{words:?} is nowhere")).verdict
}

#[test]
fn a_rule_says_what_the_body_is_and_the_ledger_says_which_rule_it_was() {
    let rule = rule(&RuleSettings {
        body: selectors(&["[data-story]"]),
        strip: selectors(&[".advice", ".tip", "tr.ad"]),
        title: selectors(&["h1", "[data-role=headline]"]),
        date: selectors(&[".nowhere", ".when"]),
        authors: selectors(&[".who a"]),
        ..settings()
    });
    let ledger = read_by(&rule, PAGE, &hints()).expect("read");
    assert_eq!(
        body(&ledger),
        "The bridge at the mill was closed on Friday after the river had risen by two metres.\n\n\
         Hour\tLevel\nsix\ttwo metres\n\n\
         It will be opened again when the water has fallen, the keeper said, and not before that."
    );
    assert_eq!(ledger.rule.as_deref(), Some("mill"));
    for (words, want) in [
        ("was closed on Friday", Verdict::body("site/mill/body")),
        ("Share this line", Verdict::dropped("site/mill/strip")),
        ("Sign up", Verdict::dropped("site/mill/strip")),
        ("boats", Verdict::dropped("site/mill/strip")),
        ("Only machines", Verdict::dropped("chrome/hidden")),
        ("The bridge on Friday.", Verdict::field("images", "images/caption")),
        ("Mill bridge closed", Verdict::field("title", "site/mill/title")),
        ("Ada Brook", Verdict::field("byline", "site/mill/authors")),
        ("3 April", Verdict::field("date_published", "site/mill/date")),
        ("forty years", Verdict::dropped("site/mill/outside")),
    ] {
        assert_eq!(verdict(&ledger, words), &want, "{words}");
    }
    let metadata = &ledger.metadata;
    let title = metadata.title.as_ref().expect("a title");
    assert_eq!((title.value.as_str(), title.source.as_str()), ("Mill bridge closed", "rule"));
    let date = metadata.published.as_ref().expect("a date");
    assert_eq!((date.value.rfc3339().as_str(), date.source.as_str()), ("2026-04-03T00:00:00+00:00", "rule"));
    let author = &metadata.authors.as_ref().expect("authors").value[0];
    assert_eq!((author.name.as_str(), author.url.as_deref()), ("Ada Brook", Some("https://mill.example/people/ada")));
}

#[test]
fn a_rule_whose_body_is_nowhere_leaves_the_page_to_the_general_rules_and_says_so() {
    let general = read(PAGE, &hints()).expect("read");
    for body in [".story-text", "script", "[data-story] p[style]"] {
        let rule = rule(&RuleSettings {
            body: selectors(&[body]),
            strip: selectors(&["[data-story] p[style]", ".tip", "tr"]),
            title: selectors(&[".when"]),
            ..settings()
        });
        let mut missed = read_by(&rule, PAGE, &hints()).expect("read");
        assert_eq!(missed.flags.pop().as_deref(), Some(MISSED), "{body}");
        assert_eq!(missed, general, "{body}");
    }
}

#[test]
fn a_rule_without_a_body_strips_from_what_the_general_rules_find() {
    let page = "<main><h1>Rain</h1><p>The river rose by two metres in the night, and the mill was closed to all who came.</p>\
        <p class=x>Read this paper every day, it is said, and the rain will not surprise you in your bed at night.</p>\
        <p>By noon the water had begun to fall, said the keeper, who has watched it for thirty years and more.</p></main>";
    let strip = rule(&RuleSettings { strip: selectors(&["p.x"]), ..settings() });
    let ledger = read_by(&strip, page, &hints()).expect("read");
    assert!(body(&ledger).contains("two metres") && body(&ledger).contains("By noon"));
    assert_eq!(verdict(&ledger, "Read this paper"), &Verdict::dropped("site/mill/strip"));
    assert_eq!(ledger.rule.as_deref(), Some("mill"));
    // A page with nothing to strip is no surprise.
    let nothing = rule(&RuleSettings { strip: selectors(&[".absent"]), ..settings() });
    assert_eq!(read_by(&nothing, page, &hints()), read(page, &hints()));
    // One on which the headline is not where it was is.
    let title = rule(&RuleSettings { title: selectors(&[".absent"]), ..settings() });
    assert_eq!(read_by(&title, page, &hints()).expect("read").flags, [MISSED]);
}

#[test]
fn the_body_is_taken_out_of_tables_and_out_of_what_hides_it() {
    let page = "<table><tr><td>Left</td><td class=story>The bridge at the mill was closed on Friday.</td></tr>\
        <tr><td>1</td><td>2</td></tr></table>";
    let cell = rule(&RuleSettings { body: selectors(&["td.story"]), ..settings() });
    assert_eq!(body(&read_by(&cell, page, &hints()).expect("read")), "The bridge at the mill was closed on Friday.");
    let page = "<div hidden><div id=full><p>The bridge at the mill was closed.</p><p hidden>Twice.</p></div></div><p>Teaser.</p>";
    let full = rule(&RuleSettings { body: selectors(&["#full"]), ..settings() });
    assert_eq!(body(&read_by(&full, page, &hints()).expect("read")), "The bridge at the mill was closed.");
}

#[test]
fn a_page_made_to_be_costly_for_selectors_is_read_without_them() {
    let story = "<p>The river rose by two metres in the night, and the mill was closed to all who came to see it.</p>";
    let page = format!("<main class=x>{story}</main>{}", "<b></b>".repeat(60_000));
    let rule = rule(&RuleSettings { body: selectors(&["b ~ b ~ main", "main:has(~ b ~ i)"]), ..settings() });
    let begin = std::time::Instant::now();
    let ledger = read_by(&rule, &page, &hints()).expect("read");
    assert_eq!(ledger.flags, [MISSED]);
    assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
}
