//! `wiredesk rules`: the rules for single sites, listed, and tried on stored pages.

mod fixture;
pub(crate) mod test;

use std::path::Path;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;
use wiredesk_extract::site::RuleSettings;
use wiredesk_model::link::printable;

use crate::cli::Output;
use crate::exit::{Exit, Failure};
use crate::out;
use crate::views::written;

/// `rules list`
pub(crate) fn list(path: &Path, output: Output) -> Result<Exit, Failure> {
    let rules = written(path)?.config.rules;
    if output == Output::Json {
        rules.iter().for_each(|rule| out::line(out::json(json!(rule))));
        return Ok(Exit::Ok);
    }
    if rules.is_empty() {
        out::line("no rules for sites; they stand in rules.d/*.toml beside the configuration file");
        return Ok(Exit::Ok);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["id", "hosts", "selects", "valid", "about"]);
    for rule in &rules {
        let about = rule.about.as_deref().unwrap_or_default();
        table.add_row([&rule.id, &rule.hosts.join("\n"), &selects(rule), &valid(rule), about].map(lines));
    }
    out::line(table);
    Ok(Exit::Ok)
}

/// Text for a cell: line ends are ours or the author's, other control characters go.
fn lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

fn selects(rule: &RuleSettings) -> String {
    let parts = rule.selectors().filter(|(_, selectors)| !selectors.0.is_empty());
    parts.map(|(key, selectors)| format!("{key}: {}", selectors.0.join(" | "))).collect::<Vec<_>>().join("\n")
}

fn valid(rule: &RuleSettings) -> String {
    match (rule.valid_from, rule.valid_until) {
        (None, None) => "always".into(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("{from} to {until}"),
    }
}
