//! Faults for people: each with its line, the bad part underlined, and what would be right.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::fault::{Fault, Faults, Severity};
use super::source::Source;

/// The most faults shown to a person; programs get all of them.
const SHOWN: usize = 100;

/// All faults as text, with colour and lines where a terminal shows them.
pub(crate) fn render(faults: &Faults, terminal: bool) -> String {
    let renderer = if terminal { Renderer::styled().decor_style(DecorStyle::Unicode) } else { Renderer::plain() };
    let mut out = String::new();
    for fault in faults.list.iter().take(SHOWN) {
        out.push_str(&renderer.render(&groups(fault, &faults.sources)));
        out.push_str("\n\n");
    }
    if let Some(more) = faults.list.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        out.push_str(&format!("and {more} more\n\n"));
    }
    let count = |severity| faults.list.iter().filter(|fault| fault.severity == severity).count();
    let counted = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let parts = [(count(Severity::Error), "error"), (count(Severity::Warning), "warning")];
    let parts: Vec<String> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| counted(n, what)).collect();
    if !parts.is_empty() {
        out.push_str(&parts.join(", "));
        out.push('\n');
    }
    out
}

fn groups<'a>(fault: &'a Fault, sources: &'a [Source]) -> Vec<Group<'a>> {
    let level = match fault.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(fault.message.as_str());
    let source = &sources[fault.file];
    let mut group = if fault.span == (0..0) {
        // About the file as a whole, or about what does not stand in it.
        title.element(Origin::path(source.path.to_string_lossy().into_owned()))
    } else {
        title.element(snippet(source, fault.span.clone(), AnnotationKind::Primary, None))
    };
    if let Some(related) = &fault.related {
        let label = Some(related.label.as_str());
        group = group.element(snippet(&sources[related.file], related.span.clone(), AnnotationKind::Context, label));
    }
    if let Some(help) = &fault.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
}

/// The lines of the span alone: a file of ten thousand feeds is not laid out anew for each of its faults.
fn snippet<'a>(
    source: &'a Source,
    span: Range<usize>,
    kind: AnnotationKind,
    label: Option<&'a str>,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = source.text.as_str();
    let start = floor(text, span.start);
    let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |end| start + end);
    let end = floor(text, span.end.max(start)).clamp(start, line_end);
    let mut annotation = kind.span(start - line_start..end - line_start);
    if let Some(label) = label {
        annotation = annotation.label(label);
    }
    Snippet::source(&text[line_start..line_end])
        .line_start(text[..line_start].matches('\n').count() + 1)
        .path(source.path.to_string_lossy().into_owned())
        .annotation(annotation)
}

fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
