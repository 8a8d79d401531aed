//! The demo's web, page by page: ten makes of site carry the same stories, and every copy must come to the same body.

use std::collections::BTreeMap;

use wiredesk_extract::site::SiteRules;
use wiredesk_fetch::fetcher::Fetcher;
use wiredesk_fetch::settings::{PerHost, Settings};
use wiredesk_model::block::Hints;
use wiredesk_model::units::Span;
use wiredesk_pipeline::article;
use wiredesk_testkit::demo::{DemoWeb, Expect};

#[tokio::test]
async fn every_copy_of_a_story_comes_to_the_same_body() {
    let web = DemoWeb::start().expect("a web on loopback");
    let settings = Settings {
        allow_networks: vec!["127.0.0.0/8".parse().expect("a network")],
        per_host: PerHost { delay: Span::millis(0), ..PerHost::default() },
        ..Settings::default()
    };
    let fetcher = Fetcher::new(&settings).expect("a fetcher");
    let bodies: BTreeMap<String, String> =
        web.stories().into_iter().map(|story| (story.slug.clone(), story.text())).collect();
    let mut bad = Vec::new();
    let pages = web.pages();
    for page in &pages {
        let Expect::Story(slug) = &page.expect else { continue };
        let url = page.url.parse().expect("an address");
        let answer = match fetcher.page(&url).await {
            Ok(answer) => answer,
            Err(_) => fetcher.page(&url).await.expect("one page fails once"),
        };
        let hints = Hints {
            requested_url: page.url.clone(),
            final_url: answer.url.to_string(),
            title: Some(page.title.clone()),
            ..Hints::default()
        };
        let read = article::read(&answer.body, answer.content_type.as_deref(), &hints, &SiteRules::default())
            .expect("an article")
            .article;
        let (is, should) = (read.text, &bodies[slug.as_str()]);
        if wiredesk_dedup::content_hash(&is) != wiredesk_dedup::content_hash(should) {
            bad.push(format!("{} {}\n{}", page.feed, page.url, difference(&is, should)));
        }
    }
    assert!(bad.is_empty(), "{} of {} pages differ\n{}", bad.len(), pages.len(), bad.join("\n"));
}

/// The paragraphs that stand in one and not in the other.
fn difference(is: &str, should: &str) -> String {
    let folded = |text: &str| text.split("\n\n").map(|p| (wiredesk_dedup::folded(p), p.to_owned())).collect::<Vec<_>>();
    let (is, should) = (folded(is), folded(should));
    let extra = is.iter().filter(|(key, _)| !should.iter().any(|(other, _)| other == key));
    let missing = should.iter().filter(|(key, _)| !is.iter().any(|(other, _)| other == key));
    extra.map(|(_, p)| format!("  + {p}\n")).chain(missing.map(|(_, p)| format!("  - {p}\n"))).collect()
}
