//! What is wrong with the configuration: where, what, and what would be right.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use serde::Serialize;
use wiredesk_model::link::printable;

use super::mask;
use super::places::Places;
use super::source::Source;

/// Whether the desk can run all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// It cannot.
    Error,
    /// It can.
    Warning,
}

/// Another place that a fault is about.
#[derive(Clone, Debug)]
pub(crate) struct Related {
    /// Its file's place among the sources.
    pub file: usize,
    /// Where in the file, in bytes.
    pub span: Range<usize>,
    /// What is there.
    pub label: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// Whether the desk can run all the same.
    pub severity: Severity,
    /// The file's place among the sources.
    pub file: usize,
    /// Where in the file, in bytes.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What is allowed, or what was probably meant.
    pub help: Option<String>,
    /// The other place, where two contradict each other.
    pub related: Option<Related>,
}

impl Fault {
    /// Something that keeps the desk from running.
    pub(crate) fn error(file: usize, span: Range<usize>, message: impl AsRef<str>) -> Self {
        let message = printable(message.as_ref());
        Self { severity: Severity::Error, file, span, message, help: None, related: None }
    }

    /// Something worth a look.
    pub(crate) fn warning(file: usize, span: Range<usize>, message: impl AsRef<str>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(file, span, message) }
    }

    /// What is allowed, or what was probably meant.
    pub(crate) fn help(mut self, help: impl AsRef<str>) -> Self {
        self.help = Some(printable(help.as_ref()));
        self
    }

    /// The other place.
    pub(crate) fn related(mut self, file: usize, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related = Some(Related { file, span, label: label.into() });
        self
    }
}

/// A fault as programs read it (`--output json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    /// The file.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What is allowed, or what was probably meant.
    pub help: Option<String>,
    /// Whether the desk can run all the same.
    pub severity: Severity,
}

/// All that is wrong, in the order of the files. Holds the files' text for showing, with secrets masked.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    pub(super) sources: Vec<Source>,
    pub(super) list: Vec<Fault>,
    rows: Vec<Row>,
}

impl Faults {
    /// Puts faults in order and masks what must not be shown.
    pub(crate) fn new(sources: Vec<Source>, mut list: Vec<Fault>, hidden: &[(usize, Range<usize>)]) -> Self {
        list.sort_by_key(|fault| (fault.file, fault.span.start, fault.severity));
        // Columns count the characters that the operator sees in the editor, so they are taken before masking.
        let places = Places::of_all(&sources);
        let rows = list
            .iter()
            .map(|fault| {
                let (line, column) = places[fault.file].at(fault.span.start);
                Row {
                    file: sources[fault.file].path.clone(),
                    line,
                    column,
                    message: fault.message.clone(),
                    help: fault.help.clone(),
                    severity: fault.severity,
                }
            })
            .collect();
        drop(places);
        let sources = if list.is_empty() { Vec::new() } else { mask::masked(sources, hidden) };
        Self { sources, list, rows }
    }

    /// Whether the desk cannot run.
    pub(crate) fn any_error(&self) -> bool {
        self.list.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// Whether there is nothing to say.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The faults as programs read them.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::print::render(self, false))
    }
}

impl std::error::Error for Faults {}
