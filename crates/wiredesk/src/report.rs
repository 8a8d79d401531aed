//! Summaries as tables.

use std::fmt::Write;

use wiredesk_pipeline::summary::Summary;

/// The closing lines of `run --once`.
pub(crate) fn summary(summary: &Summary) -> String {
    let mut rows = vec![
        ("feeds", summary.feeds, feeds(summary)),
        ("entries settled", summary.entries, String::new()),
        ("  published", summary.published, String::new()),
        ("  duplicates", summary.duplicates, String::new()),
    ];
    for (name, count) in [("  unchanged", summary.unchanged), ("  reverted", summary.reverted)] {
        if count > 0 {
            rows.push((name, count, String::new()));
        }
    }
    rows.push(("  dropped", summary.dropped.values().sum(), reasons(summary)));
    rows.push(("entries pending", summary.pending, String::new()));
    let mut out = String::new();
    for (name, count, detail) in rows {
        let detail = if detail.is_empty() { String::new() } else { format!("   {detail}") };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name:<16} {count:>8}{detail}");
    }
    let _ = writeln!(out, "{:<16} {:>7.1}s", "time", summary.took.as_secs_f64());
    out
}

fn feeds(summary: &Summary) -> String {
    let Summary { feeds_read, feeds_not_modified, feeds_failed, feeds_held, .. } = summary;
    let held = if *feeds_held > 0 {
        format!(", {feeds_held} not asked (gone, or they asked for a wait)")
    } else {
        String::new()
    };
    format!("{feeds_read} read, {feeds_not_modified} not modified, {feeds_failed} failed{held}")
}

fn reasons(summary: &Summary) -> String {
    let reasons: Vec<_> = summary.dropped.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    reasons.join(", ")
}
