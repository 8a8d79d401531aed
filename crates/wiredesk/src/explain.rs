//! `wiredesk explain`: the ledger of a page: each block, its verdict, and the rule that gave it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anstyle::AnsiColor;
use anyhow::Context;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;
use wiredesk_clean::Cleaned;
use wiredesk_model::block::{Judged, Verdict};
use wiredesk_model::link::printable;

use crate::cli::{FetchArgs, Output};
use crate::exit::{Exit, Failure, OrExit};
use crate::explain_html;
use crate::extract::Reader;
use crate::source;
use crate::views::tinted;

/// The most of a block's text in the table.
const SHOWN: usize = 160;

/// What `explain` is asked for.
pub(crate) struct Question<'a> {
    pub(crate) input: &'a str,
    pub(crate) url: Option<&'a str>,
    pub(crate) html: Option<&'a Path>,
    pub(crate) why: Option<&'a str>,
    pub(crate) output: Output,
}

/// `explain FILE or URL`
pub(crate) async fn explain(question: Question<'_>, fetch: &FetchArgs) -> Result<Exit, Failure> {
    let reader = Reader::new(fetch)?;
    let source = source::read(question.input, question.url, fetch).await?;
    let (cleaned, error) = reader.read(&source);
    if let Some(error) = &error {
        anstream::eprintln!("the desk would not publish this: {}", printable(error));
    }
    let Some(cleaned) = cleaned else { return Ok(Exit::Failed) };
    let wanted: Vec<(usize, &Judged)> = cleaned
        .ledger
        .blocks
        .iter()
        .enumerate()
        .filter(|(_, judged)| question.why.is_none_or(|why| holds(judged, why)))
        .collect();
    if let Some(path) = question.html {
        std::fs::write(path, explain_html::page(&cleaned, error.as_deref(), question.why))
            .with_context(|| format!("{} cannot be written", path.display()))
            .or_exit(Exit::Io)?;
        anstream::eprintln!("written to {}", path.display());
    }
    if let Some(why) = question.why.filter(|_| wanted.is_empty()) {
        anstream::eprintln!("{}", nowhere(&source.bytes, source.content_type.as_deref(), why));
    }
    let mut out = anstream::stdout().lock();
    let written = match question.output {
        Output::Json => wanted.iter().try_for_each(|(_, judged)| writeln!(out, "{}", crate::out::json(json!(judged)))),
        Output::Text if question.html.is_some() => Ok(()),
        Output::Text if question.why.is_some() => wanted.iter().try_for_each(|found| write!(out, "{}", answer(*found))),
        Output::Text => write!(out, "{}", table(&cleaned)),
    };
    written.or_exit(Exit::Io)?;
    Ok(if wanted.is_empty() && question.why.is_some() { Exit::Failed } else { Exit::Ok })
}

/// Text for finding words in: in small letters, each gap one space.
pub(crate) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether a block holds these words.
pub(crate) fn holds(judged: &Judged, words: &str) -> bool {
    folded(&judged.block.text).contains(&folded(words))
}

/// Words that no block holds: they may still be somewhere in the page.
fn nowhere(bytes: &[u8], content_type: Option<&str>, words: &str) -> String {
    let source = wiredesk_decode::page(bytes, content_type);
    let words = printable(words);
    if folded(&source.text).contains(&folded(&words)) {
        format!(
            "no block holds \"{words}\", though the page's source does: in a script, an attribute, or what no reader sees"
        )
    } else {
        format!("no block holds \"{words}\" as one piece, nor does the page's source")
    }
}

/// A verdict as a word, with its colour.
pub(crate) fn verdict(verdict: &Verdict) -> (String, AnsiColor) {
    match verdict {
        Verdict::Body { .. } => ("body".into(), AnsiColor::Green),
        Verdict::Notice { notice, .. } => {
            (format!("notice: {}", json!(notice).as_str().unwrap_or_default()), AnsiColor::Yellow)
        }
        Verdict::Field { field, .. } => (format!("field: {field}"), AnsiColor::Cyan),
        Verdict::Dropped { .. } => ("dropped".into(), AnsiColor::Red),
    }
}

/// What is known of a block, each a line: what the verdict rests on, the most telling first.
pub(crate) fn evidence(judged: &Judged) -> Vec<String> {
    let evidence = &judged.evidence;
    let mut lines: Vec<String> = evidence.reasons.iter().map(|reason| format!("because {reason}")).collect();
    lines.push(format!("score {:.2} · links {:.0} %", evidence.score, evidence.link_density * 100.0));
    lines.push(format!("in {}", if evidence.path.is_empty() { "the page's own text" } else { &evidence.path }));
    lines
}

/// What a block is, in a word or two.
pub(crate) fn kind(judged: &Judged) -> String {
    let kind = json!(judged.block.kind).as_str().unwrap_or_default().replace('_', " ");
    match judged.block.level {
        Some(level) => format!("{kind} {level}"),
        None => kind,
    }
}

/// How many blocks and words each verdict has, in the order of verdicts.
pub(crate) fn counts(blocks: &[Judged]) -> [(&'static str, usize, u32); 4] {
    let mut counts = [("body", 0, 0), ("notice", 0, 0), ("field", 0, 0), ("dropped", 0, 0)];
    for judged in blocks {
        let place = match judged.verdict {
            Verdict::Body { .. } => 0,
            Verdict::Notice { .. } => 1,
            Verdict::Field { .. } => 2,
            Verdict::Dropped { .. } => 3,
        };
        counts[place].1 += 1;
        counts[place].2 += wiredesk_clean::word_count(&judged.block.text);
    }
    counts
}

/// How the page was read, in one line.
pub(crate) fn manner(cleaned: &Cleaned) -> String {
    let extraction = &cleaned.article.extraction;
    let mut parts =
        vec![format!("{} page, read as {}", cleaned.ledger.page.as_str().replace('_', " "), extraction.method)];
    parts.extend(extraction.rule.as_ref().map(|rule| format!("by the rule \"{rule}\"")));
    parts.push(format!("score {:.2}", extraction.score));
    let completeness = json!(cleaned.article.completeness);
    parts.push(completeness.as_str().unwrap_or_default().replace('_', " "));
    if !extraction.flags.is_empty() {
        parts.push(format!("flags: {}", extraction.flags.join(", ")));
    }
    parts.join(" · ")
}

fn table(cleaned: &Cleaned) -> String {
    let blocks = &cleaned.ledger.blocks;
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["verdict", "rule", "type", "score", "links", "text"]);
    for judged in blocks {
        let (name, tint) = verdict(&judged.verdict);
        let mut text: String = printable(&judged.block.text).chars().take(SHOWN).collect();
        if text.len() < judged.block.text.len() {
            text.push('…');
        }
        table.add_row([
            tinted(&name, tint),
            printable(judged.verdict.rule()),
            kind(judged),
            format!("{:.2}", judged.evidence.score),
            format!("{:.0}%", judged.evidence.link_density * 100.0),
            text,
        ]);
    }
    let counted = counts(blocks).map(|(name, blocks, words)| format!("{name} {blocks} ({words} words)"));
    format!(
        "{}\n{}\n\n{table}\n\n{} blocks: {}\n{}",
        printable(&cleaned.article.title),
        printable(&manner(cleaned)),
        blocks.len(),
        counted.join(", "),
        rules(blocks)
    )
}

/// The rules that left something out, those that took the most words first.
fn rules(blocks: &[Judged]) -> String {
    let mut out = String::new();
    for (rule, (count, words)) in by_rule(blocks).into_iter().take(8) {
        let _ = writeln!(out, "  {:<28} {count:>4} blocks {words:>6} words", printable(&rule));
    }
    if out.is_empty() { out } else { format!("left out most:\n{out}") }
}

/// Blocks and words that each rule left out, those with the most words first.
pub(crate) fn by_rule(blocks: &[Judged]) -> Vec<(String, (usize, u32))> {
    let mut sums: BTreeMap<&str, (usize, u32)> = BTreeMap::new();
    for judged in blocks.iter().filter(|judged| !judged.verdict.is_body()) {
        let sum = sums.entry(judged.verdict.rule()).or_default();
        sum.0 += 1;
        sum.1 += wiredesk_clean::word_count(&judged.block.text);
    }
    let mut sums: Vec<_> = sums.into_iter().map(|(rule, sum)| (rule.to_owned(), sum)).collect();
    sums.sort_by_key(|(_, (blocks, words))| (std::cmp::Reverse(*words), std::cmp::Reverse(*blocks)));
    sums
}

/// A block in full: why it is where it is.
fn answer((at, judged): (usize, &Judged)) -> String {
    let (name, tint) = verdict(&judged.verdict);
    let mut out = format!(
        "block {}, {}: {} by {}\n",
        at + 1,
        kind(judged),
        tinted(&name, tint),
        printable(judged.verdict.rule())
    );
    for line in evidence(judged) {
        let _ = writeln!(out, "  {}", printable(&line));
    }
    for line in judged.block.text.lines() {
        let _ = writeln!(out, "  | {}", printable(line));
    }
    out.push('\n');
    out
}
