//! `rules test`: stored pages are read by their sites' rules, and the articles held against what was written down of them. What is
//! missing or too much is named together with the rule that took it or kept it: that is where to look.

use std::fmt::Write as _;
use std::path::Path;

use anstyle::AnsiColor;
use serde::Serialize;
use wiredesk_clean::Cleaned;
use wiredesk_extract::site::{MISSED, SiteRules};
use wiredesk_model::block::Hints;
use wiredesk_model::link::printable;
use wiredesk_pipeline::article;

use super::fixture::{self, Expected, Fixture};
use crate::bulk;
use crate::cli::Output;
use crate::config::source::rules_folder;
use crate::exit::{Exit, Failure, OrExit};
use crate::explain::{folded, holds};
use crate::out;
use crate::views::{tinted, written};

/// How a fixture came out.
#[derive(Debug, Default, Serialize)]
struct Tried {
    name: String,
    ok: bool,
    /// The rule that decided.
    rule: Option<String>,
    blocks: u32,
    words: u32,
    faults: Vec<String>,
}

/// `rules test [FOLDER]`
pub(crate) fn test(config: &Path, folder: Option<&Path>, output: Output) -> Result<Exit, Failure> {
    let rules = written(config)?.rules;
    let folder = folder.map_or_else(|| rules_folder(config).join("fixtures"), Path::to_owned);
    let names = fixture::names(&folder).or_exit(Exit::Io)?;
    let mut failed = 0;
    for name in &names {
        let tried = tried(&folder, name, &rules);
        failed += usize::from(!tried.ok);
        match output {
            Output::Json => out::line(out::json(serde_json::json!(tried))),
            Output::Text => out::print(shown(&tried)),
        }
    }
    if output == Output::Text {
        match (names.len(), failed) {
            (0, _) => {
                out::line(format_args!("no fixtures in {}: NAME.html with NAME.toml beside it", folder.display()))
            }
            (1, 0) => out::line("1 fixture, as it should be"),
            (all, 0) => out::line(format_args!("{all} fixtures, all as they should be")),
            (all, failed) => out::line(format_args!("{failed} of {all} fixtures failed")),
        }
    }
    Ok(if failed == 0 && !names.is_empty() { Exit::Ok } else { Exit::Failed })
}

fn tried(folder: &Path, name: &str, rules: &SiteRules) -> Tried {
    let mut tried = Tried { name: name.to_owned(), ..Tried::default() };
    match fixture::read(folder, name) {
        Err(error) => tried.faults.push(format!("{error:#}")),
        Ok(fixture) => match bulk::guarded(|| read(&fixture, rules)) {
            None => tried.faults.push("the reader panicked on this page".into()),
            Some(Err(error)) => tried.faults.push(error),
            Some(Ok(cleaned)) => {
                let extraction = &cleaned.article.extraction;
                tried.rule.clone_from(&extraction.rule);
                tried.blocks = extraction.blocks_kept;
                tried.words = cleaned.article.word_count;
                tried.faults = faults(&cleaned, &fixture, rules);
            }
        },
    }
    tried.ok = tried.faults.is_empty();
    tried
}

fn read(fixture: &Fixture, rules: &SiteRules) -> Result<Cleaned, String> {
    article::read(&fixture.page, Some("text/html"), &hints(fixture), rules).map_err(|error| error.to_string())
}

fn hints(fixture: &Fixture) -> Hints {
    let url = &fixture.expected.url;
    Hints { requested_url: url.clone(), final_url: url.clone(), fetched: fixture.fetched, ..Hints::default() }
}

/// All that is not as it was written down.
fn faults(cleaned: &Cleaned, fixture: &Fixture, rules: &SiteRules) -> Vec<String> {
    let (article, expected) = (&cleaned.article, &fixture.expected);
    let mut faults = Vec::new();
    match rules.choose(&expected.url, fixture.fetched) {
        None => faults.push(format!("no rule is for {}", expected.url)),
        Some(rule) if article.extraction.flags.iter().any(|flag| flag == MISSED) => {
            faults.push(format!("the rule \"{}\" found nothing on the page, which was read without it", rule.id()));
        }
        Some(_) => {}
    }
    let text = folded(&article.text);
    for words in expected.must.iter().filter(|words| !text.contains(&folded(words))) {
        faults.push(format!("missing: {words:?} {}", whereabouts(cleaned, words)));
    }
    for words in expected.must_not.iter().filter(|words| text.contains(&folded(words))) {
        faults.push(format!("too much: {words:?} {}", whereabouts(cleaned, words)));
    }
    claims(cleaned, expected, &mut faults);
    faults
}

fn claims(cleaned: &Cleaned, expected: &Expected, faults: &mut Vec<String>) {
    let article = &cleaned.article;
    let source =
        |field: &str| article.field_sources.get(field).map(|source| format!(" (from {source})")).unwrap_or_default();
    let mut differs = |field: &str, key: &str, is: &str, should: &str| {
        faults.push(format!("{field}: is {is:?}{}, should be {should:?}", source(key)));
    };
    if let Some(should) = expected.title.as_deref().filter(|should| *should != article.title) {
        differs("title", "title", &article.title, should);
    }
    if let Some(should) = &expected.date {
        let is = article.date_published.as_deref().unwrap_or_default();
        if !is.starts_with(&should.replace('Z', "+00:00")) {
            differs("date", "date_published", is, should);
        }
    }
    if let Some(should) = &expected.authors {
        let is: Vec<&str> = article.authors.iter().map(|author| author.name.as_str()).collect();
        if is != *should {
            differs("authors", "authors", &is.join(", "), &should.join(", "));
        }
    }
}

/// What became of the blocks that hold these words.
fn whereabouts(cleaned: &Cleaned, words: &str) -> String {
    let mut found: Vec<String> = Vec::new();
    for judged in cleaned.ledger.blocks.iter().filter(|judged| holds(judged, words)) {
        let what = match &judged.verdict {
            verdict if verdict.is_body() => format!("kept by {}", verdict.rule()),
            wiredesk_model::block::Verdict::Dropped { rule } => format!("dropped by {rule}"),
            verdict => format!("lifted by {}", verdict.rule()),
        };
        if !found.contains(&what) {
            found.push(what);
        }
    }
    match found.as_slice() {
        [] => "(in no block of the page)".into(),
        found => format!("({})", found.join(", ")),
    }
}

fn shown(tried: &Tried) -> String {
    let name = printable(&tried.name);
    let rule = tried.rule.as_deref().map_or("no rule decided".into(), |rule| format!("rule {}", printable(rule)));
    let (word, tint) = if tried.ok { ("ok    ", AnsiColor::Green) } else { ("FAILED", AnsiColor::Red) };
    let mut out = format!("{}  {name}  ({rule}, {} blocks, {} words)\n", tinted(word, tint), tried.blocks, tried.words);
    for fault in &tried.faults {
        for (at, line) in fault.lines().enumerate() {
            let _ = writeln!(out, "        {}{}", if at == 0 { "" } else { "  " }, printable(line));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const STORY: &str =
        "The bridge at the mill was closed on Friday after the river had risen by two metres, the keeper said.";

    fn desk(fixtures: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("written");
        };
        write("wiredesk.toml", "");
        write(
            "rules.d/mill.toml",
            "[[rules]]\nid = \"mill\"\nhosts = [\"mill.example\"]\nbody = \".tale\"\nstrip = [\".tip\"]\ntitle = \"h2\"\n\
             date = \".when\"\nauthors = \".who\"\nvalid_from = 2026-04-01\n",
        );
        for (name, text) in fixtures {
            write(&format!("rules.d/fixtures/{name}"), text);
        }
        let config = folder.path().join("wiredesk.toml");
        (folder, config)
    }

    fn results(config: &Path) -> Vec<Tried> {
        let rules = written(config).expect("a sound configuration").rules;
        let folder = rules_folder(config).join("fixtures");
        fixture::names(&folder).expect("names").iter().map(|name| tried(&folder, name, &rules)).collect()
    }

    fn page() -> String {
        format!(
            "<h1>The paper</h1><h2>Bridge closed</h2><p class=who>Ada Brook</p><p class=when>3 April 2026</p>\
             <div class=tale><p>{STORY}</p><p class=tip>Share this</p></div><p>Another story of the day.</p>"
        )
    }

    #[test]
    fn a_fixture_that_is_as_it_was_written_down_passes() {
        let toml = "url = \"https://mill.example/a\"\nmust = [\"the  river HAD risen\"]\nmust_not = [\"Share this\", \"Another\"]\n\
                    title = \"Bridge closed\"\ndate = 2026-04-03\nauthors = [\"Ada Brook\"]\nfetched = \"2026-04-05\"\n";
        let (_folder, config) = desk(&[("a.html", &page()), ("a.toml", toml)]);
        let tried = &results(&config)[0];
        assert_eq!((tried.ok, tried.rule.as_deref(), tried.blocks), (true, Some("mill"), 1), "{tried:?}");
        assert_eq!(test(&config, None, Output::Json).expect("tried"), Exit::Ok);
    }

    #[test]
    fn the_example_passes() {
        let config = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/wiredesk.toml"));
        let tried = results(config);
        assert!(!tried.is_empty() && tried.iter().all(|tried| tried.ok), "{tried:#?}");
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_named_with_the_rule_that_did_it() {
        let toml = "url = \"https://mill.example/a\"\nmust = [\"Share this\", \"Absent words\"]\nmust_not = [\"two metres\"]\n\
                    title = \"Other\"\ndate = 2026-05-03\nauthors = []\n";
        let (_folder, config) = desk(&[("a.html", &page()), ("a.toml", toml)]);
        assert_eq!(
            results(&config)[0].faults,
            [
                "missing: \"Share this\" (dropped by site/mill/strip)",
                "missing: \"Absent words\" (in no block of the page)",
                "too much: \"two metres\" (kept by site/mill/body)",
                "title: is \"Bridge closed\" (from rule), should be \"Other\"",
                "date: is \"2026-04-03T00:00:00+00:00\" (from rule), should be \"2026-05-03\"",
                "authors: is \"Ada Brook\" (from rule), should be \"\"",
            ]
        );
        assert_eq!(test(&config, None, Output::Text).expect("tried"), Exit::Failed);
    }

    #[test]
    fn a_fixture_that_no_rule_read_fails_and_one_that_is_incomplete_is_told() {
        let (_folder, config) = desk(&[
            ("changed.html", "<main><p>The layout is another one now.</p></main>"),
            ("changed.toml", "url = \"https://mill.example/a\"\n"),
            ("early.html", &page()),
            ("early.toml", "url = \"https://mill.example/a\"\nfetched = 2026-03-31\n"),
            ("lone.html", ""),
            ("typo.html", ""),
            ("typo.toml", "url = \"https://mill.example/a\"\nmustnt = []\n"),
            ("widow.toml", "url = \"https://mill.example/a\"\n"),
        ]);
        let told: Vec<String> =
            results(&config).into_iter().map(|tried| format!("{}: {}", tried.name, tried.faults.join("; "))).collect();
        for (at, want) in [
            "changed: the rule \"mill\" found nothing on the page, which was read without it",
            "early: no rule is for https://mill.example/a",
            "lone: there is no lone.toml",
            "typo: typo.toml: TOML parse error at line 2, column 1",
            "widow: there is no page widow.html",
        ]
        .into_iter()
        .enumerate()
        {
            assert!(told[at].starts_with(want), "wanted {want:?} in {told:#?}");
        }
    }
}
